#include "sim/world/logs.h"

#include <algorithm>

#include "unit/kafka/record_batch_builder.h"

namespace ductus::sim {
namespace {

constexpr std::int16_t kTransactional = 0x10;

}  // namespace

// ---- one log ---------------------------------------------------------------------------------------------

std::int64_t Log::stable_end() const {
  std::int64_t stable = end;
  for (const auto& [producer, first] : open) stable = std::min(stable, first);
  return stable;
}

std::size_t Log::batch_at(std::int64_t offset) const {
  const auto found =
      std::partition_point(batches.begin(), batches.end(), [&](const LogBatch& batch) { return batch.last < offset; });
  return static_cast<std::size_t>(found - batches.begin());
}

std::int64_t Log::any_place(std::int64_t from, std::int64_t to, Random& random) const {
  if (segments.empty()) return random.between(from, to);
  const std::size_t first = batch_at(from);
  const std::size_t count = batch_at(to) - first + 1;
  const std::size_t index = first + random.below(count);
  return index < batches.size() ? std::max(batches[index].base, from) : end;
}

// As Kafka's LeaderEpochFileCache.endOffsetFor().
std::pair<std::int32_t, std::int64_t> Log::end_of_epoch(std::int32_t asked) const {
  if (epoch_starts.empty()) return {-1, -1};
  if (asked == epoch_starts.rbegin()->first) return {asked, end};
  const auto higher = epoch_starts.upper_bound(asked);
  if (higher == epoch_starts.end()) return {-1, -1};
  if (higher == epoch_starts.begin()) return {asked, higher->second};
  return {std::prev(higher)->first, higher->second};
}

// ---- topics ----------------------------------------------------------------------------------------------

Topic& Logs::create(const std::string& name, int partitions, Random& random) {
  Topic& topic = topics_.emplace_back();
  topic.name = name;
  topic.id[0] = ++last_id_;
  current_[name] = topics_.size() - 1;
  for (int i = 0; i < partitions; ++i) add_partition(topic, random);
  return topic;
}

void Logs::add_partition(Topic& topic, Random& random) {
  Log& log = topic.logs.emplace_back();
  log.leader = static_cast<std::int32_t>(random.between(1, brokers_));
  log.epoch_starts[0] = 0;
  if (segment_bytes > 0) log.segments.push_back(0);
}

std::vector<std::string> Logs::names() const {
  std::vector<std::string> names;
  for (const auto& [name, index] : current_) names.push_back(name);
  return names;
}

Topic& Logs::incarnation(const std::string& name, const ports::TopicId& id) {
  for (Topic& topic : topics_) {
    if (topic.id == id) return topic;
  }
  return topic(name);
}

Topic* Logs::find(const ports::TopicId& id) {
  for (const auto& [name, index] : current_) {
    if (topics_[index].id == id) return &topics_[index];
  }
  return nullptr;
}

std::vector<Topic*> Logs::former(const std::string& name) {
  std::vector<Topic*> gone;
  for (std::size_t i = 0; i < topics_.size(); ++i) {
    if (topics_[i].name == name && i != current_.at(name)) gone.push_back(&topics_[i]);
  }
  return gone;
}

// ---- what happens to a log -------------------------------------------------------------------------------

LogBatch& Logs::new_batch(Log& log, int count, std::int16_t attributes, std::int64_t producer, Record::Fate fate) {
  LogBatch& batch = log.batches.emplace_back();
  batch.base = log.end;
  batch.last = log.end + count - 1;
  batch.epoch = log.epoch;
  batch.producer_id = producer;
  batch.attributes = attributes;
  for (int i = 0; i < count; ++i) {
    batch.records.push_back(static_cast<Uid>(records.size()));
    records.push_back({.log = &log, .offset = log.end++, .epoch = log.epoch, .fate = fate});
  }
  encode(batch, records);
  return batch;
}

void Logs::append(Log& log, int count, std::int16_t codec) { new_batch(log, count, codec, -1, Record::Fate::kPlain); }

void Logs::append_entry(Log& log, int count, const EntryForm& form) {
  LogBatch& batch = log.batches.emplace_back();
  batch.base = log.end;
  batch.epoch = log.epoch;
  std::vector<std::string> values;
  for (int i = 0; i < count; ++i) {
    batch.records.push_back(static_cast<Uid>(records.size()));
    values.push_back(value_of(batch.records.back()));
    records.push_back({.log = &log, .offset = batch.base, .epoch = log.epoch});
  }
  batch.bytes = entry_of(values, form);
  for (int i = 0; i < count; ++i) {
    Record& record = records[batch.records[static_cast<std::size_t>(i)]];
    record.entry_bytes = static_cast<std::int32_t>(batch.bytes.size());
    record.part = static_cast<std::uint16_t>(i);
    record.ends_entry = i + 1 == count;
  }
  log.end += static_cast<std::int64_t>(batch.bytes.size());
  batch.last = log.end - 1;
  log.boundaries.insert(log.boundaries.end(), log.end);
  if (count == 0) log.hollows[batch.base] = log.end;
  if (log.end - log.segments.back() >= segment_bytes) log.segments.push_back(log.end);
}

void Logs::append_in_transaction(Log& log, std::int64_t producer, int count) {
  log.open.try_emplace(producer, log.end);
  new_batch(log, count, kTransactional, producer, Record::Fate::kOpen);
}

void Logs::end_transaction(Log& log, std::int64_t producer, bool commit) {
  const auto open = log.open.find(producer);
  if (open == log.open.end()) return;
  const std::int64_t first = open->second;
  log.open.erase(open);
  for (std::size_t i = log.batch_at(first); i < log.batches.size(); ++i) {
    if (log.batches[i].producer_id != producer) continue;
    for (const Uid uid : log.batches[i].records) {
      if (records[uid].fate == Record::Fate::kOpen) {
        records[uid].fate = commit ? Record::Fate::kCommitted : Record::Fate::kAborted;
      }
    }
  }
  LogBatch& marker = log.batches.emplace_back();
  marker.base = marker.last = log.end;
  marker.epoch = log.epoch;
  marker.producer_id = producer;
  marker.records.push_back(static_cast<Uid>(records.size()));
  records.push_back({.log = &log, .offset = log.end++, .epoch = log.epoch, .fate = Record::Fate::kControl});
  kafka::RecordBatchBuilder builder{.base_offset = marker.base, .leader_epoch = marker.epoch, .producer_id = producer};
  marker.bytes = builder.add_marker(commit ? 1 : 0).build();
  if (!commit) log.aborted.push_back({producer, first, marker.last});
}

void Logs::move_leader(Log& log, std::int32_t broker) {
  log.leader = broker;
  ++log.epoch;
  // An epoch in which nothing was written leaves no trace.
  std::erase_if(log.epoch_starts, [&](const auto& epoch) { return epoch.second >= log.end; });
  log.epoch_starts[log.epoch] = log.end;
}

void Logs::lose_tail(Log& log, std::int32_t broker, std::int64_t at) {
  while (!log.batches.empty() && log.batches.back().last >= at) {
    at = std::min(at, std::max(log.batches.back().base, log.start));
    for (const Uid uid : log.batches.back().records) {
      Record& record = records[uid];
      if (!record.there) continue;
      record.there = false;
      record.cut_in_epoch = log.epoch + 1;
      log.cut.push_back(uid);
    }
    log.batches.pop_back();
  }
  log.end = at;
  log.checked = std::min(log.checked, at);
  log.cut_epoch = log.epoch + 1;
  log.is_sound = false;
  log.damaged_to = std::min(log.damaged_to, at);
  std::erase_if(log.open, [&](const auto& open) { return open.second >= at; });
  // A marker that is lost leaves its transaction open again: no such cut is made (see faults.cc).
  std::erase_if(log.aborted, [&](const AbortedRange& range) { return range.last >= at; });
  while (log.segments.size() > 1 && log.segments.back() > at) log.segments.pop_back();
  move_leader(log, broker);
}

void Logs::damage(Log& log, LogBatch& entry, Random& random) {
  constexpr std::size_t kCrcAt = 6;
  entry.bytes[kCrcAt + random.below(entry.bytes.size() - kCrcAt)] ^= 0x55;
  for (const Uid uid : entry.records) records[uid].there = false;
  log.damaged_to = std::max(log.damaged_to, entry.last + 1);
  log.is_sound = false;
}

void Logs::make_anew(Log& log) {
  log.damaged_to = 0;
  lose_tail(log, log.leader, log.start);
  log.start = log.end = log.checked = 0;
  log.segments.assign(1, 0);
}

void Logs::trim(Log& log, std::int64_t start) {
  log.start = std::clamp(start, log.start, log.stable_end());
  const auto forget = [&](const LogBatch& batch, std::int64_t below) {
    for (const Uid uid : batch.records) {
      if (records[uid].offset < below) records[uid].there = false;
    }
  };
  while (!log.batches.empty() && log.batches.front().last < log.start) {
    forget(log.batches.front(), log.start);
    log.batches.pop_front();
  }
  if (!log.batches.empty()) forget(log.batches.front(), log.start);
  while (log.epoch_starts.size() > 1 && std::next(log.epoch_starts.begin())->second <= log.start) {
    log.epoch_starts.erase(log.epoch_starts.begin());
  }
  if (!log.epoch_starts.empty()) {
    auto& oldest = log.epoch_starts.begin()->second;
    oldest = std::max(oldest, log.start);
  }
  std::erase_if(log.aborted, [&](const AbortedRange& range) { return range.last < log.start; });
  if (!log.segments.empty() && log.segments.back() < log.start) log.segments.push_back(log.start);
  std::erase_if(log.segments, [&](std::int64_t begin) { return begin < log.start; });
}

void Logs::compact(Log& log, Random& random) {
  const std::int64_t stable = log.stable_end();
  // The newest batches are never cleaned.
  for (std::size_t i = 0; i + 3 < log.batches.size() && log.batches[i].last < stable;) {
    LogBatch& batch = log.batches[i];
    const bool is_control = !batch.records.empty() && records[batch.records[0]].fate == Record::Fate::kControl;
    if (is_control || random.chance(0.5)) {
      ++i;
      continue;
    }
    const bool whole = random.chance(0.3);
    std::erase_if(batch.records, [&](Uid uid) {
      const bool goes = whole || random.chance(0.4);
      if (goes) records[uid].there = false;
      return goes;
    });
    if (batch.records.empty() && random.chance(0.5)) {
      log.batches.erase(log.batches.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    encode(batch, records);  // where none is left, the batch stays as an empty one
    ++i;
  }
}

// ---- bytes -----------------------------------------------------------------------------------------------

std::string Logs::value_of(Uid uid) {
  std::string value(reinterpret_cast<const char*>(&uid), sizeof uid);
  value.append(uid % 61, static_cast<char>('a' + uid % 26));
  return value;
}

void Logs::encode(LogBatch& batch, const std::vector<Record>& records) {
  kafka::RecordBatchBuilder builder;
  builder.base_offset = batch.base;
  builder.leader_epoch = batch.epoch;
  builder.attributes = batch.attributes;
  builder.producer_id = batch.producer_id;
  builder.last_offset_delta = static_cast<std::int32_t>(batch.last - batch.base);
  for (const Uid uid : batch.records) {
    builder.next_delta = static_cast<std::int32_t>(records[uid].offset - batch.base);
    builder.add(std::nullopt, value_of(uid));
  }
  batch.bytes = builder.build();
}

}  // namespace ductus::sim
