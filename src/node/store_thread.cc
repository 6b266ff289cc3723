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
    carry_out(std::move(request));
  }
}

void StoreThread::carry_out(Request request) {
  if (auto* round = std::get_if<StoreRound>(&request)) {
    Result<void> outcome = store_.store(round->positions);
    if (outcome && !round->topics.empty()) outcome = store_.store_topics(round->topics);
    answers_.stored(std::move(*round), outcome);
  } else {
    auto& load = std::get<LoadPositions>(request);
    auto positions = load_all(load);
    answers_.loaded(std::move(load), std::move(positions));
  }
}

Result<std::vector<std::optional<ports::Position>>> StoreThread::load_all(LoadPositions& load) {
  auto positions = store_.load(load.partitions);
  if (!positions) return positions;
  for (const ports::TopicPartition& partition : load.partitions) load.known_topics[partition.topic];
  std::vector<std::string> topics;
  for (const auto& [topic, unknown] : load.known_topics) topics.push_back(topic);
  const auto known = store_.load_topics(topics);
  if (!known) return known.error();
  for (std::size_t i = 0; i < topics.size(); ++i) load.known_topics[topics[i]] = (*known)[i];
  return positions;
}

}  // namespace ductus::node
