// RedisConnection: commands and scripts to one Redis server, each answer looked at.
//
// Connects when it is first asked, and again after a failure. Thread: one at a time. Blocking: at most kConnectTimeout
// and kAnswerTimeout per call.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"
#include "net/stream.h"
#include "offsets/redis/reply.h"

namespace ductus::offsets {

struct RedisSettings {
  net::StreamTarget server;
  std::string user;      ///< of an ACL; empty: the default one
  std::string password;  ///< empty: none is sent
  std::uint32_t database = 0;
};

/// A script in Lua, with the SHA-1 that the server knows it by once it has seen it.
struct RedisScript {
  std::string_view text;
  std::string sha1;  ///< told by the server; empty: not yet
};

class RedisConnection {
 public:
  static constexpr std::chrono::seconds kConnectTimeout{5};
  static constexpr std::chrono::seconds kAnswerTimeout{5};

  explicit RedisConnection(RedisSettings settings) : settings_(std::move(settings)) {}

  /// Makes the connection where there is none: AUTH, SELECT, CLIENT SETNAME. True: it was made now.
  /// Errors: kUnreachable, kTimedOut; kIo (the server, or its certificate, refuses: somebody must mend it); kCorrupt,
  /// kLimit (no Redis speaks there); kUnsupported (a cluster); kInvalid (a TLS file).
  Result<bool> connect();

  /// The answer to one command, never an error of the server. Does not connect by itself.
  /// Errors: as connect(); kCorrupt also where a key is of another type. After kUnreachable, kTimedOut, kCorrupt and
  /// kLimit the connection is closed, and whether the command was carried out is not known.
  Result<RedisReply> ask(std::span<const std::string_view> command);

  /// The same for a script: by its SHA-1, and by its text where the server has lost it.
  Result<RedisReply> run(RedisScript& script, std::span<const std::string> keys,
                         std::span<const std::string> arguments);

  void close() { stream_.reset(); }
  bool is_open() const noexcept { return stream_.has_value(); }
  /// How long the following calls may take, at most kAnswerTimeout.
  void limit(std::chrono::milliseconds answer_timeout) { answer_timeout_ = answer_timeout; }
  /// "redis.example:6379", for errors and status.
  std::string name() const { return settings_.server.to_text(); }

 private:
  Result<void> greet();
  Result<RedisReply> exchange(std::span<const std::string_view> command);
  Error failed(Error error);
  Error refused(const std::string& text);

  RedisSettings settings_;
  std::chrono::milliseconds answer_timeout_ = kAnswerTimeout;
  std::optional<net::Stream> stream_;
  ReplyReader reader_;
};

}  // namespace ductus::offsets
