// Runner: takes sets to the user's handlers: decode, call, verdict. The HandlerHost of a node.
//
// Exceptions of user code are caught here and nowhere else; what they say is escaped and cut to kMaxReasonBytes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "ductus/module.h"
#include "ports/handler_host.h"

namespace ductus::handlers {

class Runner final : public ports::HandlerHost {
 public:
  /// Of a text that user code gives: an exception's what(), the reason of a fail().
  static constexpr std::size_t kMaxReasonBytes = 1024;
  /// A deferred batch waits at least and at most as long, whatever the handler asked for.
  static constexpr std::chrono::milliseconds kShortestDelay{1};
  static constexpr std::chrono::milliseconds kLongestDelay{std::chrono::hours(24)};

  /// `module` outlives it. `batch_max_bytes`: decoded bytes after which a set is cut into another batch.
  /// `log` is given to handlers with "TOPIC/PARTITION: " before each line.
  Runner(Module& module, std::size_t batch_max_bytes, Logger log);
  ~Runner() override;

  /// Of the sets that are cut from now on. Thread: any.
  void set_batch_max_bytes(std::size_t bytes) noexcept { batch_max_bytes_ = bytes; }

  Result<void> start(ports::ChildRef child, const ports::TopicPartition& partition, const Value& init_data,
                     std::stop_token stop) override;
  ports::Handled handle(ports::ChildRef child, const ports::FetchedSet& set, const ports::SetCursor& cursor,
                        ports::DecodeArena& arena) override;
  ports::Handled handle_idle(ports::ChildRef child, std::int64_t next_offset) override;
  Result<void> sync(ports::ChildRef child) override;
  Result<Value> aggregate_element(ports::ChildRef child) override;
  Result<void> handle_periodic_aggregate(const Aggregate& aggregate) override;
  void stop(ports::ChildRef child) override;

 private:
  struct Slot;
  Slot& slot_of(ports::ChildRef child);
  Slot* find(ports::ChildRef child);
  ports::Handled offer(Slot& slot, const Batch& batch);
  void end_handler(Slot& slot);

  Module& module_;
  std::atomic<std::size_t> batch_max_bytes_;
  Logger log_;
  std::mutex mutex_;  // guards slots_; a Slot itself is used by one call at a time
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace ductus::handlers
