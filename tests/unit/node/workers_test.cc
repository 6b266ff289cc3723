#include "node/workers.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "support/scripted_source.h"

namespace ductus::node {
namespace {

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/// Names that are not found before a test says so, as where no name server answers.
class SlowNames {
 public:
  static constexpr std::string_view kHost = "slow.invalid";

  void begin() {
    const std::lock_guard lock(mutex_);
    asked_ = answered_ = most_at_a_time_ = 0;
  }
  void ask() {
    std::unique_lock lock(mutex_);
    most_at_a_time_ = std::max(most_at_a_time_, ++waiting_);
    const unsigned number = asked_++;
    changed_.notify_all();
    changed_.wait(lock, [&] { return number < answered_; });
    --waiting_;
  }
  void answer(unsigned count) {
    const std::lock_guard lock(mutex_);
    answered_ += count;
    changed_.notify_all();
  }
  void wait_until_asked(unsigned count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ >= count; });
  }
  unsigned most_at_a_time() {
    const std::lock_guard lock(mutex_);
    return most_at_a_time_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned asked_ = 0;
  unsigned answered_ = 0;
  unsigned waiting_ = 0;
  unsigned most_at_a_time_ = 0;
};
SlowNames slow_names;

/// Every want is answered at once by a set of one message, up to `end`.
class GenerousSource final : public support::ScriptedSource {
 public:
  GenerousSource(std::int32_t partitions, std::int64_t end) : partitions_(partitions), end_(end) {}

  void attach_topic(const std::string& topic, std::int32_t, base::Time, ports::SourceEffects& out) override {
    out.emplace_back(ports::TopicFound{topic, {}, partitions_});
  }
  void attach(ports::ChildRef child, const ports::TopicPartition&, base::Time, ports::SourceEffects& out) override {
    out.emplace_back(ports::LogBounds{child, 0, end_, end_});
  }
  void want(ports::ChildRef child, const ports::Position& from, base::Time, ports::SourceEffects& out) override {
    if (from.next_offset >= end_) return;
    ports::FetchedSet set;
    set.asked_offset = from.next_offset;
    set.next_offset = from.next_offset + 1;
    out.emplace_back(ports::Deliver{child, std::move(set)});
  }
  void tick(base::Time now, ports::SourceEffects& out) override {
    for (unsigned left = slow_hosts_to_dial_.exchange(0); left > 0; --left) {
      out.emplace_back(ports::OpenConnection{left, std::string(SlowNames::kHost), 9092});
    }
    next_tick_ = now + std::chrono::milliseconds(1);
    ++ticks_;
    ticks_.notify_all();
  }
  base::Time next_tick() const override { return next_tick_; }

  void tick_for_ever() { next_tick_ = base::Time::min(); }
  /// With the next tick.
  void dial_slow_hosts(unsigned count) { slow_hosts_to_dial_ = count; }
  void wait_for_more_ticks(int count) {
    const int from = ticks_;
    for (int seen = from; seen < from + count; seen = ticks_) ticks_.wait(seen);
  }

 private:
  base::Time next_tick_ = base::Time::max();
  std::atomic<int> ticks_{0};
  std::atomic<unsigned> slow_hosts_to_dial_{0};
  std::int32_t partitions_;
  std::int64_t end_;
};

/// Accepts every set, and lets a test hold calls of some partitions.
class GatedHost final : public ports::HandlerHost {
 public:
  Result<void> start(ports::ChildRef, const ports::TopicPartition&, const Value&, std::stop_token) override {
    return {};
  }
  ports::Handled handle(ports::ChildRef child, const ports::FetchedSet& set, const ports::SetCursor&,
                        ports::DecodeArena&) override {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(in_call_.insert(child.child).second) << "two calls on one handler at a time";
    if (child.child < gated_) {
      ++held_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return open_; });
    }
    in_call_.erase(child.child);
    EXPECT_EQ(next_[child.child], set.asked_offset) << "out of order";
    next_[child.child] = set.next_offset;
    changed_.notify_all();
    ports::Handled ok;
    ok.position = {set.next_offset, -1, {}};
    ok.last = true;
    return ok;
  }
  ports::Handled handle_idle(ports::ChildRef, std::int64_t) override { return {}; }
  Result<void> sync(ports::ChildRef) override { return Error{ErrorCode::kNotNeeded, ""}; }
  Result<Value> aggregate_element(ports::ChildRef) override { return Value(); }
  Result<void> handle_periodic_aggregate(const Aggregate&) override { return {}; }
  void stop(ports::ChildRef) override {}

  /// The calls of the first `count` partitions do not return before open().
  void gate(std::uint32_t count) { gated_ = count; }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_until(std::uint32_t child, std::int64_t next_offset) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return next_[child] >= next_offset; });
  }
  std::uint32_t held() {
    const std::lock_guard lock(mutex_);
    return held_;
  }
  void wait_until_held(std::uint32_t calls) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_ >= calls; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t gated_ = 0;
  std::uint32_t held_ = 0;
  bool open_ = false;
  std::set<std::uint32_t> in_call_;
  std::map<std::uint32_t, std::int64_t> next_;
};

class RecordingStore final : public ports::OffsetStore {
 public:
  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> asked) override {
    return std::vector<std::optional<ports::Position>>(asked.size(), ports::Position{});
  }
  Result<void> store(std::span<const ports::StoredPosition> round) override {
    for (const ports::StoredPosition& entry : round) positions[entry.partition.partition] = entry.position.next_offset;
    return {};
  }
  Result<std::vector<std::optional<ports::KnownTopic>>> load_topics(std::span<const std::string> asked) override {
    return std::vector<std::optional<ports::KnownTopic>>(asked.size());
  }
  Result<void> store_topics(std::span<const ports::StoredTopic>) override { return {}; }
  Result<void> change(const ports::OperatorChange&) override { return {}; }
  Result<ports::StoreEntries> entries() override { return ports::StoreEntries(); }
  Result<std::vector<ports::JournalAct>> journal(std::size_t) override { return std::vector<ports::JournalAct>(); }
  std::map<std::int32_t, std::int64_t> positions;
};

class WorkersTest : public ::testing::Test {
 protected:
  void make(std::int32_t partitions, std::int64_t end) {
    config_.topics = {{"events", Value()}};
    source_ = std::make_unique<GenerousSource>(partitions, end);
    brain_.emplace(config_, *source_, BrainSettings{.until_end = true});
    sockets_ = *Sockets::open(1 << 20, {});
    log_ = *base::Log::open("error", "text", "");
    workers_ = std::make_unique<Workers>(Workers::Parts{.brain = *brain_,
                                                        .source = *source_,
                                                        .host = host_,
                                                        .store = store_,
                                                        .sockets = *sockets_,
                                                        .clock = clock_,
                                                        .log = *log_,
                                                        .config = config_});
  }

  /// `handler.max_threads` calls are out, and none returns before end(). Fewer than CPUs would leave more threads free.
  void hold_all_calls() {
    slow_names.begin();
    config_.max_threads = static_cast<std::uint32_t>(usable_cpus());
    make(usable_cpus(), 10);
    source_->tick_for_ever();
    host_.gate(config_.max_threads);
    node_ = std::thread([&] { workers_->run(); });
    host_.wait_until_held(config_.max_threads);
  }
  void end() {
    slow_names.answer(Workers::kSpareWorkers + 1);
    host_.open();
    node_.join();
  }

  config::NodeConfig config_;
  std::unique_ptr<GenerousSource> source_;
  GatedHost host_;
  RecordingStore store_;
  base::SystemClock clock_;
  std::optional<Brain> brain_;
  std::unique_ptr<Sockets> sockets_;
  std::unique_ptr<base::Log> log_;
  std::unique_ptr<Workers> workers_;
  std::thread node_;
};

TEST_F(WorkersTest, CarriesEverySetOfEveryPartitionInOrderAndStoresTheEnd) {
  constexpr std::int32_t kPartitions = 8;
  constexpr std::int64_t kEnd = 500;
  make(kPartitions, kEnd);
  const Finished how = workers_->run();
  EXPECT_EQ(how.exit_code, 0);
  for (std::int32_t partition = 0; partition < kPartitions; ++partition) EXPECT_EQ(store_.positions[partition], kEnd);
}

TEST_F(WorkersTest, CallbacksThatBlockOnEveryCpuDelayNoOtherPartition) {
  const auto blocked = static_cast<std::uint32_t>(usable_cpus());
  make(usable_cpus() + 1, 200);
  host_.gate(blocked);
  std::thread node([&] { workers_->run(); });
  host_.wait_until_held(blocked);
  host_.wait_until(blocked, 200);  // the partition behind the blocked ones: without the monitor it waits for ever
  host_.open();
  node.join();
  EXPECT_EQ(store_.positions[0], 200);
}

TEST_F(WorkersTest, StatusAnswersWhileEveryCallIsHeld) {
  make(usable_cpus(), 10);
  const auto partitions = static_cast<std::uint32_t>(usable_cpus());
  host_.gate(partitions);
  std::thread node([&] { workers_->run(); });
  host_.wait_until_held(partitions);
  EXPECT_EQ(workers_->status().partitions.size(), partitions);
  host_.open();
  node.join();
}

TEST_F(WorkersTest, CallsThatHoldEveryThreadHoldUpNoTimer) {
  config_.max_threads = 2;
  make(3, 10);
  source_->tick_for_ever();
  host_.gate(3);
  std::thread node([&] { workers_->run(); });
  host_.wait_until_held(2);
  source_->wait_for_more_ticks(5);  // nobody comes back from a call meanwhile
  EXPECT_EQ(host_.held(), 2u);
  EXPECT_TRUE(std::ranges::any_of(workers_->status().partitions, [](const operate::PartitionStatus& partition) {
    return partition.reason.find("no thread is free") != std::string::npos;
  }));
  host_.open();
  node.join();
  for (std::int32_t partition = 0; partition < 3; ++partition) EXPECT_EQ(store_.positions[partition], 10);
}

TEST_F(WorkersTest, CallsThatHoldTheirThreadsAndNamesThatAreNotFoundHoldUpNoTimer) {
  hold_all_calls();
  source_->dial_slow_hosts(Workers::kSpareWorkers - 1);
  slow_names.wait_until_asked(Workers::kSpareWorkers - 1);
  source_->wait_for_more_ticks(5);
  end();
}

TEST_F(WorkersTest, NoMoreThreadsThanThereAreToSpareLookForNames) {
  hold_all_calls();
  source_->dial_slow_hosts(Workers::kSpareWorkers + 1);
  slow_names.wait_until_asked(Workers::kSpareWorkers);
  slow_names.answer(1);
  slow_names.wait_until_asked(Workers::kSpareWorkers + 1);
  EXPECT_EQ(slow_names.most_at_a_time(), Workers::kSpareWorkers);
  end();
}

TEST_F(WorkersTest, DrainingLetsTheRunningCallEndAndStoresIt) {
  make(1, 1'000'000'000);
  host_.gate(1);
  Finished how;
  std::thread node([&] { how = workers_->run(); });
  host_.wait_until_held(1);
  workers_->drain();
  host_.open();
  node.join();
  EXPECT_EQ(how.exit_code, 1) << "it was to read to the end";
  EXPECT_FALSE(how.forced);
  EXPECT_GE(store_.positions[0], 1);
}

}  // namespace
}  // namespace ductus::node

/// In place of the C library's, which goes on to it for every other name.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  using ductus::node::SlowNames;
  if (host == SlowNames::kHost && (hints->ai_flags & AI_NUMERICHOST) == 0) {
    ductus::node::slow_names.ask();
    return EAI_NONAME;
  }
  static const auto kOfLibc = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return kOfLibc(host, service, hints, found);
}
