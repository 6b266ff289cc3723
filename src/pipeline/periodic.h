// Periodic: when the elements of all partitions are collected, and which of them go into the module's aggregate.
//
//   waiting ──a period after the last start──▶ collecting ──all answered, or in time no more──▶ calling ──▶ waiting
//
// The first collection comes at once; from then on it is start to start. All are asked at the same time. Who is in a
// long call and does not answer within kAnswerWithin is missing in that period, and its late answer is ignored. A
// period that begins while the module still works on the last aggregate is passed over: calls never overlap.
// A pure state machine, entered under the node's baton.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ductus/module.h"
#include "ductus/value.h"
#include "ports/batch_source.h"
#include "ports/offset_store.h"

namespace ductus::pipeline {

class Periodic {
 public:
  static constexpr base::Duration kAnswerWithin = std::chrono::milliseconds(500);

  struct Collected {
    Aggregate aggregate;
    std::vector<ports::TopicPartition> busy;  ///< those that were asked and did not answer in time
  };

  explicit Periodic(base::Duration every) : every_(every) {}

  /// The first collection is due.
  void start(base::Time now) noexcept { next_at_ = now; }
  /// Nothing more is collected; a call that is out ends by itself.
  void stop();

  /// True where a collection begins: expect() each handler that is asked.
  [[nodiscard]] bool begins(base::Time now);
  /// A handler is asked in this round.
  void expect(ports::ChildRef child, const ports::TopicPartition& partition);
  /// There is no handler that could be asked in this round.
  void absent(const ports::TopicPartition& partition);
  /// Its element; nullopt: it has none to give. What nobody waits for any more is ignored. `round`: of the asking.
  void answered(ports::ChildRef child, std::uint64_t round, std::optional<Value> element);
  /// The aggregate, once the collection is over: give it to the module, and say when it has returned.
  [[nodiscard]] std::optional<Collected> take(base::Time now);
  void returned() noexcept { calling_ = false; }

  /// Counts the collections.
  std::uint64_t round() const noexcept { return round_; }
  /// When the next one begins; nullopt: it is stopped.
  std::optional<base::Time> next_at() const noexcept {
    return next_at_ == base::Time::max() ? std::nullopt : std::optional(next_at_);
  }
  /// Elements are being collected.
  bool collecting() const noexcept { return collecting_; }
  /// The module works on an aggregate.
  bool calling() const noexcept { return calling_; }
  /// When begins() or take() will do something; Time::max() where nothing is due.
  base::Time next_tick() const noexcept;

 private:
  struct Waiting {
    ports::ChildRef child;
    ports::TopicPartition partition;
  };

  const base::Duration every_;
  base::Time next_at_ = base::Time::max();
  bool collecting_ = false;
  bool calling_ = false;
  base::Time collect_until_;
  std::uint64_t round_ = 0;
  std::map<std::uint32_t, Waiting> waiting_;  ///< by child number
  Collected collected_;
};

}  // namespace ductus::pipeline
