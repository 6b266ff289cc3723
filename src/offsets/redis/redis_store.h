// RedisStore: positions in Redis, laid out as layout.h says. Each write is one script that looks at the owner and at
// what it is about to replace, and then writes all or nothing: what somebody else has set meanwhile is never
// overwritten.
//
// What store() has acknowledged is as durable as the server is set to be; a warning says where that is little.
// Thread: one at a time. Blocking: at most RedisConnection's time-outs, a few times per call.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/name_lock.h"
#include "offsets/redis/session.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

struct RedisStoreSettings {
  RedisSettings server;
  std::string handler_name;
  base::LockOwner owner = base::LockOwner::kVerb;
  std::string owner_name;                         ///< who asks, for people on other hosts: "node 'pipe' on db1"
  std::string machine = net::machine_identity();  ///< which owners this one can see the death of
  std::function<void(const std::string&)> warn;   ///< told what is doubtful; may be empty
};

class RedisStore final : public ports::OffsetStore {
 public:
  static constexpr std::chrono::seconds kKeepAliveEvery{3};

  /// Takes the lock of this machine, and for a node the lease. A node opens as well while Redis is away or says no:
  /// each call tries again. Blocking: as NameLock::acquire() and RedisConnection. Errors: kRefused (a node holds the
  /// lock or a fresh lease), kTimedOut (a verb the lock), kUnsupported (a newer schema, a cluster), kCorrupt (keys of
  /// another type), kInvalid (a TLS file); for a verb all of RedisConnection's.
  static Result<std::unique_ptr<RedisStore>> open(RedisStoreSettings settings);

  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> partitions) override;
  /// kRefused: see conflicts(). After an unknown outcome the next call reads back first: what had been written after
  /// all is no conflict.
  Result<void> store(std::span<const ports::StoredPosition> round) override;
  Result<std::vector<std::optional<ports::KnownTopic>>> load_topics(std::span<const std::string> topics) override;
  Result<void> store_topics(std::span<const ports::StoredTopic> topics) override;
  Result<void> change(const ports::OperatorChange& change) override;
  Result<ports::StoreEntries> entries() override;
  Result<std::vector<ports::JournalAct>> journal(std::size_t limit) override;

  std::vector<std::size_t> conflicts() const override { return conflicts_; }
  std::optional<std::chrono::milliseconds> keep_alive_every() const override;
  Result<void> keep_alive() override { return session_.renew(); }

 private:
  /// A place that is to be written.
  struct Write {
    ports::TopicPartition partition;
    std::string expected;  // as the script takes it
    std::string place;
  };
  RedisStore(net::NameLock lock, RedisSettings server, const std::string& handler_name, RedisOwner owner,
             std::function<void(const std::string&)> warn);
  Result<void> write(const std::vector<Write>& writes, std::span<const ports::StoredTopic> topics,
                     const ports::OperatorChange* noted);
  Result<std::vector<std::string>> read_places(std::span<const ports::TopicPartition> partitions);
  Result<void> read_back();
  Result<ports::Position> position_at(const std::string& field, const std::string& place) const;
  Error damaged(const std::string& key, const std::string& field, const std::string& found) const;
  Error answer_cut() const;

  net::NameLock lock_;  // outlives the lease
  RedisSession session_;
  std::map<ports::TopicPartition, std::string> known_;   // what this store wrote or read last, as place_text()
  std::map<ports::TopicPartition, std::string> unsure_;  // what it tried to write when the answer was lost
  std::vector<std::size_t> conflicts_;
};

}  // namespace ductus::offsets
