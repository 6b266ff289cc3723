// StoreThread: the one thread that talks to the offset store, and notes what is paused: both may block on disk or
// network. At first, and while nobody asks for anything, it tells the store to keep alive, in the rhythm that the store
// wants: so it is known whether the store is there though there is nothing to store.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "ductus/result.h"
#include "node/work.h"
#include "ports/offset_store.h"

namespace ductus::node {

class StoreThread {
 public:
  /// Called from the thread with each answer.
  struct Answers {
    std::function<void(StoreRound, const Result<void>&)> stored;
    std::function<void(LoadPositions, Result<std::vector<std::optional<ports::Position>>>)> loaded;
    std::function<void(std::uint64_t command, const Result<void>&)> changed;  ///< ChangePositions
    std::function<void(const Result<void>&)> saved;                           ///< SavePaused
    std::function<void(const Result<void>&)> kept_alive;
  };

  /// `store` outlives it. `dir`: of the node, for SavePaused.
  StoreThread(ports::OffsetStore& store, std::filesystem::path dir, Answers answers);
  /// Ends after the request it is at; what waits is dropped.
  ~StoreThread();

  /// Thread: any. Blocking: no. Requests are carried out in order.
  using Request = std::variant<StoreRound, LoadPositions, ChangePositions, SavePaused>;
  void submit(Request request);

 private:
  void run();
  void serve(Request request);

  ports::OffsetStore& store_;
  const std::filesystem::path dir_;
  Answers answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> requests_;  // at most one of each kind: the brain asks for the next after the answer
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ductus::node
