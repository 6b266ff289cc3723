#include "node/store_thread.h"

#include <utility>

namespace ductus::node {

StoreThread::StoreThread(ports::OffsetStore& store, Answers answers)
    : store_(store), answers_(std::move(answers)), thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StoreThread::submit(StoreRound round) { submit_request(std::move(round)); }
void StoreThread::submit(LoadPositions request) { submit_request(std::move(request)); }

void StoreThread::submit_request(Request request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  changed_.notify_one();
}

void StoreThread::run() {
  for (;;) {
    Request request;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !requests_.empty(); });
      if (stopping_) return;
      request = std::move(requests_.front());
      requests_.pop_front();
    }
    serve(std::move(request));
  }
}

void StoreThread::serve(Request request) {
  if (auto* round = std::get_if<StoreRound>(&request)) {
    const Result<void> outcome = carry_out(*round, store_);
    answers_.stored(std::move(*round), outcome);
  } else {
    auto& load = std::get<LoadPositions>(request);
    auto positions = carry_out(load, store_);
    answers_.loaded(std::move(load), std::move(positions));
  }
}

}  // namespace ductus::node
