// DetectingSource: a BatchSource that first finds out what the brokers speak, and from then on is the source for that.
//
//   probe the next broker ─┬─ Kafka 0.10 or newer, or one broker of 0.6 or 0.7 ──▶ found: for good
//        ▲                 └─ nobody there, something else, one of several old ones ──▶ told once, and later the next
//        └───────────────────────────────────────────────────────────────────────────────────┘
//
// While nothing is found no topic is, so no partition can be attached. Pure: no socket, no clock, no thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/retry_delay.h"
#include "kafka06/line_probe.h"
#include "ports/batch_source.h"

namespace ductus::operate {

class DetectingSource final : public ports::BatchSource {
 public:
  /// Makes the source for what was found: kModern, k06 or k07.
  using Make = std::function<std::unique_ptr<ports::BatchSource>(const kafka06::ProbeOutcome& found)>;

  /// `brokers`: where to ask, at least one. `seed`: of the jitter.
  DetectingSource(std::vector<kafka06::Endpoint> brokers, std::uint64_t seed, Make make);

  const ports::AnswerCutter& cutter() const override { return cutter_; }

  void attach_topic(const std::string& topic, std::int32_t named_partitions, base::Time now,
                    ports::SourceEffects& out) override;
  void detach_topic(const std::string& topic, base::Time now, ports::SourceEffects& out) override;
  void attach(ports::ChildRef child, const ports::TopicPartition& partition, base::Time now,
              ports::SourceEffects& out) override;
  void detach(ports::ChildRef child, base::Time now, ports::SourceEffects& out) override;
  void want(ports::ChildRef child, const ports::Position& from, base::Time now, ports::SourceEffects& out) override;
  void look_up(ports::ChildRef child, ports::OffsetQuery query, base::Time now, ports::SourceEffects& out) override;
  void released(const base::ByteBudget::Charge& charge, base::Time now, ports::SourceEffects& out) override;
  void reconnect(base::Time now, ports::SourceEffects& out) override;
  bool waits_for_budget() const override { return found_ != nullptr && found_->waits_for_budget(); }
  void flush(base::Time now, ports::SourceEffects& out) override;

  void opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out) override;
  void answered(ports::ConnectionId connection, const ports::RequestTag& tag, std::unique_ptr<ports::Answer> answer,
                base::Time now, ports::SourceEffects& out) override;
  void lost(ports::ConnectionId connection, const Error& why, base::Time now, ports::SourceEffects& out) override;

  void tick(base::Time now, ports::SourceEffects& out) override;
  base::Time next_tick() const override;

 private:
  /// To the probe an answer is the frame as it came; afterwards the found source's cutter has its say.
  class Cutter final : public ports::AnswerCutter {
   public:
    Result<std::unique_ptr<ports::Answer>> cut(const ports::RequestTag& tag, base::Buffer frame) const override;
    void become(const ports::AnswerCutter& found) { found_.store(&found, std::memory_order_release); }

   private:
    std::atomic<const ports::AnswerCutter*> found_ = nullptr;
  };

  bool may_probe(base::Time now) const { return !probe_ && !topics_.empty() && retry_at_ <= now; }
  void probe_next(base::Time now, ports::SourceEffects& out);
  void conclude(base::Time now, ports::SourceEffects& out);
  void become(const kafka06::ProbeOutcome& outcome, base::Time now, ports::SourceEffects& out);
  void tell(const Error& why, ports::SourceEffects& out);

  const std::vector<kafka06::Endpoint> brokers_;
  const Make make_;
  base::Jitter jitter_;
  base::RetryDelay retry_delay_;
  Cutter cutter_;
  std::map<std::string, std::int32_t> topics_;  ///< and how many partitions of each the configuration names
  std::map<std::string, std::string> told_;     ///< of each broker: why it is not the one
  std::optional<Error> refused_;                ///< one of several old brokers was found
  std::optional<kafka06::LineProbe> probe_;
  ports::ConnectionId last_connection_;
  std::size_t next_broker_ = 0;
  base::Time retry_at_ = base::Time::min();
  std::unique_ptr<ports::BatchSource> found_;
};

}  // namespace ductus::operate
