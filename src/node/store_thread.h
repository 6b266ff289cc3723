// StoreThread: the one thread that talks to the offset store, which may block on disk or network.
#pragma once

#include <condition_variable>
#include <deque>
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
  };

  /// `store` outlives it.
  StoreThread(ports::OffsetStore& store, Answers answers);
  /// Ends after the request it is at; what waits is dropped.
  ~StoreThread();

  /// Thread: any. Blocking: no. Requests are carried out in order.
  void submit(StoreRound round);
  void submit(LoadPositions request);

 private:
  using Request = std::variant<StoreRound, LoadPositions>;
  void submit_request(Request request);
  void run();
  void serve(Request request);

  ports::OffsetStore& store_;
  Answers answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> requests_;  // at most one round and one load: the brain asks for the next after the answer
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ductus::node
