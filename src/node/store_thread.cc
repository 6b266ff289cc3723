#include "node/store_thread.h"

#include <chrono>
#include <optional>
#include <utility>

namespace ductus::node {

StoreThread::StoreThread(ports::OffsetStore& store, std::filesystem::path dir, Answers answers)
    : store_(store), dir_(std::move(dir)), answers_(std::move(answers)), thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StoreThread::submit(Request request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  changed_.notify_one();
}

void StoreThread::run() {
  using std::chrono::steady_clock;
  const auto every = store_.keep_alive_every();
  auto keep_alive_at = every ? steady_clock::now() : steady_clock::time_point::max();
  for (;;) {
    std::optional<Request> request;
    {
      std::unique_lock lock(mutex_);
      const auto due = [&] { return stopping_ || !requests_.empty(); };
      if (!every) changed_.wait(lock, due);
      if (every) changed_.wait_until(lock, keep_alive_at, due);
      if (stopping_) return;
      if (!requests_.empty()) {
        request = std::move(requests_.front());
        requests_.pop_front();
      }
    }
    if (request) {
      serve(*std::move(request));
    } else {
      answers_.kept_alive(store_.keep_alive());
      keep_alive_at = steady_clock::now() + *every;
    }
  }
}

void StoreThread::serve(Request request) {
  if (auto* round = std::get_if<StoreRound>(&request)) {
    const Result<void> outcome = carry_out(*round, store_);
    answers_.stored(std::move(*round), outcome);
  } else if (auto* load = std::get_if<LoadPositions>(&request)) {
    auto positions = carry_out(*load, store_);
    answers_.loaded(std::move(*load), std::move(positions));
  } else if (auto* change = std::get_if<ChangePositions>(&request)) {
    answers_.changed(change->command, carry_out(*change, store_));
  } else {
    answers_.saved(std::get<SavePaused>(request).paused.save(dir_));
  }
}

}  // namespace ductus::node
