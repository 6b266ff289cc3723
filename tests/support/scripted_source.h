// ScriptedSource: a BatchSource that does nothing by itself: it keeps what it was asked, and says what a test tells it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/batch_source.h"

namespace ductus::support {

class ScriptedSource : public ports::BatchSource {
 public:
  struct Want {
    ports::ChildRef child;
    ports::Position from;
  };
  struct Question {
    ports::ChildRef child;
    ports::OffsetQuery query;
  };

  // What it was asked, newest last.
  std::vector<std::string> topics;
  std::map<std::string, std::int32_t> named;  ///< how many partitions the configuration names of each topic
  std::vector<ports::ChildRef> attached;
  std::vector<ports::ChildRef> detached;
  std::vector<Want> wants;
  std::vector<Question> questions;
  std::size_t released_bytes = 0;
  int reconnects = 0;
  /// What waits_for_budget() says.
  bool budget_is_used_up = false;

  /// Comes out with the next tick(), which is due at once.
  void say(ports::SourceEffect effect) { script_.push_back(std::move(effect)); }

  const ports::AnswerCutter& cutter() const override { std::abort(); }
  void attach_topic(const std::string& topic, std::int32_t named_partitions, base::Time,
                    ports::SourceEffects&) override {
    topics.push_back(topic);
    named[topic] = named_partitions;
  }
  void detach_topic(const std::string& topic, base::Time, ports::SourceEffects&) override { std::erase(topics, topic); }
  void attach(ports::ChildRef child, const ports::TopicPartition&, base::Time, ports::SourceEffects&) override {
    attached.push_back(child);
  }
  void detach(ports::ChildRef child, base::Time, ports::SourceEffects&) override { detached.push_back(child); }
  void want(ports::ChildRef child, const ports::Position& from, base::Time, ports::SourceEffects&) override {
    wants.push_back({child, from});
  }
  void look_up(ports::ChildRef child, ports::OffsetQuery query, base::Time, ports::SourceEffects&) override {
    questions.push_back({child, query});
  }
  void released(const base::ByteBudget::Charge& charge, base::Time, ports::SourceEffects&) override {
    released_bytes += charge.bytes;
  }
  void reconnect(base::Time, ports::SourceEffects&) override { ++reconnects; }
  bool waits_for_budget() const override { return budget_is_used_up; }
  void flush(base::Time, ports::SourceEffects&) override {}
  void opened(ports::ConnectionId, base::Time, ports::SourceEffects&) override {}
  void answered(ports::ConnectionId, const ports::RequestTag&, std::unique_ptr<ports::Answer>, base::Time,
                ports::SourceEffects&) override {}
  void lost(ports::ConnectionId, const Error&, base::Time, ports::SourceEffects&) override {}
  void tick(base::Time, ports::SourceEffects& out) override {
    for (ports::SourceEffect& effect : script_) out.push_back(std::move(effect));
    script_.clear();
  }
  base::Time next_tick() const override { return script_.empty() ? base::Time::max() : base::Time::min(); }

 private:
  ports::SourceEffects script_;
};

}  // namespace ductus::support
