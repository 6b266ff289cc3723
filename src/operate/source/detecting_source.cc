#include "operate/source/detecting_source.h"

#include <chrono>
#include <utility>

#include "base/assert.h"

namespace ductus::operate {
namespace {

using Found = kafka06::ProbeOutcome::Found;

// Numbers of connections are never used twice: the source that is found counts from 1.
constexpr ports::ConnectionId kProbeConnections = ports::ConnectionId{1} << 63;

constexpr base::Duration kRetryMin = std::chrono::milliseconds(50);
constexpr base::Duration kRetryMax = std::chrono::seconds(1);

bool is_of_probe(ports::ConnectionId connection) { return connection >= kProbeConnections; }

struct WholeFrame final : ports::Answer {
  explicit WholeFrame(base::Buffer the_bytes) : bytes(std::move(the_bytes)) {}
  base::Buffer bytes;
};

}  // namespace

Result<std::unique_ptr<ports::Answer>> DetectingSource::Cutter::cut(const ports::RequestTag& tag,
                                                                    base::Buffer frame) const {
  if (const auto* found = found_.load(std::memory_order_acquire)) return found->cut(tag, std::move(frame));
  return std::unique_ptr<ports::Answer>(std::make_unique<WholeFrame>(std::move(frame)));
}

DetectingSource::DetectingSource(std::vector<kafka06::Endpoint> brokers, std::uint64_t seed, Make make)
    : brokers_(std::move(brokers)),
      make_(std::move(make)),
      jitter_(seed),
      retry_delay_(kRetryMin, kRetryMax),
      last_connection_(kProbeConnections) {
  DUCTUS_ASSERT(!brokers_.empty());
}

// ---- what is found -----------------------------------------------------------------------------------------

void DetectingSource::probe_next(base::Time now, ports::SourceEffects& out) {
  probe_.emplace(brokers_[next_broker_], last_connection_);
  next_broker_ = (next_broker_ + 1) % brokers_.size();
  probe_->start(now, out);
}

void DetectingSource::conclude(base::Time now, ports::SourceEffects& out) {
  if (!probe_ || !probe_->outcome()) return;
  const kafka06::ProbeOutcome outcome = *probe_->outcome();
  last_connection_ = probe_->last_connection();
  probe_.reset();
  const bool is_old = outcome.found == Found::k06 || outcome.found == Found::k07;
  if (outcome.found == Found::kModern || (is_old && brokers_.size() == 1)) return become(outcome, now, out);

  retry_at_ = now + retry_delay_.next(jitter_);
  if (!is_old) return tell({outcome.code, outcome.because}, out);
  const Error why{ErrorCode::kInvalid,
                  outcome.because + "; but source.brokers names " + std::to_string(brokers_.size()) +
                      ": a node reads one broker of Kafka 0.6 or 0.7, as each has partitions and offsets of its own; "
                      "write a configuration for each"};
  tell(why, out);
  if (refused_) return;
  refused_ = why;
  for (const auto& [topic, named_partitions] : topics_) out.emplace_back(ports::TopicMissing{topic, why});
}

void DetectingSource::become(const kafka06::ProbeOutcome& outcome, base::Time now, ports::SourceEffects& out) {
  found_ = make_(outcome);
  cutter_.become(found_->cutter());
  for (const auto& [topic, named_partitions] : std::exchange(topics_, {})) {
    found_->attach_topic(topic, named_partitions, now, out);
  }
  found_->flush(now, out);
}

// Of each broker only what is news.
void DetectingSource::tell(const Error& why, ports::SourceEffects& out) {
  const std::size_t asked = (next_broker_ + brokers_.size() - 1) % brokers_.size();
  const std::string where = to_string(brokers_[asked]);
  if (std::exchange(told_[where], why.message) == why.message) return;
  out.emplace_back(ports::BrokerAway{where, why});
  out.emplace_back(ports::SourceState{false, why.message});
}

// ---- commands ----------------------------------------------------------------------------------------------

void DetectingSource::attach_topic(const std::string& topic, std::int32_t named_partitions, base::Time now,
                                   ports::SourceEffects& out) {
  if (found_) return found_->attach_topic(topic, named_partitions, now, out);
  topics_[topic] = named_partitions;
  if (refused_) out.emplace_back(ports::TopicMissing{topic, *refused_});
}

void DetectingSource::detach_topic(const std::string& topic, base::Time now, ports::SourceEffects& out) {
  if (found_) return found_->detach_topic(topic, now, out);
  topics_.erase(topic);
}

void DetectingSource::attach(ports::ChildRef child, const ports::TopicPartition& partition, base::Time now,
                             ports::SourceEffects& out) {
  DUCTUS_ASSERT(found_ != nullptr);
  found_->attach(child, partition, now, out);
}

void DetectingSource::detach(ports::ChildRef child, base::Time now, ports::SourceEffects& out) {
  if (found_) found_->detach(child, now, out);
}

void DetectingSource::want(ports::ChildRef child, const ports::Position& from, base::Time now,
                           ports::SourceEffects& out) {
  DUCTUS_ASSERT(found_ != nullptr);
  found_->want(child, from, now, out);
}

void DetectingSource::look_up(ports::ChildRef child, ports::OffsetQuery query, base::Time now,
                              ports::SourceEffects& out) {
  DUCTUS_ASSERT(found_ != nullptr);
  found_->look_up(child, query, now, out);
}

void DetectingSource::released(const base::ByteBudget::Charge& charge, base::Time now, ports::SourceEffects& out) {
  DUCTUS_ASSERT(found_ != nullptr);
  found_->released(charge, now, out);
}

void DetectingSource::reconnect(base::Time now, ports::SourceEffects& out) {
  if (found_) return found_->reconnect(now, out);
  retry_at_ = std::min(retry_at_, now);
}

void DetectingSource::flush(base::Time now, ports::SourceEffects& out) {
  if (found_) return found_->flush(now, out);
  if (may_probe(now)) probe_next(now, out);
}

// ---- events ------------------------------------------------------------------------------------------------

void DetectingSource::opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out) {
  if (!is_of_probe(connection)) return found_->opened(connection, now, out);
  if (probe_) probe_->opened(connection, now, out);
}

void DetectingSource::answered(ports::ConnectionId connection, const ports::RequestTag& tag,
                               std::unique_ptr<ports::Answer> answer, base::Time now, ports::SourceEffects& out) {
  if (!is_of_probe(connection)) return found_->answered(connection, tag, std::move(answer), now, out);
  if (!probe_) return;
  probe_->answered(connection, static_cast<const WholeFrame&>(*answer).bytes.view(), now, out);
  conclude(now, out);
}

void DetectingSource::lost(ports::ConnectionId connection, const Error& why, base::Time now,
                           ports::SourceEffects& out) {
  if (!is_of_probe(connection)) return found_->lost(connection, why, now, out);
  if (!probe_) return;
  probe_->lost(connection, why, now, out);
  conclude(now, out);
}

void DetectingSource::tick(base::Time now, ports::SourceEffects& out) {
  if (found_) return found_->tick(now, out);
  if (probe_) {
    probe_->tick(now, out);
    conclude(now, out);
  }
  if (may_probe(now)) probe_next(now, out);
}

base::Time DetectingSource::next_tick() const {
  if (found_) return found_->next_tick();
  if (probe_) return probe_->next_tick();
  return topics_.empty() ? base::Time::max() : retry_at_;
}

}  // namespace ductus::operate
