// ReplyReader: what a Redis server sends → RedisReply, by hiredis, behind a guard.
//
//   reply = "+" text CRLF | "-" text CRLF | ":" integer CRLF | "$" size CRLF bytes CRLF | "$-1" CRLF
//         | "*" count CRLF reply… | "*-1" CRLF                                                  (RESP2)
// hiredis takes memory as headers say: its 0.14 believes a count of 2^31-1. So the guard walks a reply as it comes,
// checks each header, and hiredis sees a reply only once all of its bytes are there.
// Thread: one at a time. Blocking: no.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"

namespace ductus::offsets {

struct RedisReply {
  enum class Kind : std::uint8_t { kNil, kStatus, kError, kInteger, kText, kList };
  Kind kind = Kind::kNil;
  std::int64_t integer = 0;      ///< kInteger
  std::string text;              ///< kStatus, kError, kText: any bytes
  std::vector<RedisReply> list;  ///< kList
};

/// Bytes of one reply.
inline constexpr std::size_t kMaxReplyBytes = std::size_t{128} << 20;
/// Elements of one reply, those within elements included.
inline constexpr std::size_t kMaxReplyElements = 2'000'000;
/// Lists within lists; hiredis knows 7.
inline constexpr std::size_t kMaxReplyNesting = 4;
/// A line: a status, an error, the header of anything else.
inline constexpr std::size_t kMaxReplyLineBytes = 4096;

class ReplyReader {
 public:
  /// Takes in what the server sent. Errors: kCorrupt (no RESP2; a push of RESP3), kLimit. Then the stream is of no use.
  Result<void> feed(std::string_view bytes);
  /// The next whole reply; nullopt: not all of it is there. Errors: as feed().
  Result<std::optional<RedisReply>> next();
  /// Nothing has come since the last whole reply.
  bool is_empty() const noexcept { return buffer_.empty(); }

 private:
  Result<bool> walk();
  Result<bool> walk_header();
  Result<void> begin_list(std::int64_t count);
  void end_element();

  std::string buffer_;
  std::size_t at_ = 0;         // walked so far
  std::size_t bulk_left_ = 0;  // of a text, with its CRLF
  bool in_bulk_ = false;
  std::vector<std::size_t> open_;  // elements that are missing in each open list
  std::size_t elements_ = 0;
  bool whole_ = false;
};

}  // namespace ductus::offsets
