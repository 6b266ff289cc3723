// Planner: what to ask the broker next, on which connection, and what an answer means.
//
//     checks    is there a log? ─┐
//     lookups   OFFSETS ─────────┼─ flush() ──▶ a connection that is free; one more is opened when all are busy
//     queue     sets ────────────┘
//       ▲                                                              one request is out on a connection at a time; of
//       └── want() · part of an entry · nothing yet · error · loss     OFFSETS, which asks of one partition, a burst
//
// A partition's set is in at most one outstanding request. Who is behind is asked for a megabyte, so mostly alone;
// those of which nothing more is known share a request. Served ones queue at the back, so the order rotates.
//
// What the bytes that came for a partition mean, `place` being where the next entry starts:
//
//     error ─▶ out of range: both ends are looked up and judged; another one: told, and asked again slowly
//     whole entries ─▶ Deliver. If there is room, the cut one at the end is kept, and the next question goes on there
//     nothing ─▶ the end of the log, or of what was flushed to it: again, after a wait. A short answer says nothing:
//                segments end
//     nothing behind a cut entry, and the log ends there ─▶ stopped: no entry of a sound log does
//     a size, magic or codec that cannot be, a wrong checksum where nothing was read before, a size beyond the
//         limit ─▶ stopped, and told what shows there: the offset is no boundary, or the log is damaged
//
// What is out of order behind an entry that was read is found by the decoder; its adapter then comes back to that
// place, and the first entry is checked. So a place that cannot be read is asked for twice, and no more.
//
// The ends of the log: OFFSETS −2 and −1, at first, every 10 s, and where answers do not agree. A log that ends before
// `place`, or before an end that was known, is another one: 0.7 answers with nothing where a log is gone.
//
// Source: kafka/server/KafkaRequestHandlers.scala, kafka/log/Log.scala of 0.6.1 and 0.7.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "kafka06/answer_cutter.h"
#include "kafka06/client/link.h"
#include "kafka06/client/partition_book.h"
#include "kafka06/client/topic_book.h"

namespace ductus::kafka06 {

/// How often in a row answers must disagree before it is believed: that the log ends within an entry, that an offset
/// within the log is out of range, that offsets cannot be asked for.
inline constexpr std::uint32_t kDoubtsBeforeTrouble = 3;
/// Losses of the connection in a row after which a partition is asked alone.
inline constexpr std::uint32_t kLossesBeforeAlone = 2;
/// Where the byte budget leaves less than this, a topic waits.
inline constexpr std::size_t kLeastRequestBytes = 16 << 10;
/// Of the byte budget, what the starts of entries may hold of which the rest is not wanted yet.
inline constexpr std::size_t kKeptPart = 8;

class Planner {
 public:
  Planner(const SourceSettings& settings, LinkHub& hub, TopicBook& topics, PartitionBook& book,
          base::ByteBudget& budget, const ports::SetDecoder& decoder);
  ~Planner();

  /// Asks for one set from `offset` on. Where that is where the last one ended, what came behind it is used.
  void want(PartitionSlot& slot, std::int64_t offset, ports::SourceEffects& out);
  /// Looks up both ends of the log, anew if that is under way.
  void ask_lookup(PartitionSlot& slot);

  /// Of a link that is ready and whose answer it is.
  void answered(const Link& link, ports::Answer& answer, base::Time now, ports::SourceEffects& out);
  /// The link was lost or closed.
  void lost(const Link& link, const Error& why, base::Time now, ports::SourceEffects& out);
  void reconnect(base::Time now, ports::SourceEffects& out);
  void tick(base::Time now);
  /// Sends what there is to ask on the links that are free.
  void flush(base::Time now, ports::SourceEffects& out);
  base::Time next_tick() const;
  /// A link whose deadline has passed; nullptr: none.
  Link* expired(base::Time now);

  /// At the last flush() some partition had to wait for the byte budget.
  bool short_of_budget() const noexcept { return short_of_budget_; }
  /// What the outstanding requests hold of the byte budget.
  std::size_t reserved_bytes() const noexcept { return reserved_bytes_; }

 private:
  /// A numbered question or lookup.
  struct Ask {
    PartitionSlot* slot = nullptr;
    std::uint64_t number = 0;
    std::int32_t max_bytes = 0;  ///< that a set was asked for
    std::size_t skipped = 0;     ///< bytes at the start that belong to a cut entry, as far as they are known
  };
  /// What OFFSETS asks.
  enum class Which : std::uint8_t { kStart, kEnd, kTime };
  /// An outstanding request.
  struct Sent {
    enum class Kind : std::uint8_t { kSets, kExistence, kTopic, kOffsets } kind = Kind::kSets;
    std::vector<Ask> asks;
    std::size_t reserved = 0;
    TopicBook::Check topic{};
    Which which = Which::kStart;
  };
  struct Lane {
    explicit Lane(LinkHub& hub) : link(hub) {}
    Link link;
    std::deque<Sent> sent;  ///< oldest first
  };

  // What to ask (planner.cc).
  void gather(base::Time now);
  bool something_due() const noexcept;
  bool send_something(Lane& lane, base::Time now, ports::SourceEffects& out);
  void send_topic_check(Lane& lane, base::Time now, ports::SourceEffects& out);
  static void note_what_is_known(PartitionSlot& slot) noexcept;
  void send_checks(Lane& lane, base::Time now, ports::SourceEffects& out);
  void send_offsets(Lane& lane, base::Time now, ports::SourceEffects& out);
  void send_offsets_of(Lane& lane, const Ask& ask, Which which, base::Time now, ports::SourceEffects& out);
  bool send_sets(Lane& lane, base::Time now, ports::SourceEffects& out);
  void add_sets(std::vector<Ask>& due, Sent& sent);
  std::int32_t bytes_to_ask(const PartitionSlot& slot) const noexcept;
  std::size_t room_for(PartitionSlot& slot);
  void open_another(base::Time now, ports::SourceEffects& out);
  void note_look_again(const PartitionSlot& slot, base::Time now) noexcept;
  void try_at(base::Time at) noexcept { retry_at_ = std::min(retry_at_, at); }

  // What the bytes mean (planner_answers.cc).
  Lane& lane_of(const Link& link);
  bool still_asked(const Ask& ask);
  void fetched(const Sent& sent, FetchAnswer& answer, base::Time now, ports::SourceEffects& out);
  void got_bytes(const Ask& ask, const FetchedPart& part, const FetchAnswer& answer, ports::SourceEffects& out);
  bool may_keep(base::ByteView tail) const;
  bool complete_cut(PartitionSlot& slot, bool fresh, ports::SourceEffects& out);
  void got_nothing(const Ask& ask, base::Time now, ports::SourceEffects& out);
  void tell_nothing_there(PartitionSlot& slot, base::Time now, ports::SourceEffects& out);
  void ended_within_entry(const Ask& ask, base::Time now, ports::SourceEffects& out);
  void deliver(PartitionSlot& slot, base::Buffer joined, base::ByteView records, const FetchAnswer& answer,
               ports::SourceEffects& out);
  void charge_delivered(const FetchAnswer& answer, std::size_t first_effect, ports::SourceEffects& out);
  void stop_unreadable(PartitionSlot& slot, const Error& why, ports::SourceEffects& out);
  std::optional<Error> why_too_large(const PartitionSlot& slot) const;
  void take_error(PartitionSlot& slot, BrokerError error, base::Time now, ports::SourceEffects& out);
  void tell_error(PartitionSlot& slot, BrokerError error, base::Time now, ports::SourceEffects& out);
  void take_back(Lane& lane, const Error& why, base::Time now, ports::SourceEffects& out);

  // What is said of the log (planner_lookups.cc).
  bool still_looked_up(const Ask& ask);
  void checked(const Sent& sent, const FetchAnswer& answer, base::Time now, ports::SourceEffects& out);
  void listed(const Sent& sent, const OffsetsAnswer& answer, base::Time now, ports::SourceEffects& out);
  void looked_up(PartitionSlot& slot, std::optional<std::int64_t> at_time, base::Time now, ports::SourceEffects& out);
  void judge_place(PartitionSlot& slot, base::Time now, ports::SourceEffects& out);
  void stop_out_of_range(PartitionSlot& slot, ports::SourceEffects& out);
  bool stop_if_shrunk(PartitionSlot& slot, ports::SourceEffects& out);
  void read_anew(PartitionSlot& slot);
  void note_hang_up(PartitionSlot& slot, base::Time now, ports::SourceEffects& out);
  std::string name_of_slot(const PartitionSlot& slot) const;

  const SourceSettings& settings_;
  LinkHub& hub_;
  TopicBook& topics_;
  PartitionBook& book_;
  base::ByteBudget& budget_;
  const ports::SetDecoder& decoder_;
  const std::string where_;  ///< the broker's address
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Ask> queue_;    ///< sets; stale ones are dropped when they are met
  std::vector<Ask> lookups_;  ///< the same
  // Of these what may be asked at this flush(), and has not been: used again by every call.
  std::optional<TopicBook::Check> due_topic_;
  std::vector<Ask> due_checks_;
  std::vector<Ask> due_offsets_;
  std::vector<Ask> due_sets_;
  std::vector<Ask> soon_;  ///< sets that share a request with those due, where there is one
  base::Time retry_at_ = base::Time::max();
  base::Time look_again_at_ = base::Time::max();  ///< of the slot whose bounds are old first
  bool sets_first_ = true;                        ///< whose turn it is where lookups are due as well
  base::Time flushed_at_ = base::Time::min();
  bool short_of_budget_ = false;
  std::size_t reserved_bytes_ = 0;
  /// While it has a cut entry, that one is completed whatever the budget says: one at a time.
  const PartitionSlot* beyond_budget_ = nullptr;
};

}  // namespace ductus::kafka06
