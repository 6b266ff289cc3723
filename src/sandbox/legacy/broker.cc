#include "sandbox/legacy/broker.h"

#include <chrono>
#include <random>
#include <utility>

#include "kafka/wire.h"
#include "sandbox/legacy/message_set.h"
#include "sandbox/legacy/prebuilt_sets.h"
#include "sandbox/legacy/topic_name.h"
#include "sandbox/logs/log_lines.h"

namespace ductus::sandbox::legacy {
namespace {

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// Empty: none.
std::string objection_to(const PrebuiltWords& words, Line line) {
  const std::string topic = "topic '" + words.name + "': ";
  if (!words.messages) return topic + "give MESSAGES: a log of the old line has an end";
  if (line == Line::k06 && words.codec != Codec::kNone) return topic + "0.6 has no codecs: give none";
  if (words.codec == Codec::kLz4 || words.codec == Codec::kZstd) return topic + "0.7 has none, gzip and snappy";
  if (*words.messages > kMaxPrebuiltBytes / words.partitions / words.value_bytes) {
    return topic + "more than " + std::to_string(kMaxPrebuiltBytes) + " bytes of values";
  }
  return {};
}

}  // namespace

std::int64_t Broker::wall_ms(base::Time now) const {
  return start_.since_1970_ms + std::chrono::duration_cast<std::chrono::milliseconds>(now - start_.time).count();
}

ByteLog::Settings Broker::log_settings() const {
  return {settings_.segment_bytes, settings_.line == Line::k07, settings_.flush_after_ms};
}

Result<Broker::Partitions*> Broker::add(const std::string& name, std::int32_t partitions, std::int64_t start_offset) {
  if (!partition_counts_.try_emplace(name, partitions).second) return invalid("topic '" + name + "' is there twice");
  Partitions& made = topics_[name];
  for (std::int32_t i = 0; i < partitions; ++i) {
    made.try_emplace(i, Partition{ByteLog(log_settings(), start_.since_1970_ms, start_offset), std::nullopt});
  }
  return &made;
}

Result<void> Broker::add_prebuilt(const PrebuiltWords& words) {
  if (std::string objection = objection_to(words, settings_.line); !objection.empty()) {
    return invalid(std::move(objection));
  }
  auto partitions = add(words.name, words.partitions, words.start_offset);
  if (!partitions) return partitions.error();
  const PrebuiltSets::Plan plan{words.value_bytes, words.codec, *words.messages};
  const PrebuiltSets& sets = prebuilt_.try_emplace(words.name, settings_.line, plan).first->second;
  for (auto& [number, partition] : **partitions) sets.append_to(partition.log);
  return {};
}

Result<void> Broker::add_events(const EventWords& words) {
  auto partitions = add(words.name, words.partitions, words.start_offset);
  if (!partitions) return partitions.error();
  for (auto& [number, partition] : **partitions) {
    partition.feed.emplace(settings_.line, EventLog::Plan{number, words.messages, words.rate_per_s}, start_);
  }
  return {};
}

std::vector<ExpectedPartition> Broker::expectations() const {
  std::vector<ExpectedPartition> rows;
  for (const auto& [name, partitions] : topics_) {
    const auto prebuilt = prebuilt_.find(name);
    std::optional<Expectation> of_all;
    if (prebuilt != prebuilt_.end()) of_all = prebuilt->second.expectation();
    for (const auto& [number, partition] : partitions) {
      if (of_all || partition.feed) rows.push_back({name, number, of_all ? *of_all : partition.feed->expectation()});
    }
  }
  return rows;
}

std::int32_t Broker::partitions_of(std::string_view topic) const {
  const auto found = partition_counts_.find(topic);
  return found == partition_counts_.end() ? settings_.default_partitions : found->second;
}

WireError Broker::check(std::string_view topic, std::int32_t partition) const {
  if (!is_topic_name(settings_.line, topic)) return WireError::kUnknown;
  return partition >= 0 && partition < partitions_of(topic) ? WireError::kNone : WireError::kWrongPartition;
}

ByteLog* Broker::existing(std::string_view topic, std::int32_t partition, base::Time now) {
  const auto partitions = topics_.find(topic);
  if (partitions == topics_.end()) return nullptr;
  const auto found = partitions->second.find(partition);
  if (found == partitions->second.end()) return nullptr;
  if (found->second.feed) found->second.feed->append_due(now, found->second.log);
  return &found->second.log;
}

Broker::Found Broker::find(std::string_view topic, std::int32_t partition, base::Time now) {
  if (settings_.line == Line::k06) return find_or_make(topic, partition, now);
  const WireError error = check(topic, partition);
  if (error != WireError::kNone) return {error};
  return {WireError::kNone, existing(topic, partition, now)};
}

Broker::Found Broker::find_or_make(std::string_view topic, std::int32_t partition, base::Time now) {
  const WireError error = check(topic, partition);
  if (error != WireError::kNone) return {error};
  if (ByteLog* log = existing(topic, partition, now)) return {WireError::kNone, log};
  if (!is_folder_name(topic, partition) || created_logs_ == kMaxCreatedLogs) return {WireError::kUnknown};
  ++created_logs_;
  const auto made = topics_[std::string(topic)].try_emplace(
      partition, Partition{ByteLog(log_settings(), wall_ms(now)), std::nullopt});
  return {WireError::kNone, &made.first->second.log};
}

Result<void> Broker::produce(std::string_view topic, std::int32_t partition, base::ByteView set, base::Time now) {
  if (partition == -1) partition = produced_anywhere_++ % partitions_of(topic);
  const Found found = find_or_make(topic, partition, now);
  if (found.error != WireError::kNone) return invalid("a PRODUCE to a partition that cannot be");
  const auto bytes = storable_bytes(settings_.line, set, settings_.max_message_bytes);
  if (!bytes && bytes.error().code == ErrorCode::kLimit) return {};
  if (!bytes) return bytes.error();
  if (!has_room_for(*bytes)) return Error{ErrorCode::kLimit, "more produced bytes than are kept"};
  produced_bytes_ += *bytes;
  found.log->append(set.first(*bytes), wall_ms(now));
  return {};
}

void Broker::append_message(const AppendMessage& message, base::Time now) {
  ByteLog* const log = find_or_make(message.topic, message.partition, now).log;
  if (log == nullptr || !has_room_for(static_cast<std::size_t>(message.payload_bytes))) return;
  produced_bytes_ += static_cast<std::size_t>(message.payload_bytes);
  std::mt19937 random(static_cast<std::mt19937::result_type>(message.payload_bytes));
  const std::string payload = log_line(random, message.payload_bytes);
  kafka::Writer entry;
  write_entry(settings_.line, Codec::kNone, {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()},
              entry);
  log->append(entry.bytes(), wall_ms(now));
}

void Broker::change(const LogChange& change, base::Time now) {
  if (const auto* append = std::get_if<AppendMessage>(&change)) return append_message(*append, now);
  if (const auto* forget = std::get_if<ForgetTopic>(&change)) {
    topics_.erase(forget->topic);
  } else if (const auto* roll = std::get_if<RollLog>(&change)) {
    if (ByteLog* log = existing(roll->topic, roll->partition, now)) log->roll(wall_ms(now));
  } else if (const auto* expire = std::get_if<ExpireSegments>(&change)) {
    if (ByteLog* log = existing(expire->topic, expire->partition, now)) log->expire(expire->segments, wall_ms(now));
  }
}

}  // namespace ductus::sandbox::legacy
