// KafkaSource: ports::BatchSource for Kafka 0.11 and newer.
//
//   commands ─▶ PartitionBook (what each child waits for) ─▶ Planner, one per leading broker ─▶ two links each
//   metadata ─▶ Cluster ─▶ who leads what: partitions move between planners, their answers on the way are stale
//
// Commands and events only note what is due; flush() sends. Pure: no socket, no clock, no thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "kafka/answer_cutter.h"
#include "kafka/client/cluster.h"
#include "kafka/client/link.h"
#include "kafka/client/partition_book.h"
#include "kafka/client/planner.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

class KafkaSource final : public ports::BatchSource {
 public:
  /// `budget` and `decoder` must outlive it; `budget` is the process's. Every Deliver is to be answered by released(),
  /// also one that is dropped unhandled.
  KafkaSource(SourceSettings settings, base::ByteBudget& budget, const ports::SetDecoder& decoder);
  ~KafkaSource() override;

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
  void note_away(const Endpoint& endpoint, const Error& why, ports::SourceEffects& out);
  void set_reachable(bool reachable, const std::string& detail, ports::SourceEffects& out);

  void forget(PartitionSlot& slot);
  void place_all(base::Time now, ports::SourceEffects& out);
  void place(PartitionSlot& slot, base::Time now, ports::SourceEffects& out);
  void tell_leaderless(PartitionSlot& slot, const Error& why, base::Time now, ports::SourceEffects& out);
  bool stop_if_recreated(PartitionSlot& slot, ports::SourceEffects& out);
  Planner& planner_of(std::int32_t node_id);

  const SourceSettings settings_;
  base::ByteBudget& budget_;
  KafkaAnswerCutter cutter_;
  LinkHub hub_;
  Cluster cluster_;
  PartitionBook book_;
  SourceCore core_;
  std::vector<std::unique_ptr<Planner>> planners_;
  std::size_t first_planner_ = 0;  ///< to flush; rotates, so that the byte budget goes round
  std::optional<bool> reachable_;
  bool told_protocol_ = false;
  std::vector<Endpoint> away_;  ///< told; only such as the cluster or the configuration names
};

}  // namespace ductus::kafka
