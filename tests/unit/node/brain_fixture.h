// A Brain driven by hand: source, store and workers are the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/brain/brain.h"
#include "support/scripted_source.h"

namespace ductus::node {

/// A brain with one topic.
class BrainTest : public ::testing::Test {
 protected:
  using Kind = Work::Kind;

  BrainTest() {
    config_.name = config_.handler_name = "test";
    config_.topics = {{"events", Value("init"), {}}};
    config_.brokers = {{"localhost", 9092}};
  }

  void start(const BrainSettings& settings = {}) {
    brain_.emplace(config_, source_, settings);
    brain_->start(clock_.now(), effects_);
  }
  void say(ports::SourceEffect effect) {
    source_.say(std::move(effect));
    brain_->tick(clock_.now(), effects_);
  }
  void topic_has(std::int32_t partitions) { say(ports::TopicFound{"events", {}, partitions}); }
  void log_ends_at(std::uint32_t child, std::int64_t end) { say(ports::LogBounds{at(child), 0, end, end}); }
  ports::ChildRef at(std::uint32_t child) const { return {child, generation_.at(child)}; }

  template <class T>
  std::optional<T> take() {
    for (auto effect = effects_.begin(); effect != effects_.end(); ++effect) {
      if (T* found = std::get_if<T>(&*effect)) {
        T taken = std::move(*found);
        effects_.erase(effect);
        return taken;
      }
    }
    return std::nullopt;
  }

  void load(std::vector<std::optional<std::int64_t>> offsets) {
    auto asked = take<LoadPositions>();
    ASSERT_TRUE(asked);
    std::vector<std::optional<ports::Position>> positions;
    for (std::size_t i = 0; i < asked->children.size(); ++i) {
      generation_[asked->children[i].child] = asked->children[i].generation;
      positions.push_back(offsets[i] ? std::optional(ports::Position{*offsets[i], 1, {}}) : std::nullopt);
    }
    brain_->loaded(*asked, std::move(positions), clock_.now(), effects_);
  }
  Work next_work(Kind kind) {
    std::optional<Work> work = brain_->take_work(clock_.now());
    EXPECT_TRUE(work);
    EXPECT_EQ(work->kind, kind);
    return std::move(*work);
  }
  void done(Work work, Result<void> outcome = {}, ports::Handled handled = {}) {
    brain_->done({.kind = work.kind,
                  .child = work.child,
                  .outcome = std::move(outcome),
                  .handled = std::move(handled),
                  .set = std::move(work.set),
                  .round = work.round},
                 clock_.now(), effects_);
  }
  /// One partition, its handler made, at `next_offset`.
  void begin(std::int64_t next_offset, const BrainSettings& settings = {}) {
    start(settings);
    topic_has(1);
    bring_up({next_offset});
  }
  /// Positions are loaded and handlers made for all partitions that ask.
  void bring_up(std::vector<std::optional<std::int64_t>> offsets) {
    load(std::move(offsets));
    while (brain_->ready_work() > 0) done(next_work(Kind::kStartHandler));
  }
  void deliver(std::uint32_t child, std::int64_t from, std::int64_t to) {
    ports::FetchedSet set;
    set.asked_offset = from;
    set.next_offset = to;
    set.charge.bytes = 100;
    say(ports::Deliver{at(child), std::move(set)});
  }
  void accept(std::int64_t next_offset) {
    ports::Handled ok;
    ok.position = {next_offset, 1, {}};
    ok.last = true;
    done(next_work(Kind::kHandle), {}, ok);
  }
  void refuse_batch(std::uint32_t child, ports::Handled::Kind how = ports::Handled::Kind::kFail) {
    ports::Handled failed;
    failed.kind = how;
    failed.error = {ErrorCode::kCallback, "poison"};
    Work work = next_work(Kind::kHandle);
    EXPECT_EQ(work.child.child, child);
    done(std::move(work), {}, failed);
  }
  /// With nothing to be stored first.
  void fail(std::uint32_t child, ports::Handled::Kind how = ports::Handled::Kind::kFail) {
    refuse_batch(child, how);
    done(next_work(Kind::kStopHandler));
  }
  void sync() { done(next_work(Kind::kSync), Error{ErrorCode::kNotNeeded, ""}); }
  void store(const Result<void>& outcome = {}) {
    auto round = take<StoreRound>();
    ASSERT_TRUE(round);
    stored_ = round->positions;
    brain_->stored(std::move(*round), outcome, clock_.now(), effects_);
  }
  void wait(base::Duration time) {
    clock_.advance(time);
    brain_->tick(clock_.now(), effects_);
  }
  std::string node_state() { return brain_->status(clock_.now()).state; }
  std::string state(std::size_t partition = 0) { return brain_->status(clock_.now()).partitions.at(partition).state; }
  std::string reason(std::size_t partition = 0) { return brain_->status(clock_.now()).partitions.at(partition).reason; }
  bool logged(std::string_view words) const {
    return std::ranges::any_of(effects_, [&](const Effect& effect) {
      const auto* line = std::get_if<LogLine>(&effect);
      return line != nullptr && line->text.find(words) != std::string::npos;
    });
  }

  base::ManualClock clock_;
  config::NodeConfig config_;
  support::ScriptedSource source_;
  std::optional<Brain> brain_;
  Effects effects_;
  std::map<std::uint32_t, std::uint32_t> generation_;
  std::vector<ports::StoredPosition> stored_;
};

}  // namespace ductus::node
