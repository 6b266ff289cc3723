// LegacySource: ports::BatchSource for Kafka 0.6 and 0.7.
//
//   commands ─▶ PartitionBook (what each child waits for) ─▶ Planner ─▶ a few links to the one broker
//   attach_topic ─▶ TopicBook (which topics the broker has)
//
// An offset is a byte position at which an entry of the log begins; there is no leader epoch and no topic id. What is
// told of a partition's log holds for this broker alone: another one's log of the same name has other offsets. Commands
// and events only note what is due; flush() sends. Pure: no socket, no clock, no thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/byte_budget.h"
#include "kafka06/answer_cutter.h"
#include "kafka06/client/link.h"
#include "kafka06/client/partition_book.h"
#include "kafka06/client/planner.h"
#include "kafka06/client/settings.h"
#include "kafka06/client/topic_book.h"
#include "ports/batch_source.h"

namespace ductus::kafka06 {

class LegacySource final : public ports::BatchSource {
 public:
  /// `budget` and `decoder` must outlive it; `budget` is the process's. Every Deliver is to be answered by released(),
  /// also one that is dropped unhandled.
  LegacySource(SourceSettings settings, base::ByteBudget& budget, const ports::SetDecoder& decoder);
  ~LegacySource() override;

  const ports::AnswerCutter& cutter() const override { return cutter_; }

  void attach_topic(const std::string& topic, std::int32_t named_partitions, base::Time now,
                    ports::SourceEffects& out) override;
  void detach_topic(const std::string& topic, base::Time now, ports::SourceEffects& out) override;
  /// On 0.6, where nobody has wanted to read the topic yet and it must not be made: a final Trouble in place of
  /// LogBounds.
  void attach(ports::ChildRef child, const ports::TopicPartition& partition, base::Time now,
              ports::SourceEffects& out) override;
  void detach(ports::ChildRef child, base::Time now, ports::SourceEffects& out) override;
  void want(ports::ChildRef child, const ports::Position& from, base::Time now, ports::SourceEffects& out) override;
  /// A time is found as coarsely as the broker does: the start of the last segment that was written to its end by then.
  /// Trouble as by attach().
  void look_up(ports::ChildRef child, ports::OffsetQuery query, base::Time now, ports::SourceEffects& out) override;
  void released(const base::ByteBudget::Charge& charge, base::Time now, ports::SourceEffects& out) override;
  void reconnect(base::Time now, ports::SourceEffects& out) override;
  bool waits_for_budget() const override;
  void flush(base::Time now, ports::SourceEffects& out) override;

  void opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out) override;
  void answered(ports::ConnectionId connection, const ports::RequestTag& tag, std::unique_ptr<ports::Answer> answer,
                base::Time now, ports::SourceEffects& out) override;
  void lost(ports::ConnectionId connection, const Error& why, base::Time now, ports::SourceEffects& out) override;

  void tick(base::Time now, ports::SourceEffects& out) override;
  base::Time next_tick() const override;

 private:
  Link* link_of(ports::ConnectionId connection) const;
  /// Ends a connection for a reason of ours; what it carried is asked again.
  void end(Link& link, const Error& why, base::Time now, ports::SourceEffects& out);
  void after_loss(Link& link, const Error& why, base::Time now, ports::SourceEffects& out);
  void set_reachable(bool reachable, const std::string& detail, ports::SourceEffects& out);
  void tell_not_asked(const PartitionSlot& slot, ports::SourceEffects& out) const;

  const SourceSettings settings_;
  base::ByteBudget& budget_;
  LegacyAnswerCutter cutter_;
  LinkHub hub_;
  TopicBook topics_;
  PartitionBook book_;
  Planner planner_;
  std::optional<bool> reachable_;
  bool away_ = false;  ///< told
  bool protocol_told_ = false;
};

}  // namespace ductus::kafka06
