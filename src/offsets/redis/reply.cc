#include "offsets/redis/reply.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "base/escape.h"

namespace ductus::offsets {
namespace {

constexpr std::size_t kMaxShownBytes = 60;

Error broken(const std::string& what) { return {ErrorCode::kCorrupt, "no answer of a Redis server: " + what}; }

// Digits after an optional minus, and nothing else.
std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

RedisReply taken_over(const redisReply& from) {
  using Kind = RedisReply::Kind;
  RedisReply reply;
  const auto text = [&](Kind kind) {
    reply.kind = kind;
    reply.text.assign(from.str, from.len);
  };
  switch (from.type) {
    case REDIS_REPLY_STATUS:
      text(Kind::kStatus);
      break;
    case REDIS_REPLY_ERROR:
      text(Kind::kError);
      break;
    case REDIS_REPLY_STRING:
      text(Kind::kText);
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Kind::kInteger;
      reply.integer = from.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Kind::kList;
      reply.list.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i) reply.list.push_back(taken_over(*from.element[i]));
      break;
    default:
      break;  // nil
  }
  return reply;
}

struct FreeReader {
  void operator()(redisReader* reader) const noexcept { ::redisReaderFree(reader); }
};
struct FreeReply {
  void operator()(void* reply) const noexcept { ::freeReplyObject(reply); }
};

Result<RedisReply> parsed(std::string_view whole) {
  const std::unique_ptr<redisReader, FreeReader> reader(::redisReaderCreate());
  void* reply = nullptr;
  if (reader == nullptr || ::redisReaderFeed(reader.get(), whole.data(), whole.size()) != REDIS_OK ||
      ::redisReaderGetReply(reader.get(), &reply) != REDIS_OK || reply == nullptr) {
    return broken(reader == nullptr ? "no memory" : base::escaped(redisReaderGetError(reader.get()), 200));
  }
  const std::unique_ptr<void, FreeReply> owner(reply);
  return taken_over(*static_cast<redisReply*>(reply));
}

}  // namespace

Result<void> ReplyReader::feed(std::string_view bytes) {
  if (bytes.size() > kMaxReplyBytes - std::min(buffer_.size(), kMaxReplyBytes)) {
    return Error{ErrorCode::kLimit, "an answer of more than " + std::to_string(kMaxReplyBytes) + " bytes"};
  }
  buffer_ += bytes;
  auto walked = walk();
  if (!walked) return std::move(walked).error();
  return {};
}

Result<std::optional<RedisReply>> ReplyReader::next() {
  auto walked = walk();
  if (!walked) return std::move(walked).error();
  if (!*walked) return std::optional<RedisReply>();
  auto reply = parsed(std::string_view(buffer_).substr(0, at_));
  if (!reply) return std::move(reply).error();
  buffer_.erase(0, at_);
  at_ = 0;
  elements_ = 0;
  whole_ = false;
  return std::optional(*std::move(reply));
}

// True: a whole reply ends at at_.
Result<bool> ReplyReader::walk() {
  while (!whole_) {
    if (in_bulk_) {
      if (buffer_.size() - at_ < bulk_left_) return false;
      at_ += bulk_left_;
      if (buffer_[at_ - 2] != '\r' || buffer_[at_ - 1] != '\n') return broken("a text goes on behind its end");
      in_bulk_ = false;
      end_element();
      continue;
    }
    auto more = walk_header();
    if (!more || !*more) return more;
  }
  return true;
}

// False: its line is not all there.
Result<bool> ReplyReader::walk_header() {
  const std::size_t end = buffer_.find("\r\n", at_);
  // Of a line end the first byte may have come alone.
  const std::size_t line_end =
      end != buffer_.npos || !buffer_.ends_with('\r') ? std::min(end, buffer_.size()) : buffer_.size() - 1;
  if (line_end - at_ > kMaxReplyLineBytes) {
    return Error{ErrorCode::kLimit,
                 "an answer whose line has more than " + std::to_string(kMaxReplyLineBytes) + " bytes"};
  }
  const std::string_view known = "+-:$*";
  if (at_ < buffer_.size() && known.find(buffer_[at_]) == known.npos) {
    return broken("it begins with '" + base::escaped(std::string_view(buffer_).substr(at_), kMaxShownBytes) + "'");
  }
  if (end == buffer_.npos) return false;
  const char kind = buffer_[at_];
  const std::string_view rest = std::string_view(buffer_).substr(at_ + 1, end - at_ - 1);
  // hiredis would take what stands behind for a reply of its own.
  if (rest.find_first_of("\r\n") != rest.npos) return broken("a line within a line");
  if (++elements_ > kMaxReplyElements) {
    return Error{ErrorCode::kLimit, "an answer of more than " + std::to_string(kMaxReplyElements) + " elements"};
  }
  const auto number = integer_of(rest);
  if (kind != '+' && kind != '-' && !number) {
    return broken("'" + base::escaped(rest, kMaxShownBytes) + "' is no number");
  }
  if ((kind == '$' || kind == '*') && *number < -1) return broken("a size of " + std::to_string(*number));
  at_ = end + 2;
  if (kind == '$' && *number >= 0) {
    if (*number > static_cast<std::int64_t>(kMaxReplyBytes)) {
      return Error{ErrorCode::kLimit, "an answer with a text of " + std::to_string(*number) + " bytes"};
    }
    bulk_left_ = static_cast<std::size_t>(*number) + 2;
    in_bulk_ = true;
  } else if (kind == '*' && *number > 0) {
    if (auto begun = begin_list(*number); !begun) return std::move(begun).error();
  } else {
    end_element();
  }
  return true;
}

Result<void> ReplyReader::begin_list(std::int64_t count) {
  if (count > static_cast<std::int64_t>(kMaxReplyElements - std::min(elements_, kMaxReplyElements))) {
    return Error{ErrorCode::kLimit, "an answer with a list of " + std::to_string(count) + " elements"};
  }
  if (open_.size() >= kMaxReplyNesting) {
    return Error{ErrorCode::kLimit,
                 "an answer of more than " + std::to_string(kMaxReplyNesting) + " lists within lists"};
  }
  open_.push_back(static_cast<std::size_t>(count));
  return {};
}

void ReplyReader::end_element() {
  while (!open_.empty()) {
    if (--open_.back() > 0) return;
    open_.pop_back();
  }
  whole_ = true;
}

}  // namespace ductus::offsets
