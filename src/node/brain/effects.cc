// What source and adapters want done, carried out: the half of the brain that passes effects on.
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "node/brain/brain.h"

namespace ductus::node {

void Brain::run_source(base::Time now, Effects& out) {
  while (!source_out_.empty()) {
    ports::SourceEffects effects = std::exchange(source_out_, {});
    for (ports::SourceEffect& effect : effects) on_source(effect, now, out);
  }
}

void Brain::on_source(ports::SourceEffect& effect, base::Time now, Effects& out) {
  std::visit(
      [&](auto& it) {
        using T = std::decay_t<decltype(it)>;
        if constexpr (std::is_same_v<T, ports::OpenConnection> || std::is_same_v<T, ports::CloseConnection> ||
                      std::is_same_v<T, ports::Send>) {
          out.emplace_back(std::move(it));
        } else if constexpr (std::is_same_v<T, ports::Deliver>) {
          fetched_bytes_ += it.set.records.size();
          Partition* partition = find(it.child);
          if (partition == nullptr) return source_.released(it.set.charge, now, source_out_);
          partition->trouble.reset();
          partition->heard = true;
          pipeline::AdapterEffects effects;
          partition->adapter.delivered(std::move(it.set), effects);
          note_waiting(now);
          run_adapter(*partition, std::move(effects), now, out);
        } else if constexpr (std::is_same_v<T, ports::Trouble>) {
          on_trouble(it, now, out);
        } else if constexpr (std::is_same_v<T, ports::Healed>) {
          Partition* partition = find(it.child);
          if (partition == nullptr) return;
          partition->trouble.reset();
          note_due(*partition, now);
        } else if constexpr (std::is_same_v<T, ports::OffsetFound>) {
          Partition* partition = find(it.child);
          if (partition == nullptr) return;
          partition->until_end = partition->readable_end;  // of the log as it is now: the one before may be gone
          pipeline::AdapterEffects effects;
          partition->adapter.found(it, effects);
          run_adapter(*partition, std::move(effects), now, out);
        } else if constexpr (std::is_same_v<T, ports::LogBounds>) {
          on_bounds(it, now);
        } else if constexpr (std::is_same_v<T, ports::TopicFound>) {
          on_topic(it);
        } else if constexpr (std::is_same_v<T, ports::TopicMissing>) {
          topics_.at(it.topic).trouble = it.error.message;
          log(LogLevel::kWarn, it.error.message, out, "missing: " + it.topic);
        } else if constexpr (std::is_same_v<T, ports::ProtocolFound>) {
          log(LogLevel::kInfo, "source: protocol " + it.protocol + ": " + it.why, out);
          protocol_ = std::move(it);
        } else if constexpr (std::is_same_v<T, ports::SourceState>) {
          source_detail_ = it.detail;
          source_away_ = !it.reachable;
          log(it.reachable ? LogLevel::kInfo : LogLevel::kWarn,
              it.reachable ? "source: " + it.detail : "source: no broker can be reached: " + it.detail, out, "source");
        } else {
          static_assert(std::is_same_v<T, ports::BrokerAway>);
          const std::string what = "broker " + it.broker + " is away: " + it.error.message;
          log(LogLevel::kWarn, "source: " + what, out, "away: " + it.broker);
          supervisor_.on_failure(what, now, supervise_out_);
        }
      },
      effect);
}

void Brain::on_trouble(const ports::Trouble& trouble, base::Time now, Effects& out) {
  Partition* partition = find(trouble.child);
  if (partition == nullptr) return;
  if (trouble.kind == ports::Trouble::Kind::kRetrying) {
    partition->trouble = trouble.error;
    return note_due(*partition, now);
  }
  pipeline::AdapterEffects effects;
  partition->adapter.source_ended(trouble, effects);
  run_adapter(*partition, std::move(effects), now, out);
}

void Brain::on_bounds(const ports::LogBounds& bounds, base::Time now) {
  Partition* partition = find(bounds.child);
  if (partition == nullptr) return;
  const bool was_behind = partition->lag().value_or(0) > 0;
  partition->heard = true;
  if (bounds.log_start_offset >= 0) partition->log_start_offset = bounds.log_start_offset;
  if (bounds.high_watermark >= 0) partition->high_watermark = bounds.high_watermark;
  if (bounds.readable_end >= 0) {
    partition->readable_end = bounds.readable_end;
    partition->history.heard_end(bounds.readable_end, now);
    if (!partition->until_end) partition->until_end = bounds.readable_end;
  }
  if (!was_behind) partition->progress_at = now;  // of what has just come, nothing is late yet
  note_due(*partition, now);
}

void Brain::on_topic(const ports::TopicFound& found) {
  if (draining_) return;
  Topic& topic = topics_.at(found.topic);
  if (!topic.read) return;
  // Where offsets count bytes, the count of partitions is the configuration's own: none is ever new.
  if (found.unit == ports::OffsetUnit::kMessages) {
    ledger_.found(found.topic, found.topic_id, found.partition_count, topic.config.partitions);
  }
  if (!std::exchange(topic.found, true)) --topics_missing_;
  topic.partition_count = found.partition_count;
  topic.trouble.clear();
  for (std::int32_t index = 0; index < found.partition_count; ++index) {
    if (topic.children.contains(index) || !topic.config.reads(index)) continue;
    const auto child = static_cast<std::uint32_t>(partitions_.size());
    topic.children.emplace(index, child);
    partitions_.push_back(Partition{.child = {child, 0},
                                    .id = {found.topic, index, found.unit},
                                    .topic = topic.number,
                                    .init = topic.init,
                                    .adapter = pipeline::Adapter(adapter_settings_)});
    Partition& added = partitions_.back();
    added.paused = paused_.contains(added.id);
    ++due_[static_cast<std::size_t>(WorkDue::kNo)];
    const std::uint32_t id = supervisor_.add_adapter(supervise_out_, added.paused);
    DUCTUS_ASSERT(id == child);
  }
}

void Brain::run_adapter(Partition& partition, pipeline::AdapterEffects effects, base::Time now, Effects& out) {
  for (pipeline::AdapterEffect& effect : effects) on_adapter(partition, effect, now, out);
  if (partition.adapter.draining()) go_on_stopping(partition, now, out);
  note_due(partition, now);
}

void Brain::on_adapter(Partition& partition, pipeline::AdapterEffect& effect, base::Time now, Effects& out) {
  const ports::ChildRef child = partition.child;
  std::visit(
      [&](auto& it) {
        using T = std::decay_t<decltype(it)>;
        if constexpr (std::is_same_v<T, pipeline::WantSet>) {
          source_.want(child, it.from, now, source_out_);
        } else if constexpr (std::is_same_v<T, pipeline::HandleSet>) {
          ready_.push_back(
              {.kind = Work::Kind::kHandle, .child = child, .set = std::move(it.set), .cursor = it.cursor});
        } else if constexpr (std::is_same_v<T, pipeline::Accepted>) {
          rounds_.mark(child, it.urgent, now);
        } else if constexpr (std::is_same_v<T, pipeline::ReleaseSet>) {
          source_.released(it.charge, now, source_out_);
        } else if constexpr (std::is_same_v<T, pipeline::SyncHandler>) {
          ready_.push_back({.kind = Work::Kind::kSync, .child = child});
        } else if constexpr (std::is_same_v<T, pipeline::AggregateHandler>) {
          ready_.push_back({.kind = Work::Kind::kAggregate, .child = child, .round = periodic_->round()});
        } else if constexpr (std::is_same_v<T, pipeline::HandleIdle>) {
          ready_.push_back({.kind = Work::Kind::kHandleIdle, .child = child, .next_offset = it.next_offset});
        } else if constexpr (std::is_same_v<T, pipeline::ArmTimer>) {
          arm(it.at, child);
        } else if constexpr (std::is_same_v<T, pipeline::LoadPosition>) {
          to_load_.children.push_back(child);
          to_load_.partitions.push_back(partition.id);
        } else if constexpr (std::is_same_v<T, pipeline::LookUp>) {
          source_.look_up(child, it.query, now, source_out_);
        } else if constexpr (std::is_same_v<T, pipeline::StartHandler>) {
          ready_.push_back(
              {.kind = Work::Kind::kStartHandler, .child = child, .partition = partition.id, .init = partition.init});
        } else if constexpr (std::is_same_v<T, pipeline::StopHandler>) {
          ready_.push_back({.kind = Work::Kind::kStopHandler, .child = child});
        } else if constexpr (std::is_same_v<T, pipeline::Lost>) {
          log(LogLevel::kError,
              partition.name() + ": lost offsets " + std::to_string(it.from) + " to " +
                  (it.to ? std::to_string(*it.to) : "the end") + ": " + it.cause,
              out);
        } else if constexpr (std::is_same_v<T, pipeline::Exited>) {
          end_partition(partition, it.reason, it.counted, false, now, out);
        } else {
          static_assert(std::is_same_v<T, pipeline::Halted>);
          if (it.needs_offset) {
            it.reason.message += "; this partition alone: ductus reset_single_offset " + config_.name + " " +
                                 partition.id.topic + " OFFSET --partition " + std::to_string(partition.id.partition);
          }
          end_partition(partition, it.reason, false, true, now, out);
        }
      },
      effect);
}

}  // namespace ductus::node
