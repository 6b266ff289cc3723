#include "operate/log_bounds.h"

#include <set>
#include <utility>

#include "operate/source/source_sockets.h"

namespace ductus::operate {
namespace {

class Look {
 public:
  Look(ports::BatchSource& source, const std::vector<std::string>& topics, const base::Clock& clock,
       base::Time deadline, std::optional<std::int64_t> time_ms, const Reads& reads,
       const NamedPartitions& named_partitions)
      : source_(source),
        clock_(clock),
        time_ms_(time_ms),
        reads_(reads),
        named_partitions_(named_partitions),
        sockets_(source, clock, deadline),
        unanswered_(topics.begin(), topics.end()) {}

  LogLook run(base::Time deadline) {
    // Asked while it shrinks, were an answer ever to come at once.
    const auto topics = unanswered_;
    for (const std::string& topic : topics) {
      source_.attach_topic(topic, named_partitions_ ? named_partitions_(topic) : 1, clock_.now(), effects_);
    }
    sockets_.settle(effects_, *this);
    while (clock_.now() < deadline && !sockets_.is_hopeless() && (!unanswered_.empty() || !unknown_.empty())) {
      sockets_.run_once(effects_);
      sockets_.settle(effects_, *this);
    }
    for (const std::string& topic : unanswered_) {
      look_.missing_topics.try_emplace(topic, Error{ErrorCode::kTimedOut, "the cluster has not answered"});
    }
    return std::move(look_);
  }

 private:
  friend SourceSockets;  // it tells what the source says

  void on(const ports::TopicFound& found) {
    look_.missing_topics.erase(found.topic);
    unanswered_.erase(found.topic);
    look_.topics[found.topic] = {found.topic_id, found.partition_count};
    for (std::int32_t i = 0; i < found.partition_count && partitions_.size() < kMaxPartitions; ++i) {
      const ports::TopicPartition partition{found.topic, i, found.unit};
      if (reads_ && !reads_(partition)) continue;
      const auto [place, added] = look_.partitions.try_emplace(partition);
      if (!added) continue;
      const auto child = static_cast<std::uint32_t>(partitions_.size());
      partitions_.push_back(place);
      unknown_.insert(child);
      source_.attach({child, 0}, place->first, clock_.now(), effects_);
      if (time_ms_) source_.look_up({child, 0}, {ports::OffsetQuery::kAtTime, *time_ms_}, clock_.now(), effects_);
    }
  }

  void on(const ports::TopicMissing& missing) {
    look_.missing_topics.insert_or_assign(missing.topic, missing.error);
    // A topic whose leaders are being elected is there in a moment.
    if (missing.error.code != ErrorCode::kUnreachable) unanswered_.erase(missing.topic);
  }

  void on(const ports::LogBounds& bounds) {
    if (bounds.child.child >= partitions_.size()) return;
    PartitionBounds& known = partitions_[bounds.child.child]->second;
    learn(known.log_start_offset, bounds.log_start_offset);
    learn(known.high_watermark, bounds.high_watermark);
    learn(known.readable_end, bounds.readable_end);
    if (known.log_start_offset && known.readable_end && !time_ms_) unknown_.erase(bounds.child.child);
  }

  // Comes after the bounds.
  void on(const ports::OffsetFound& found) {
    if (found.child.child >= partitions_.size()) return;
    partitions_[found.child.child]->second.at_time = found.offset;
    unknown_.erase(found.child.child);
  }

  void on(const ports::Trouble& trouble) {
    if (trouble.child.child >= partitions_.size()) return;
    partitions_[trouble.child.child]->second.trouble = trouble.error.message;
    if (trouble.kind == ports::Trouble::Kind::kFinal) unknown_.erase(trouble.child.child);
  }

  void on(const ports::Healed& healed) {
    if (healed.child.child < partitions_.size()) partitions_[healed.child.child]->second.trouble.clear();
  }

  void on(const ports::ProtocolFound& found) { look_.protocol = found; }

  void on(const ports::SourceState& state) { look_.trouble = state.reachable ? std::string() : state.detail; }

  // Each partition that waits for the broker says so itself.
  void on(const ports::BrokerAway&) {}

  // Nothing that leads to it was asked for.
  void on(const ports::Deliver&) {}

  static void learn(std::optional<std::int64_t>& known, std::int64_t offset) {
    if (offset >= 0) known = offset;
  }

  ports::BatchSource& source_;
  const base::Clock& clock_;
  const std::optional<std::int64_t> time_ms_;
  const Reads& reads_;
  const NamedPartitions& named_partitions_;
  SourceSockets sockets_;
  ports::SourceEffects effects_;
  LogLook look_;
  std::vector<decltype(LogLook::partitions)::iterator> partitions_;  // by child number
  std::set<std::string> unanswered_;
  std::set<std::uint32_t> unknown_;
};

}  // namespace

LogLook look_at_log(ports::BatchSource& source, const std::vector<std::string>& topics, const base::Clock& clock,
                    std::chrono::milliseconds timeout, std::optional<std::int64_t> time_ms, const Reads& reads,
                    const NamedPartitions& named_partitions) {
  const base::Time deadline = clock.now() + timeout;
  return Look(source, topics, clock, deadline, time_ms, reads, named_partitions).run(deadline);
}

}  // namespace ductus::operate
