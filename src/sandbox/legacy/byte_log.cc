#include "sandbox/legacy/byte_log.h"

#include <algorithm>
#include <iterator>

namespace ductus::sandbox::legacy {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

}  // namespace

ByteLog::ByteLog(const Settings& settings, std::int64_t now_ms, std::int64_t start)
    : settings_(settings), visible_end_(start) {
  segments_.push_back({start, now_ms});
}

void ByteLog::append(base::ByteView set, std::int64_t now_ms) {
  begin_append(now_ms);
  while (!set.empty()) {
    if (block_ == nullptr || block_->size() == kBlockBytes) {
      block_ = std::make_shared<std::vector<std::uint8_t>>();
      block_->reserve(kBlockBytes);
    }
    const base::ByteView part = set.first(std::min(set.size(), kBlockBytes - block_->size()));
    const std::uint8_t* const copy = block_->data() + block_->size();
    block_->insert(block_->end(), part.begin(), part.end());
    add_piece({{copy, part.size()}, block_});
    set = set.subspan(part.size());
  }
  end_append(now_ms);
}

void ByteLog::append_shared(const SharedBytes& set, std::int64_t now_ms) {
  begin_append(now_ms);
  add_piece(set);
  end_append(now_ms);
}

void ByteLog::begin_append(std::int64_t now_ms) {
  if (settings_.rolls_before_append && segments_.back().bytes > settings_.segment_bytes) roll(now_ms);
}

void ByteLog::end_append(std::int64_t now_ms) {
  segments_.back().written_ms = now_ms;
  if (settings_.flush_after_ms == 0) {
    visible_end_ = end();
  } else if (!flush_at_ms_) {
    flush_at_ms_ = now_ms + settings_.flush_after_ms;
  }
  if (!settings_.rolls_before_append && segments_.back().bytes > settings_.segment_bytes) roll(now_ms);
}

void ByteLog::add_piece(const SharedBytes& shared) {
  if (shared.bytes.empty()) return;
  Segment& segment = segments_.back();
  SharedBytes* const last = segment.pieces.empty() ? nullptr : &segment.pieces.back().shared;
  if (last != nullptr && last->owner == shared.owner &&
      last->bytes.data() + last->bytes.size() == shared.bytes.data()) {
    last->bytes = {last->bytes.data(), last->bytes.size() + shared.bytes.size()};
  } else {
    segment.pieces.push_back({end(), shared});
  }
  segment.bytes += static_cast<std::int64_t>(shared.bytes.size());
}

std::int64_t ByteLog::visible_end(std::int64_t now_ms) {
  if (flush_at_ms_ && now_ms >= *flush_at_ms_) {
    visible_end_ = end();
    flush_at_ms_.reset();
  }
  return visible_end_;
}

std::optional<ByteLog::Slice> ByteLog::read(std::int64_t offset, std::int32_t max_bytes, std::int64_t now_ms) {
  if (offset < start() || offset > visible_end(now_ms)) return std::nullopt;
  if (offset == visible_end_) return Slice{};
  const auto behind = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                       [](std::int64_t at, const Segment& segment) { return at < segment.start; });
  const Segment& segment = *std::prev(behind);
  const std::int64_t segment_end = std::min(segment.start + segment.bytes, visible_end_);
  return slice_of(segment, offset, std::min(offset + max_bytes, segment_end) - offset);
}

ByteLog::Slice ByteLog::slice_of(const Segment& segment, std::int64_t offset, std::int64_t bytes) const {
  Slice slice{bytes, {}};
  if (bytes <= 0) return slice;
  auto piece = std::prev(std::upper_bound(segment.pieces.begin(), segment.pieces.end(), offset,
                                          [](std::int64_t at, const Piece& other) { return at < other.at; }));
  auto skipped = static_cast<std::size_t>(offset - piece->at);
  for (auto left = static_cast<std::size_t>(bytes); left > 0; ++piece, skipped = 0) {
    const base::ByteView all = piece->shared.bytes;
    const base::ByteView part = all.subspan(skipped, std::min(left, all.size() - skipped));
    slice.pieces.push_back({part, piece->shared.owner});
    left -= part.size();
  }
  return slice;
}

std::vector<std::int64_t> ByteLog::offsets_before(std::int64_t time_ms, std::size_t max_offsets, std::int64_t now_ms) {
  const bool end_is_a_place = visible_end(now_ms) > segments_.back().start;
  const auto segments = static_cast<std::ptrdiff_t>(segments_.size());
  std::ptrdiff_t newest = end_is_a_place ? segments : segments - 1;  // the end stands behind the segments
  if (time_ms == kEarliest) {
    newest = 0;
  } else if (time_ms != kLatest) {
    const auto time_of = [&](std::ptrdiff_t place) {
      return place == segments ? now_ms : segments_[static_cast<std::size_t>(place)].written_ms;
    };
    while (newest >= 0 && time_of(newest) > time_ms) --newest;
  }
  std::vector<std::int64_t> offsets;
  for (; newest >= 0 && offsets.size() < max_offsets; --newest) {
    offsets.push_back(newest == segments ? visible_end_ : segments_[static_cast<std::size_t>(newest)].start);
  }
  return offsets;
}

void ByteLog::roll(std::int64_t now_ms) {
  visible_end_ = end();
  flush_at_ms_.reset();
  if (segments_.back().bytes > 0) segments_.push_back({end(), now_ms});
}

void ByteLog::expire(std::size_t segments, std::int64_t now_ms) {
  if (segments >= segments_.size()) {
    roll(now_ms);
    segments_.back().written_ms = now_ms;
    segments = segments_.size() - 1;
  }
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(segments));
}

}  // namespace ductus::sandbox::legacy
