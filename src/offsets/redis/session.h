// RedisSession: scripts run on behalf of one owner of a handler_name.
//
// A node holds a lease in Redis, renewed by each write and by renew(); who holds it, and until when by Redis' own
// clock, is judged within each script. With each new connection the lease gets a new fence: what an older connection
// sent, and Redis may still carry out, is void. So once open() is ok, what Redis holds is what a read says. A holder on
// the same machine whose lock (net/name_lock.h) is free is dead, and its lease is taken at once. Thread: one at a time.
// Blocking: as RedisConnection.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "ductus/result.h"
#include "offsets/redis/connection.h"
#include "offsets/redis/scripts.h"

namespace ductus::offsets {

/// Who asks.
struct RedisOwner {
  base::LockOwner kind = base::LockOwner::kVerb;
  std::string machine;  ///< net::machine_identity(); empty: unlike every other
  std::string lock;     ///< the name of the lock that this process holds
  std::string name;     ///< for people: "node 'pipe' on db1 (pid 4711)"
};

class RedisSession {
 public:
  /// How long a node's lease lasts after its last write or renewal.
  static constexpr std::chrono::seconds kLease{10};

  /// `warn` is told, whenever a connection is made, what is doubtful about how the server keeps its data.
  RedisSession(RedisSettings settings, std::string handler_name, RedisOwner owner,
               std::function<void(const std::string&)> warn);
  /// Gives the lease back, if Redis answers soon.
  ~RedisSession();
  RedisSession(const RedisSession&) = delete;
  RedisSession& operator=(const RedisSession&) = delete;

  /// Connects, and takes the lease for a node, where that is not done.
  /// Errors: those of RedisConnection; kRefused (somebody else holds a fresh lease), kUnsupported (another schema).
  Result<void> open();

  /// Opens, and runs a script with what it takes behind the common arguments. The answer begins with "ok", "conflict"
  /// or "limit". Errors: as open().
  Result<std::vector<RedisReply>> call(RedisScript& script, const std::vector<std::string>& arguments);

  Result<void> renew();

  RedisScripts& scripts() noexcept { return scripts_; }
  const std::string& hash() const noexcept { return keys_[0]; }
  std::string name() const { return connection_.name(); }

 private:
  bool is_node() const noexcept { return owner_.kind == base::LockOwner::kNode; }
  Result<std::vector<RedisReply>> run(RedisScript& script, const std::vector<std::string>& arguments);
  Result<void> begin();
  /// Of an answer "held": the holder is known to be dead. Its token is noted.
  bool is_dead(const std::vector<RedisReply>& held);
  Error held_by_other(const std::vector<RedisReply>& held) const;
  void look_at_persistence();

  RedisConnection connection_;
  std::vector<std::string> keys_;
  RedisOwner owner_;
  std::function<void(const std::string&)> warn_;
  std::string warned_;  // the last warning: the same one is not given again
  RedisScripts scripts_ = redis_scripts();
  std::string token_;  // of a node: told to nobody
  std::string fence_;
  std::string dead_token_;
  bool has_lease_ = false;
  bool has_looked_ = false;  // over this connection, at what the server saves
};

}  // namespace ductus::offsets
