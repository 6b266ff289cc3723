// What is done within Redis, in Lua: each script is one atomic step, which looks before it writes.
//
// KEYS as keys_of() has them; ARGV begins with token, fence, lease in ms, dead token (lease.h). An answer is a list
// that begins with a word:
//   ok …                                      done; what follows is the script's own
//   held LEFT_MS TOKEN MACHINE LOCK NAME      somebody else's lease is fresh; nothing was written
//   lost                                      a node's own lease is gone, and nobody has one
//   conflict INDEX…                           these places (from 0) are not what they were; nothing was written
//   schema TEXT                               written by another version
//   limit                                     more than may be told
#pragma once

#include "offsets/redis/connection.h"

namespace ductus::offsets {

struct RedisScripts {
  /// A node takes the lease, with the next fence. ARGV: machine, lock, name. ok FENCE.
  RedisScript begin;
  /// Renews the lease; a verb only looks whether somebody has it.
  RedisScript renew;
  /// A node gives its lease back.
  RedisScript release;
  /// ARGV: fields. ok PLACE… as place_text().
  RedisScript load;
  /// ARGV: topics. ok TEXT…, nil where there is none.
  RedisScript load_topics;
  /// ARGV: an act_body() or "", its count, greatest number of acts, number of places; FIELD EXPECTED PLACE of each
  /// (expected: "" anything, "-" none); then TOPIC TEXT of each topic. ok.
  RedisScript write;
  /// ARGV: greatest number of positions, and of topics. ok POSITIONS {FIELD PLACE}… {TOPIC TEXT}…
  RedisScript entries;
  /// ARGV: greatest number of acts, of positions in them, bytes of an act. ok ELEMENT…
  RedisScript journal;
};

RedisScripts redis_scripts();

}  // namespace ductus::offsets
