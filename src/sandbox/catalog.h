// Catalog: the topics that a sandbox serves, and the command-line words that describe them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"
#include "sandbox/logs/event_log.h"
#include "sandbox/logs/partition_log.h"

namespace ductus::sandbox {

using TopicId = std::array<std::uint8_t, 16>;

struct Topic {
  std::string name;
  TopicId id{};
  std::vector<std::shared_ptr<PartitionLog>> partitions;
  /// nullptr where there is no such partition.
  PartitionLog* partition(std::int32_t index) const;
};

class Catalog {
 public:
  static constexpr std::int64_t kMaxPartitions = 100'000;

  /// "NAME:PARTITIONS:VALUE_BYTES:CODEC[:MESSAGES]", see PrebuiltLog. All partitions hold the same messages.
  Result<void> add_prebuilt(std::string_view words);
  /// "NAME:PARTITIONS:MESSAGES[:RATE_PER_S]", see EventLog; messages and rate are those of each partition.
  Result<void> add_events(std::string_view words, EventLog::Start start);

  const Topic* find(std::string_view name) const;
  const Topic* find(const TopicId& id) const;
  const std::map<std::string, Topic, std::less<>>& topics() const noexcept { return topics_; }

 private:
  Result<Topic*> add(std::string_view name);
  std::map<std::string, Topic, std::less<>> topics_;
};

/// What readers of the finite partitions must have seen, as JSON: a list of objects with topic, partition,
/// messages, value_bytes and checksum.
std::string expectations_json(const Catalog& catalog);

}  // namespace ductus::sandbox
