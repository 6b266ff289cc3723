// A callback module under test: no broker, no threads of its own, and a clock that only the test turns.
//
//   ductus::TestNode node(std::make_unique<MyModule>());
//   ductus::TestPartition& clicks = node.open("clicks");
//   EXPECT_TRUE(clicks.feed({"one", "two"}).is_ok());
//   EXPECT_TRUE(clicks.sync());
//   EXPECT_EQ(clicks.stored_offset(), 2);
//
// It keeps a node's promises: an exception is a failure, a deferred batch comes again when it is due, a handler that
// failed is stopped, and the next one gets everything that was not stored. The bytes of a batch end with the call that
// received it, so that AddressSanitizer finds a handler that keeps them.
//
// Thread: a TestPartition belongs to one thread at a time; different ones may be fed at the same time.
// Errors: what the test itself does wrong throws std::logic_error.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ductus/batch.h"
#include "ductus/export.h"
#include "ductus/module.h"
#include "ductus/result.h"
#include "ductus/value.h"

namespace ductus {

/// A message to feed: {.value = "v", .key = "k", .headers = {{"trace", "17"}}}. Without a value it is a tombstone.
struct TestMessage {
  // Initialised, so that no compiler warns of what a test leaves out. NOLINTBEGIN(readability-redundant-member-init)
  std::optional<std::string> value{};
  std::optional<std::string> key{};
  std::vector<std::pair<std::string, std::optional<std::string>>> headers{};
  // NOLINTEND(readability-redundant-member-init)
  std::int64_t timestamp_ms = -1;
};

/// What is fed: messages, or their values alone.
struct TestMessages : std::vector<TestMessage> {
  TestMessages(std::initializer_list<TestMessage> messages) : vector(messages) {}   // NOLINT(*-explicit-*)
  TestMessages(std::vector<TestMessage> messages) : vector(std::move(messages)) {}  // NOLINT(*-explicit-*)
  TestMessages(std::initializer_list<std::string> values) { add(values); }          // NOLINT(*-explicit-*)
  TestMessages(const std::vector<std::string>& values) { add(values); }             // NOLINT(*-explicit-*)

 private:
  void add(const auto& values) {
    for (const std::string& value : values) push_back({.value = value});
  }
};

/// A batch that owns its bytes, for calls without a TestPartition.
class DUCTUS_EXPORT TestBatch {
 public:
  explicit TestBatch(const TestMessages& messages, std::int64_t first_offset = 0, std::string topic = "topic",
                     std::int32_t partition = 0);
  TestBatch(const TestBatch&) = delete;
  TestBatch& operator=(const TestBatch&) = delete;
  operator Batch() const { return {topic_, partition_, messages_, next_offset_}; }  // NOLINT(*-explicit-*)

 private:
  void append(const TestMessage& message);

  std::string topic_;
  std::deque<std::string> bytes_;
  std::vector<Message> messages_;
  std::int64_t next_offset_;
  std::int32_t partition_;
};

class TestNode;

/// One partition and its handler.
class DUCTUS_EXPORT TestPartition {
 public:
  TestPartition(const TestPartition&) = delete;
  TestPartition& operator=(const TestPartition&) = delete;
  ~TestPartition() { stop(); }

  /// Offers `messages` as the next batch. Not while one is deferred, nor after a failure.
  Verdict feed(const TestMessages& messages);
  /// Has the handler sync; then everything accepted so far is stored. An error is a failure.
  Result<void> sync();
  /// Stops the handler without a sync and starts another, which is offered what was not stored, as one batch.
  Verdict restart();
  /// Calls the handler's stop() and destroys it. Nothing happens where there is none.
  void stop();

  /// The answer to the latest batch, redelivered and empty ones included.
  const Verdict& verdict() const { return verdict_; }
  std::int64_t stored_offset() const { return stored_offset_; }
  /// Of the handler that lives: throws where it has failed.
  Handler& handler();

 private:
  friend class TestNode;
  using Time = std::chrono::milliseconds;
  TestPartition(TestNode& node, std::string topic, std::int32_t partition, Value init_data)
      : node_(node), topic_(std::move(topic)), partition_(partition), init_data_(std::move(init_data)) {}
  Result<void> start();
  const Verdict& offer();
  std::optional<Time> next_event() const;

  TestNode& node_;
  std::string topic_;
  std::int32_t partition_;
  Value init_data_;
  std::unique_ptr<Handler> handler_;
  std::stop_source stop_;
  std::vector<TestMessage> unstored_;  // from stored_offset_ on
  std::int64_t stored_offset_ = 0;
  std::int64_t next_offset_ = 0;
  Verdict verdict_ = Verdict::ok();
  Time offered_at_{0};
};

/// A module, the partitions opened so far, and the clock.
class DUCTUS_EXPORT TestNode {
 public:
  explicit TestNode(std::unique_ptr<Module> module) : module_(std::move(module)) {}
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  /// Makes the handler of a partition, which lives as long as the node. An error of init() throws std::runtime_error.
  TestPartition& open(const std::string& topic = "topic", std::int32_t partition = 0, const Value& init_data = {});
  /// The same for tests of init()'s errors.
  Result<TestPartition*> try_open(const std::string& topic, std::int32_t partition, const Value& init_data);

  /// Turns the clock: deferred batches that become due come again, and modules with an idle interval get empty ones.
  void advance(std::chrono::milliseconds span);
  /// Collects the elements of all handlers that live and hands them to the module, as each period does.
  Aggregate aggregate();
  /// Whether a handler logged a line with `part` in it.
  bool logged(std::string_view part) const;
  Module& module() { return *module_; }

 private:
  friend class TestPartition;
  Logger logger();

  std::unique_ptr<Module> module_;
  std::chrono::milliseconds now_{0};
  mutable std::mutex mutex_;  // guards log_
  std::vector<std::string> log_;
  std::vector<std::unique_ptr<TestPartition>> partitions_;
};

}  // namespace ductus
