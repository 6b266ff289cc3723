// Catalog: the topics that a sandbox serves by today's protocol.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"
#include "sandbox/logs/event_log.h"
#include "sandbox/logs/expectations.h"
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
  /// A topic of PrebuiltLogs, by PrebuiltWords. All partitions hold the same messages. Error: kInvalid.
  Result<void> add_prebuilt(std::string_view words);
  /// A topic of EventLogs, by EventWords. Error: kInvalid.
  Result<void> add_events(std::string_view words, EventLog::Start start);

  const Topic* find(std::string_view name) const;
  const Topic* find(const TopicId& id) const;
  const std::map<std::string, Topic, std::less<>>& topics() const noexcept { return topics_; }
  /// Of the finite partitions.
  std::vector<ExpectedPartition> expectations() const;

 private:
  Result<Topic*> add(const std::string& name, std::int64_t start_offset);
  std::map<std::string, Topic, std::less<>> topics_;
};

}  // namespace ductus::sandbox
