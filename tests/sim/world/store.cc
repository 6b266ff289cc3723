#include "sim/world/store.h"

namespace ductus::sim {

base::Duration SimStore::latency() {
  const bool slow = slow_until > timeline_.now();
  return slow ? random_.duration(std::chrono::seconds(1), std::chrono::seconds(20))
              : random_.duration(std::chrono::microseconds(100), std::chrono::milliseconds(20));
}

SimStore::Mood SimStore::mood() {
  if (down_until > timeline_.now()) return Mood::kDown;
  if (owned_by_other_until > timeline_.now()) return Mood::kRefused;
  if (forgets_to_answer_until <= timeline_.now() || random_.chance(0.3)) return Mood::kGood;
  return random_.chance(0.5) ? Mood::kDoneAndTimedOut : Mood::kTimedOut;
}

Error SimStore::error_of(Mood mood) {
  if (mood == Mood::kDown) return {ErrorCode::kUnreachable, "the store is away"};
  if (mood == Mood::kRefused) return {ErrorCode::kRefused, "another node owns the store"};
  return {ErrorCode::kTimedOut, "the store does not answer"};
}

std::optional<ports::Position> SimStore::durable(const ports::TopicPartition& partition) {
  return (*disk_.load({&partition, 1}))[0];
}

bool SimStore::would_go_back(const ports::TopicPartition& partition) {
  const std::optional<ports::Position> then = (*backup_.load({&partition, 1}))[0];
  const std::optional<ports::Position> now = durable(partition);
  return then && now && then->topic_id == now->topic_id && then->next_offset <= now->next_offset;
}

void SimStore::put(const ports::StoredPosition& position) {
  moved_.erase(position.partition);
  (void)disk_.store({&position, 1});
}

void SimStore::move(const ports::StoredPosition& position) {
  put(position);
  moved_.insert(position.partition);
}

Result<std::vector<std::optional<ports::Position>>> SimStore::load(std::span<const ports::TopicPartition> partitions) {
  const Mood today = mood();
  if (today != Mood::kGood) return error_of(today);
  auto positions = disk_.load(partitions);
  for (std::size_t i = 0; i < partitions.size() && !for_operator; ++i) {
    moved_.erase(partitions[i]);
    on_loaded(partitions[i], (*positions)[i]);
  }
  return positions;
}

Result<void> SimStore::store(std::span<const ports::StoredPosition> round) {
  const Mood today = mood();
  conflicts_.clear();
  for (std::size_t i = 0; i < round.size() && today != Mood::kDown && today != Mood::kRefused; ++i) {
    if (!moved_.contains(round[i].partition)) continue;
    conflicts_.push_back(i);
    on_conflict(round[i].partition);
  }
  if (!conflicts_.empty() || today == Mood::kRefused) ++refusals;
  if (!conflicts_.empty()) return Error{ErrorCode::kRefused, "somebody else has moved it"};
  if (today == Mood::kGood || today == Mood::kDoneAndTimedOut) {
    for (const ports::StoredPosition& one : round) on_stored(one);
    (void)disk_.store(round);
  }
  if (today != Mood::kGood) return error_of(today);
  return {};
}

Result<std::vector<std::optional<ports::KnownTopic>>> SimStore::load_topics(std::span<const std::string> topics) {
  const Mood today = mood();
  if (today != Mood::kGood) return error_of(today);
  return disk_.load_topics(topics);
}

Result<void> SimStore::store_topics(std::span<const ports::StoredTopic> topics) {
  on_second_step();
  const Mood today = mood();
  if (today == Mood::kGood || today == Mood::kDoneAndTimedOut) (void)disk_.store_topics(topics);
  if (today != Mood::kGood) return error_of(today);
  return {};
}

Result<void> SimStore::change(const ports::OperatorChange& change) {
  const Mood today = mood();
  if (today == Mood::kGood || today == Mood::kDoneAndTimedOut) {
    for (const ports::PositionChange& one : change.positions) {
      on_changed(one.partition, *one.after);
      put({one.partition, *one.after});
    }
  }
  if (today != Mood::kGood) return error_of(today);
  return {};
}

}  // namespace ductus::sim
