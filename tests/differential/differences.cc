#include "differential/differences.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

#include "structure/record_batches.h"

namespace ductus::differential {
namespace {

constexpr std::int16_t kControl = 0x20;
constexpr std::int16_t kTransactional = 0x10;

bool we_refuse(const Outcome& ours, const Outcome& theirs, std::string_view what) {
  return ours.refusal && !theirs.refusal && ours.refusal->find(what) != std::string::npos;
}

bool is_plain_control(const fuzz::RecordBatch& batch) {
  return batch.codec == 0 && batch.rest.empty() && batch.records.size() == 1 && batch.records[0].offset_delta == 0 &&
         batch.records[0].key.size == 4 && batch.records[0].key.bytes[0] == 0 && batch.records[0].key.bytes[1] == 0 &&
         batch.records[0].rest.empty() && batch.records[0].header_count == 0 && batch.last_offset_delta == 0;
}

bool has_odd_control_batch(const Input& input) {
  return std::ranges::any_of(fuzz::read_batches(input.records).batches, [](const fuzz::RecordBatch& batch) {
    return (batch.attributes & kControl) != 0 && !is_plain_control(batch);
  });
}

bool is_transactional(const Input& input) {
  return !input.aborted.empty() &&
         std::ranges::any_of(fuzz::read_batches(input.records).batches,
                             [](const fuzz::RecordBatch& batch) { return (batch.attributes & kTransactional) != 0; });
}

bool same_but_for_timestamps(const Outcome& ours, const Outcome& theirs) {
  Outcome with_our_times = theirs;
  if (ours.refusal || theirs.refusal || ours.messages.size() != theirs.messages.size()) return false;
  for (std::size_t i = 0; i < ours.messages.size(); ++i) {
    with_our_times.messages[i].timestamp_ms = ours.messages[i].timestamp_ms;
  }
  return with_our_times.messages == ours.messages && theirs.next_offset == ours.next_offset;
}

bool has_record_with_append_time(const Input& input) {
  constexpr std::int8_t kLogAppendTime = 8;
  for (const auto& batch : fuzz::read_batches(input.records).batches) {
    for (const auto& record : batch.records) {
      if ((record.attributes & kLogAppendTime) != 0) return true;
    }
  }
  return false;
}

bool has_compressed_nothing(const Input& input) {
  constexpr int kCodecBits = 7;
  return std::ranges::any_of(fuzz::read_batches(input.records).batches, [](const fuzz::RecordBatch& batch) {
    return (batch.attributes & kCodecBits) != 0 && batch.record_count == 0;
  });
}

bool has_gzip(const Input& input) {
  constexpr int kGzip = 1;
  return std::ranges::any_of(fuzz::read_batches(input.records).batches,
                             [](const fuzz::RecordBatch& batch) { return batch.codec == kGzip; });
}

// One begins before the log or within a batch of its producer, or two of one producer are open at once: no broker says
// so.
bool has_odd_transactions(const Input& input) {
  for (const auto& aborted : input.aborted) {
    const auto same = [&](const auto& other) { return other.producer_id == aborted.producer_id; };
    if (aborted.first_offset < 0 || std::ranges::count_if(input.aborted, same) > 1) return true;
    for (const auto& batch : fuzz::read_batches(input.records).batches) {
      const std::int64_t delta = aborted.first_offset - batch.base_offset;
      if (batch.producer_id == aborted.producer_id && delta > 0 && delta <= batch.last_offset_delta) return true;
    }
  }
  return false;
}

// The first that matches counts. What librdkafka 2.0.2 does: rdkafka_msgset_reader.c.
struct Difference {
  const char* reason;
  bool (*matches)(const Input& input, const Outcome& ours, const Outcome& theirs);
};
constexpr Difference kDifferences[] = {
    {"librdkafka steps over a batch below the asked offset; we refuse the answer",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "below the asked offset");
     }},
    {"librdkafka lets offsets go back or stand still within a batch",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "impossible offset delta");
     }},
    {"librdkafka lets offsets go back from batch to batch",
     [](const Input&, const Outcome& ours, const Outcome& theirs) { return we_refuse(ours, theirs, "stands behind"); }},
    {"librdkafka looks at the length of a last batch that is cut off before it looks at its magic",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "message format (magic)") && ours.messages == theirs.messages;
     }},
    {"librdkafka takes negative offsets",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "impossible base offset") ||
              we_refuse(ours, theirs, "impossible last offset delta");
     }},
    {"librdkafka does not look at the record count: it reads on to the end",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "impossible record count");
     }},
    {"librdkafka reads headers when it is asked for them, and never what stands behind them",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "impossible headers");
     }},
    {"librdkafka delivers what stands before a record that is cut off, or more than the record count says",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "impossible length") || we_refuse(ours, theirs, "impossible key length") ||
              we_refuse(ours, theirs, "impossible value length") ||
              we_refuse(ours, theirs, "impossible timestamp delta");
     }},
    {"librdkafka takes what it got out of an lz4 stream that is cut off",
     [](const Input&, const Outcome& ours, const Outcome& theirs) {
       return we_refuse(ours, theirs, "the stream is cut off");
     }},
    {"librdkafka reads the records of a control batch, and stops in silence at what it cannot read; we step over them",
     [](const Input& input, const Outcome&, const Outcome&) { return has_odd_control_batch(input); }},
    {"librdkafka decompresses also where there are no records; Java's consumer does not look there either",
     [](const Input& input, const Outcome& ours, const Outcome& theirs) {
       return !ours.refusal && theirs.refusal == "_BAD_COMPRESSION" && has_compressed_nothing(input);
     }},
    {"librdkafka's zlib refuses reserved flags, and Huffman codes that are wrong and not used; the checksum of what "
     "comes out is right",
     [](const Input& input, const Outcome& ours, const Outcome& theirs) {
       return !ours.refusal && theirs.refusal == "_BAD_COMPRESSION" && has_gzip(input);
     }},
    {"librdkafka decompresses an aborted batch before it drops it",
     [](const Input& input, const Outcome& ours, const Outcome& theirs) {
       return !ours.refusal && is_transactional(input) &&
              (theirs.refusal == "_BAD_COMPRESSION" || theirs.refusal == "_NOT_IMPLEMENTED");
     }},
    {"librdkafka looks for the timestamp type in each record too, where the format has no such bit",
     [](const Input& input, const Outcome& ours, const Outcome& theirs) {
       return same_but_for_timestamps(ours, theirs) && has_record_with_append_time(input);
     }},
    {"librdkafka pairs each marker with one listed transaction, from offset 0 on, and looks at a batch's first offset",
     [](const Input& input, const Outcome& ours, const Outcome&) {
       return !ours.refusal && is_transactional(input) && has_odd_transactions(input);
     }},
};

}  // namespace

std::uint8_t verdict_on(const Input& input, const Outcome& ours, const Outcome& theirs) {
  if (ours.refusal && theirs.refusal) return kBothRefuse;
  const bool both_take = !ours.refusal && !theirs.refusal;
  if (both_take && ours.messages == theirs.messages && ours.next_offset == theirs.next_offset) return kBothTake;
  const auto* const found = std::ranges::find_if(
      kDifferences, [&](const Difference& difference) { return difference.matches(input, ours, theirs); });
  if (found == std::end(kDifferences)) return kUnexplained;
  return static_cast<std::uint8_t>(kFirstDifference + (found - std::begin(kDifferences)));
}

const char* name_of_verdict(std::uint8_t verdict) {
  constexpr std::array kNames = {"no verdict", "both take it", "both refuse it", "librdkafka died of it",
                                 "UNEXPLAINED"};
  if (verdict < kNames.size()) return kNames.at(verdict);
  const std::size_t number = verdict - kFirstDifference;
  return number < std::size(kDifferences) ? kDifferences[number].reason : nullptr;
}

}  // namespace ductus::differential
