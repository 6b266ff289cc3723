// Batch: consecutive messages of one partition, as views into one buffer.
//
// Lifetime: a Batch, its Messages and every string_view taken from them are valid until the
// handle_messages() call that received them returns. Copy what must live longer.
// Thread: read-only; may be read from several threads during the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ductus/export.h"

namespace ductus {

/// One header of a message. The key is never null, the value may be.
struct Header {
  std::string_view key;
  std::optional<std::string_view> value;
};

/// The headers of one message, read in place as they are iterated.
class DUCTUS_EXPORT Headers {
 public:
  class DUCTUS_EXPORT Iterator {
   public:
    using value_type = Header;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Header operator*() const;
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(const Iterator& other) const noexcept { return left_ == other.left_; }

   private:
    friend class Headers;
    Iterator(const char* at, std::uint32_t left) : at_(at), left_(left) {}
    const char* at_ = nullptr;
    std::uint32_t left_ = 0;
  };

  Headers() = default;
  /// For decoders: at `count_at` stand the header count and the headers, already checked, in the record format of
  /// Kafka.
  explicit Headers(const char* count_at);

  std::uint32_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  Iterator begin() const { return {at_, count_}; }
  Iterator end() const { return {}; }

 private:
  const char* at_ = nullptr;
  std::uint32_t count_ = 0;
};

/// One message. Its fields are read through accessors; the layout is the library's business.
class Message {
 public:
  Message() = default;
  /// For decoders: sizes are in bytes, -1 means null. With `has_headers` they stand right behind the value, as Headers
  /// takes them; `value` then points there even where the value is null.
  Message(std::int64_t offset, std::int64_t timestamp_ms, const char* key, std::int32_t key_size, const char* value,
          std::int32_t value_size, bool has_headers)
      : offset_(offset),
        timestamp_ms_(timestamp_ms),
        key_(key),
        value_(value),
        value_size_(value_size),
        key_code_((static_cast<std::uint32_t>(key_size + 1) << 1) | static_cast<std::uint32_t>(has_headers)) {}

  /// Its place in the partition: a record's number, or on Kafka 0.6/0.7 a byte position.
  std::int64_t offset() const noexcept { return offset_; }
  /// Milliseconds since 1970 (UTC), by the producer's or the broker's clock as the topic is set up; -1 where there is
  /// none.
  std::int64_t timestamp_ms() const noexcept { return timestamp_ms_; }

  bool has_key() const noexcept { return key_code_ > 1; }
  /// The key; empty where there is none.
  std::string_view key() const noexcept { return view(key_, static_cast<std::int32_t>(key_code_ >> 1) - 1); }
  /// False for a null value (a tombstone in a compacted topic).
  bool has_value() const noexcept { return value_size_ >= 0; }
  /// The value; empty where it is null.
  std::string_view value() const noexcept { return view(value_, value_size_); }
  Headers headers() const {
    return (key_code_ & 1) == 0 ? Headers() : Headers(value_ + (value_size_ > 0 ? value_size_ : 0));
  }

 private:
  static std::string_view view(const char* data, std::int32_t size) noexcept {
    return {data, size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  // Beside 100-byte values these views take a third as much memory as the batch itself: every byte here counts.
  std::int64_t offset_ = 0;
  std::int64_t timestamp_ms_ = -1;
  const char* key_ = nullptr;
  const char* value_ = nullptr;
  std::int32_t value_size_ = -1;
  std::uint32_t key_code_ = 0;  // (size + 1) * 2, and 1 where there are headers
};

/// Consecutive messages of one partition in offset order, about 1 MB decoded (`batch.max_bytes`).
/// Offsets may have gaps: compaction, aborted transactions and control records leave them.
class Batch {
 public:
  Batch(std::string_view topic, std::int32_t partition, std::span<const Message> messages, std::int64_t next_offset)
      : topic_(topic), messages_(messages), next_offset_(next_offset), partition_(partition) {}

  std::string_view topic() const noexcept { return topic_; }
  std::int32_t partition() const noexcept { return partition_; }
  /// The first offset after this batch: what is stored once it was accepted.
  std::int64_t next_offset() const noexcept { return next_offset_; }

  /// 0 only for modules with an idle_interval().
  std::size_t size() const noexcept { return messages_.size(); }
  bool empty() const noexcept { return messages_.empty(); }
  const Message& operator[](std::size_t index) const { return messages_[index]; }
  auto begin() const noexcept { return messages_.begin(); }
  auto end() const noexcept { return messages_.end(); }

 private:
  std::string_view topic_;
  std::span<const Message> messages_;
  std::int64_t next_offset_;
  std::int32_t partition_;
};

}  // namespace ductus
