// ByteLog: a partition as the old brokers keep it: bytes in segments, of which the oldest may be gone.
//
// Offsets are positions of bytes; nobody looks at what the bytes are. What is appended can be read once it is flushed.
// Times are milliseconds since 1970. Thread: one.
// Source: kafka.log.Log, kafka.message.FileMessageSet (0.6.1, 0.7.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace ductus::sandbox::legacy {

/// Bytes that never change, and what keeps them alive.
struct SharedBytes {
  base::ByteView bytes;
  std::shared_ptr<const void> owner;
};

class ByteLog {
 public:
  struct Settings {
    /// A segment of more bytes is the last one no longer.
    std::int64_t segment_bytes = std::int64_t{1} << 30;
    /// Whether that is seen before the next set is appended (0.7.2) or behind the set that did it (0.6).
    bool rolls_before_append = true;
    /// How long after the first set that is not flushed all are; a new segment flushes them as well.
    std::int64_t flush_after_ms = 0;
  };
  static constexpr std::int64_t kLatest = -1;
  static constexpr std::int64_t kEarliest = -2;

  /// `start`: the offset of the first byte, as if retention had taken all before it.
  ByteLog(const Settings& settings, std::int64_t now_ms, std::int64_t start = 0);

  /// A set lies in one segment.
  void append(base::ByteView set, std::int64_t now_ms);
  /// The same without a copy.
  void append_shared(const SharedBytes& set, std::int64_t now_ms);

  std::int64_t start() const noexcept { return segments_.front().start; }
  /// The first byte that cannot be read yet.
  std::int64_t visible_end(std::int64_t now_ms);

  struct Slice {
    std::int64_t bytes = 0;  ///< negative where that was asked for
    std::vector<SharedBytes> pieces;
  };
  /// At most `max_bytes` from `offset` on, all of one segment. nullopt: the offset is out of range.
  std::optional<Slice> read(std::int64_t offset, std::int32_t max_bytes, std::int64_t now_ms);

  /// At most `max_offsets` places, the newest first: of kLatest from the end on, of kEarliest the start alone, of
  /// another time from the newest on that was last written then or before. The places are the starts of the segments,
  /// each with the time of the segment's last write, and, where the last segment is not empty, the end, with now.
  std::vector<std::int64_t> offsets_before(std::int64_t time_ms, std::size_t max_offsets, std::int64_t now_ms);

  /// Starts a new segment, unless the last one is empty.
  void roll(std::int64_t now_ms);
  /// The oldest segments go, all included: then an empty one starts at the end.
  void expire(std::size_t segments, std::int64_t now_ms);

 private:
  struct Piece {
    std::int64_t at;  // its first byte in the log
    SharedBytes shared;
  };
  struct Segment {
    std::int64_t start;
    std::int64_t written_ms;
    std::int64_t bytes = 0;
    std::vector<Piece> pieces;
  };
  std::int64_t end() const { return segments_.back().start + segments_.back().bytes; }
  void begin_append(std::int64_t now_ms);
  void end_append(std::int64_t now_ms);
  void add_piece(const SharedBytes& shared);
  Slice slice_of(const Segment& segment, std::int64_t offset, std::int64_t bytes) const;

  Settings settings_;
  std::deque<Segment> segments_;  // never empty
  std::int64_t visible_end_;
  std::optional<std::int64_t> flush_at_ms_;
  std::shared_ptr<std::vector<std::uint8_t>> block_;  // where copies go; it never moves its bytes
};

}  // namespace ductus::sandbox::legacy
