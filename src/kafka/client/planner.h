// Planner: for one broker, what to ask next, on which connection, and what an answer means.
//
//                          ┌─ lane A: behind        min_bytes 1, a short wait; lookups go first
//     queue ── flush() ────┤
//       ▲   front: had no  └─ lane B: caught up     one long poll; opened when first needed
//       │   room; back: the rest                    A long-polls what B, being busy, does not hold, if nothing is
//       behind │ └── want() · no room · nothing yet · error (after a delay) · loss of the connection
//
// One request is outstanding on a lane; the next one leaves in the flush() of the entry that took the answer in.
// A partition is in at most one outstanding request. An empty answer with its place below the readable end means
// that there was no room: that partition goes first. Served ones queue at the back, so the order rotates.
//
// What a fetch answer means for a partition:
//
//     error ─▶ what error_code.cc says of it
//     on another branch of the log (diverging epoch, or a leader epoch below that of the record before), three times
//         ─▶ stopped: truncated
//     no whole record batch ─▶ no room, or nothing yet: again
//     ends below the asked offset, an impossible header, twice beyond its own high watermark ─▶ refused:
//         the connection is made anew up to three times, then only the question is repeated
//     else ─▶ Deliver
// Answers that hold nothing come when the wait is over, or are asked again as if they had: no broker makes it spin.
// An answer that cannot even be cut may be the fault of one partition: those asked are then asked one by one.
//
// The topic is named by the id that the place belongs to, where both sides can: no other topic of that name answers.
// A broker that no longer leads a partition may say who does: the partition moves there without metadata.
//
// Below Fetch v12 a broker compares no epochs: where the epoch before a place is known, the leader is first asked where
// that epoch ends (OffsetForLeaderEpoch), once for each run of sets and after each change of the leader epoch. What it
// says is judged as a newer broker's answer to the fetch. A broker older than 2.3 wants rights on the cluster for that:
// there only the epochs of the record batches of one run are compared.
// A leader of an older epoch than that of what was read is not asked: the metadata lags behind, or the topic is another
// one of the same name. Which of both only the topic's id could tell.
//
// Source: KIP-74 (limits), KIP-320 and KIP-595 (epochs), KIP-516 (topic ids), KIP-951 (leaders), FetchRequest.json.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "kafka/client/cluster.h"
#include "kafka/client/link.h"
#include "kafka/client/partition_book.h"

namespace ductus::kafka {

/// How often in a row it is asked again before a log is believed to have been truncated, or to lie elsewhere.
inline constexpr std::uint32_t kDoubtsBeforeStop = 3;
/// Answers in a row that could have held a partition's records and did not.
inline constexpr std::uint32_t kEmptyFirstsBeforeTrouble = 50;

/// Where the byte budget leaves a topic less than a whole answer, less is asked for; where it leaves less than this, it
/// waits.
inline constexpr std::size_t kLeastRequestBytes = 16 << 10;

/// What the parts of a source share.
struct SourceCore {
  const SourceSettings& settings;
  LinkHub& hub;
  Cluster& cluster;
  PartitionBook& book;
  base::ByteBudget& budget;
  const ports::SetDecoder& decoder;
};

class Planner {
 public:
  Planner(const SourceCore& core, std::int32_t node_id, const Endpoint& endpoint);

  std::int32_t node_id() const noexcept { return node_id_; }
  /// The broker's address as it is now.
  void aim(const Endpoint& endpoint, base::Time now, ports::SourceEffects& out);
  /// Makes both connections anew; what was outstanding on them waits again.
  void reconnect(base::Time now, ports::SourceEffects& out);
  /// At the last flush() some partition had to wait for the byte budget.
  bool short_of_budget() const noexcept { return short_of_budget_; }
  /// What the outstanding requests hold of the byte budget.
  std::size_t reserved_bytes() const noexcept { return lanes_[kA].charged_bytes + lanes_[kB].charged_bytes; }
  /// Closes both connections: the broker is gone. All partitions have left.
  void shut(base::Time now, ports::SourceEffects& out);

  /// The partition is led here from now on; what it waits for is asked here.
  void join(PartitionSlot& slot);
  /// Its answers are stale from now on.
  void leave(PartitionSlot& slot);
  /// The slot has a new question.
  void ask_set(PartitionSlot& slot) { queue_.push_back({&slot, slot.question}); }
  /// Looks up both ends of the log, anew if that is under way.
  void ask_lookup(PartitionSlot& slot);

  void answered(std::size_t lane, const ports::RequestTag& tag, ports::Answer& answer, base::Time now,
                ports::SourceEffects& out);
  /// The lane's link was lost or closed.
  void lost(std::size_t lane, const Error& why, base::Time now, ports::SourceEffects& out);
  void tick(base::Time now);
  /// Sends what there is to ask on the lanes that are free.
  void flush(base::Time now, ports::SourceEffects& out);
  base::Time next_tick() const;
  /// A link whose deadline has passed; nullptr: none.
  Link* expired(base::Time now);

 private:
  /// A numbered question or lookup, on its way.
  struct Ask {
    PartitionSlot* slot;
    std::uint64_t number;
    std::int32_t leader_epoch = -1;  ///< in which the log was asked to be validated
    bool done = false;               ///< found in the answer
  };
  struct Lane {
    Lane(LinkHub& hub, Planner* owner, std::size_t index) : link(hub, owner, index) {}
    Link link;
    std::vector<Ask> sets;     ///< of the outstanding Fetch, or OffsetForLeaderEpoch before it
    std::vector<Ask> lookups;  ///< of the outstanding ListOffsets
    std::size_t charged_bytes = 0;
    base::Time quiet_until = base::Time::min();  ///< the broker throttles
    base::Time slow_at = base::Time::max();      ///< when the answer counts as slow
    base::Time empty_at = base::Time::min();     ///< before it, the broker does not answer that there is nothing
  };
  static constexpr std::size_t kA = 0;
  static constexpr std::size_t kB = 1;

  // What to ask (planner.cc).
  void sort_queue(base::Time now, ports::SourceEffects& out);
  bool leader_is_outdated(PartitionSlot& slot, base::Time now, ports::SourceEffects& out);
  bool lookups_due(base::Time now);
  bool nothing_behind() const;
  bool make_free(Lane& lane, base::Time now, ports::SourceEffects& out);
  void send_sets(Lane& lane, const std::vector<Ask>& asks, base::Duration max_wait, base::Time now,
                 ports::SourceEffects& out);
  bool send_validations(Lane& lane, const std::vector<Ask>& asks, base::Time now, ports::SourceEffects& out);
  void unqueue_sent();
  void send_lookups(Lane& lane, base::Time now, ports::SourceEffects& out);
  void try_at(base::Time at) noexcept { retry_at_ = std::min(retry_at_, at); }
  void finish(Lane& lane);

  // What an answer means (planner_answers.cc).
  bool still_asked(const Ask& ask);
  bool still_looked_up(const Ask& ask) const noexcept;
  Ask* find_ask(std::vector<Ask>& asks, std::size_t& next, std::string_view topic, const ports::TopicId& topic_id,
                std::int32_t partition) const;
  void fetched(Lane& lane, FetchAnswer& answer, base::Time now, ports::SourceEffects& out);
  void fetched_one(Ask& ask, FetchResponse::Partition& partition, const Hop& hop, FetchAnswer& answer, base::Time now,
                   ports::SourceEffects& out);
  void got_nothing(Ask& ask, const Hop& hop, bool throttled, base::Time now, ports::SourceEffects& out);
  void deliver(PartitionSlot& slot, FetchResponse::Partition& partition, const Hop& hop, FetchAnswer& answer,
               ports::SourceEffects& out);
  void charge_delivered(const FetchAnswer& answer, std::size_t first_effect, ports::SourceEffects& out);
  void refuse(Ask& ask, const Error& why, base::Time now, ports::SourceEffects& out);
  void note_throttle(Lane& lane, std::int32_t throttle_ms, base::Time now);
  void left_out(KafkaError error, bool throttled, base::Time now, ports::SourceEffects& out);
  void validated(Lane& lane, const OffsetForLeaderEpochResponse& response, base::Time now, ports::SourceEffects& out);
  void validated_one(Ask& ask, const OffsetForLeaderEpochResponse::Partition& partition, base::Time now,
                     ports::SourceEffects& out);
  void diverged(Ask& ask, std::int32_t epoch, std::int64_t end_offset, base::Time now, ports::SourceEffects& out);
  void went_back(PartitionSlot& slot, std::int32_t epoch, base::Time now, ports::SourceEffects& out);
  bool is_certain(PartitionSlot& slot, base::Time now);
  void listed(Lane& lane, const ListOffsetsResponse& response, base::Time now, ports::SourceEffects& out);
  void looked_up(PartitionSlot& slot, const PartitionSlot::FoundOffset& last, base::Time now,
                 ports::SourceEffects& out);
  void judge_out_of_range(PartitionSlot& slot, std::int64_t end, base::Time now, ports::SourceEffects& out);
  void take_error(PartitionSlot& slot, KafkaError error, base::Time now, ports::SourceEffects& out);
  void close(Lane& lane, const Error& why, base::Time now, ports::SourceEffects& out);
  void take_back(Lane& lane, const Error& why, base::Time now, ports::SourceEffects& out);
  std::string name_of_slot(const PartitionSlot& slot) const;

  SourceCore core_;
  std::int32_t node_id_;
  Endpoint endpoint_;
  std::array<Lane, 2> lanes_;
  std::vector<PartitionSlot*> members_;
  std::vector<Ask> queue_;    ///< stale ones are dropped when they are met
  std::vector<Ask> lookups_;  ///< the same
  base::Time retry_at_ = base::Time::max();

  bool reconnect_ = false;  ///< the answer at hand, or what it answers, was refused
  bool short_of_budget_ = false;
  // Used again by every call: no allocation in the steady state.
  std::vector<Ask> behind_;
  std::vector<Ask> caught_up_;
  std::vector<Ask> answering_;
  std::vector<Ask> no_room_;
  FetchRequest request_;
};

}  // namespace ductus::kafka
