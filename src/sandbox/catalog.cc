#include "sandbox/catalog.h"

#include <cstring>
#include <optional>

#include "sandbox/logs/prebuilt_log.h"
#include "sandbox/topic_words.h"

namespace ductus::sandbox {
namespace {

// The same name has the same id in every run; never the zero id, which means "none".
TopicId id_of(std::string_view name) {
  TopicId id{};
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3U;
  std::memcpy(id.data(), &hash, sizeof hash);
  std::memcpy(id.data() + 8, "sandbox!", 8);
  return id;
}

}  // namespace

PartitionLog* Topic::partition(std::int32_t index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= partitions.size()) return nullptr;
  return partitions[static_cast<std::size_t>(index)].get();
}

Result<Topic*> Catalog::add(const std::string& name, std::int64_t start_offset) {
  if (start_offset != 0)
    return Error{ErrorCode::kInvalid, "topic '" + name + "': start= is for --protocol 0.7 and 0.6"};
  const auto [at, is_new] = topics_.try_emplace(name);
  if (!is_new) return Error{ErrorCode::kInvalid, "topic '" + name + "' is there twice"};
  at->second.name = name;
  at->second.id = id_of(name);
  return &at->second;
}

Result<void> Catalog::add_prebuilt(std::string_view words) {
  const auto read = read_prebuilt_words(words);
  if (!read) return read.error();
  auto topic = add(read->name, read->start_offset);
  if (!topic) return topic.error();
  (*topic)->partitions.assign(static_cast<std::size_t>(read->partitions),
                              std::make_shared<PrebuiltLog>(read->value_bytes, read->codec, read->messages));
  return {};
}

Result<void> Catalog::add_events(std::string_view words, EventLog::Start start) {
  const auto read = read_event_words(words);
  if (!read) return read.error();
  auto topic = add(read->name, read->start_offset);
  if (!topic) return topic.error();
  for (std::int32_t partition = 0; partition < read->partitions; ++partition) {
    const EventLog::Plan plan{partition, read->messages, read->rate_per_s};
    (*topic)->partitions.push_back(std::make_shared<EventLog>(plan, start));
  }
  return {};
}

const Topic* Catalog::find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

const Topic* Catalog::find(const TopicId& id) const {
  for (const auto& [name, topic] : topics_) {
    if (topic.id == id) return &topic;
  }
  return nullptr;
}

std::vector<ExpectedPartition> Catalog::expectations() const {
  std::vector<ExpectedPartition> rows;
  for (const auto& [name, topic] : topics_) {
    const PartitionLog* previous = nullptr;
    std::optional<Expectation> expected;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const PartitionLog* log = topic.partitions[i].get();
      if (log != previous) expected = log->expectation();
      previous = log;
      if (expected) rows.push_back({name, static_cast<std::int32_t>(i), *expected});
    }
  }
  return rows;
}

}  // namespace ductus::sandbox
