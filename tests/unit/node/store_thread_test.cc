#include "node/store_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>

namespace ductus::node {
namespace {

using namespace std::chrono_literals;

/// Keeps nothing; counts how often it is kept alive, and blocks in there when it is told to.
class LivelyStore final : public ports::OffsetStore {
 public:
  explicit LivelyStore(std::optional<std::chrono::milliseconds> every) : every_(every) {}

  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> asked) override {
    return std::vector<std::optional<ports::Position>>(asked.size());
  }
  Result<void> store(std::span<const ports::StoredPosition>) override { return {}; }
  Result<std::vector<std::optional<ports::KnownTopic>>> load_topics(std::span<const std::string> topics) override {
    return std::vector<std::optional<ports::KnownTopic>>(topics.size());
  }
  Result<void> store_topics(std::span<const ports::StoredTopic>) override { return {}; }
  Result<void> change(const ports::OperatorChange&) override { return {}; }
  Result<ports::StoreEntries> entries() override { return ports::StoreEntries{}; }
  Result<std::vector<ports::JournalAct>> journal(std::size_t) override { return std::vector<ports::JournalAct>(); }

  std::optional<std::chrono::milliseconds> keep_alive_every() const override { return every_; }
  Result<void> keep_alive() override {
    ++kept_alive_;
    kept_alive_.notify_all();
    return Error{ErrorCode::kUnreachable, "away"};
  }

  void wait_for_keep_alives(int count) {
    for (int seen = kept_alive_; seen < count; seen = kept_alive_) kept_alive_.wait(seen);
  }
  int kept_alive() const { return kept_alive_; }

 private:
  std::optional<std::chrono::milliseconds> every_;
  std::atomic<int> kept_alive_{0};
};

StoreThread::Answers answers_to(std::counting_semaphore<>& stored) {
  return {.stored =
              [&](StoreRound, const Result<void>& outcome) {
                if (outcome) stored.release();
              },
          .loaded = {},
          .changed = {},
          .saved = {},
          .kept_alive = [](const Result<void>& outcome) { EXPECT_EQ(outcome.error().message, "away"); }};
}

TEST(StoreThread, KeepsAStoreAliveWhileNobodyAsksForAnything) {
  LivelyStore store(1ms);
  std::counting_semaphore<> stored(0);
  StoreThread thread(store, {}, answers_to(stored));
  store.wait_for_keep_alives(3);
  thread.submit(StoreRound{});
  stored.acquire();
  store.wait_for_keep_alives(store.kept_alive() + 2);
}

TEST(StoreThread, LetsRequestsGoFirst) {
  LivelyStore store(1h);
  std::counting_semaphore<> stored(0);
  StoreThread thread(store, {}, answers_to(stored));
  for (int i = 0; i < 10; ++i) {
    thread.submit(StoreRound{});
    stored.acquire();
  }
  EXPECT_LE(store.kept_alive(), 1) << "when the thread began";
}

TEST(StoreThread, TellsAtOnceThatAStoreIsAway) {
  LivelyStore store(1h);
  std::counting_semaphore<> stored(0);
  std::counting_semaphore<> told(0);
  auto answers = answers_to(stored);
  answers.kept_alive = [&](const Result<void>& outcome) {
    EXPECT_EQ(outcome.error().code, ErrorCode::kUnreachable);
    told.release();
  };
  const StoreThread thread(store, {}, std::move(answers));
  told.acquire();
}

TEST(StoreThread, LeavesAStoreAloneThatWantsNothing) {
  LivelyStore store(std::nullopt);
  std::counting_semaphore<> stored(0);
  StoreThread thread(store, {}, answers_to(stored));
  thread.submit(StoreRound{});
  stored.acquire();
  EXPECT_EQ(store.kept_alive(), 0);
}

}  // namespace
}  // namespace ductus::node
