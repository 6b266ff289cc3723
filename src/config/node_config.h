// NodeConfig: everything a node is told, checked and with defaults filled in.
// The keys are those of docs/configuration.md.
//
// Thread: a plain value, made once by load() and never changed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"
#include "ductus/value.h"

namespace ductus::config {

/// What to do when a partition's stored offset cannot be used.
enum class OffsetPolicy : std::uint8_t { kStop, kEarliest, kLatest };

struct BrokerAddress {
  std::string host;
  std::uint16_t port = 9092;
  bool operator==(const BrokerAddress&) const = default;
};

/// What the brokers speak; kAuto: found out when they are first asked.
enum class SourceProtocol : std::uint8_t { kAuto, kKafka, kKafka07, kKafka06 };

/// Where a verb that resets offsets reads the newest and the oldest ones.
enum class ResetSource : std::uint8_t { kSource, kTarget };

struct PartitionRange {
  std::int32_t first = 0;
  std::int32_t last = 0;  ///< included
  bool operator==(const PartitionRange&) const = default;
};

struct TopicConfig {
  std::string name;
  Value init;                              ///< given to Module::init()
  std::vector<PartitionRange> partitions;  ///< ascending, none twice; empty: all

  bool reads(std::int32_t partition) const {
    const auto holds = [&](const PartitionRange& range) { return range.first <= partition && partition <= range.last; };
    return partitions.empty() || std::any_of(partitions.begin(), partitions.end(), holds);
  }
  /// The highest partition that is named + 1; 1 where none is.
  std::int32_t named_partitions() const {
    return partitions.empty() ? 1 : std::min(partitions.back().last, INT32_MAX - 1) + 1;
  }
  /// How many partitions from `first` to the one before `end` are read.
  std::int64_t count(std::int32_t first, std::int32_t end) const {
    if (partitions.empty()) return std::max(end - first, 0);
    std::int64_t sum = 0;
    for (const PartitionRange& range : partitions) {
      const std::int64_t behind = std::min<std::int64_t>(std::int64_t{range.last} + 1, end);
      sum += std::max<std::int64_t>(behind - std::max(range.first, first), 0);
    }
    return sum;
  }
  bool operator==(const TopicConfig&) const = default;
};

/// A Redis server, as `store.url` names it.
struct RedisPlace {
  std::string host;  ///< empty where it is a unix socket
  std::uint16_t port = 6379;
  std::filesystem::path unix_path;  ///< absolute
  bool tls = false;
  std::string user;  ///< of an ACL; empty: the default one
  std::uint32_t database = 0;
  bool operator==(const RedisPlace&) const = default;
};

struct NodeConfig {
  std::string name;          ///< the config's name: NAME of NAME.toml
  std::string handler_name;  ///< the key of its offsets; default: `name`

  // [node]
  std::filesystem::path dir;  ///< absolute; lock, socket, SQLite file and log live here
  std::chrono::milliseconds stop_timeout{10'000};

  // [source]
  std::vector<BrokerAddress> brokers;
  SourceProtocol protocol = SourceProtocol::kAuto;
  bool may_create_topics = false;                      ///< by asking for them, as brokers of Kafka 0.6 do
  bool read_committed = true;                          ///< `isolation.level`
  std::chrono::milliseconds fetch_max_wait{500};       ///< `fetch.max.wait.ms`: the long poll
  std::chrono::milliseconds metadata_max_age{60'000};  ///< `metadata.max.age.ms`
  std::string client_id = "ductus";                    ///< `client.id`

  // [target]
  std::vector<BrokerAddress> target_brokers;  ///< not empty where `reset_source` is kTarget

  // [fetch] [batch] [memory]
  std::size_t fetch_max_frame_bytes = 128u << 20;
  std::size_t batch_max_bytes = 1u << 20;
  std::size_t memory_budget_bytes = 256u << 20;

  // [store]
  std::string store_url = "sqlite:offsets.db";  ///< as written; a relative path counts from `dir` or the base folder
  std::filesystem::path store_path;             ///< absolute; for sqlite
  std::optional<RedisPlace> redis;              ///< where `store_url` is one of Redis
  std::string store_password;                   ///< never shown
  std::filesystem::path store_password_file;    ///< absolute, as the following ones; empty: none
  std::filesystem::path store_ca_file;
  std::filesystem::path store_cert_file;
  std::filesystem::path store_key_file;
  std::uint32_t max_uncommitted_batches = 16;

  // [offsets]
  OffsetPolicy when_missing = OffsetPolicy::kStop;
  OffsetPolicy when_out_of_range = OffsetPolicy::kStop;
  OffsetPolicy when_truncated = OffsetPolicy::kStop;
  OffsetPolicy when_recreated = OffsetPolicy::kStop;
  ResetSource reset_source = ResetSource::kSource;

  // [handler]
  std::string module = "file";
  Value settings;
  std::uint32_t max_threads = 256;

  // [periodic]
  std::optional<std::chrono::milliseconds> periodic_every;

  // [supervision]
  std::uint32_t intensity = 100;
  std::chrono::milliseconds period{10'000};
  std::chrono::milliseconds stall_after{60'000};
  std::chrono::milliseconds escalate_after{60'000};

  // [log]
  std::string log_level = "info";
  std::string log_format = "text";
  std::filesystem::path log_file;  ///< empty: stderr

  std::vector<TopicConfig> topics;
  std::filesystem::path base_dir;     ///< relative paths of the config count from here
  std::vector<std::string> warnings;  ///< what was read and means nothing here, with its place

  /// What was written for each key that was, secrets and all: for settings_of() alone. Shared by copies.
  std::shared_ptr<const Settings> written;
  /// nullptr: nothing was.
  const Setting* written_for(std::string_view path) const {
    if (written == nullptr) return nullptr;
    const auto found = written->find(path);
    return found == written->end() ? nullptr : &found->second;
  }
};

}  // namespace ductus::config
