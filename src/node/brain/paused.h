// Paused: the topics and partitions that an operator has paused. It outlives the node, as a file in the node's folder:
// one TOPIC or TOPIC/PARTITION a line.
//
// Thread: a plain value; files may block on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::node {

class Paused {
 public:
  /// A longer file is refused.
  static constexpr std::size_t kMaxFileBytes = 16u << 20;

  /// What the file of the node in `dir` says; nothing where there is none. Errors: kInvalid (a line that is neither),
  /// kLimit, kIo.
  static Result<Paused> load(const std::filesystem::path& dir);
  /// Durable on return; killed in between, the file is as it was. Error: kIo.
  Result<void> save(const std::filesystem::path& dir) const;

  /// A whole topic, also its partitions to come; or one partition.
  void add(const std::string& topic, std::optional<std::int32_t> partition);
  /// A whole topic with all its partitions. One partition of a topic that is paused as a whole: the others, of
  /// `partition_count`, stay so.
  void remove(const std::string& topic, std::optional<std::int32_t> partition, std::int32_t partition_count);
  bool contains(const ports::TopicPartition& partition) const;
  bool operator==(const Paused&) const = default;

 private:
  static constexpr std::int32_t kWholeTopic = -1;
  std::set<std::pair<std::string, std::int32_t>> entries_;
};

}  // namespace ductus::node
