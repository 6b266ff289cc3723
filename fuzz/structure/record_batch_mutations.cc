// The changes that mutate() chooses from.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "structure/codec_streams.h"
#include "structure/record_batches.h"

namespace ductus::fuzz {
namespace {

constexpr std::int16_t kCodecBits = 7;

Sized sized(Bytes bytes) { return {static_cast<std::int32_t>(bytes.size()), std::move(bytes)}; }

template <class Element>
auto place(std::vector<Element>& list, std::size_t at) {
  return list.begin() + static_cast<std::ptrdiff_t>(at);
}

// Leaves one out, says one twice, or changes the places of two.
template <class Element>
void rearrange(std::vector<Element>& list, Dice& dice) {
  const std::size_t one = dice.below(list.size());
  const std::size_t other = dice.below(list.size());
  switch (dice.below(3)) {
    case 0:
      list.erase(place(list, one));
      return;
    case 1: {
      const Element copy = list[one];
      list.insert(place(list, other), copy);
      return;
    }
    default:
      std::swap(list[one], list[other]);
      return;
  }
}

void change_content(Sized& what, Dice& dice) {
  switch (dice.below(4)) {
    case 0:
      what = {};
      return;
    case 1:
      what = sized(dice.some_bytes(dice.one_in(32) ? 1000 : 50));
      return;
    default:
      dice.damage(what.bytes);
      what = sized(std::move(what.bytes));
      return;
  }
}

void change_length(Sized& what, Dice& dice) { dice.change(what.size); }

void change_headers(Record& record, Dice& dice) {
  const std::size_t at = dice.below(record.headers.size() / 2 + 1) * 2;
  if (at < record.headers.size() && dice.one_in(2)) {
    record.headers.erase(place(record.headers, at), place(record.headers, at + 2));
  } else {
    record.headers.insert(place(record.headers, at),
                          {sized(dice.some_bytes(20)), dice.one_in(4) ? Sized{} : sized(dice.some_bytes(20))});
  }
  record.header_count = static_cast<std::int32_t>(record.headers.size() / 2);
}

void change_record(Record& record, Dice& dice) {
  Sized& key_or_value = dice.one_in(2) ? record.key : record.value;
  Sized& part = record.headers.empty() ? key_or_value : record.headers[dice.below(record.headers.size())];
  switch (dice.below(16)) {
    case 0:
      return dice.change(record.attributes);
    case 1:
      return dice.change(record.timestamp_delta);
    case 2:
      return dice.change(record.offset_delta);
    case 3:
      return dice.change(record.header_count);
    case 4:
      record.length_flaw = static_cast<std::int32_t>(dice.number(0, dice.one_in(4) ? 4 : 1));
      return;
    case 5:
      return change_length(key_or_value, dice);
    case 6:
      return change_length(part, dice);
    case 7:
      record.rest = dice.some_bytes(10);
      return;
    case 8:
      record.varint_padding = static_cast<std::uint8_t>(dice.below(6));
      return;
    case 9:
    case 10:
      return change_content(part, dice);
    case 11:
    case 12:
      return change_headers(record, dice);
    default:
      return change_content(key_or_value, dice);
  }
}

// What a broker's compaction, or a producer, would have written.
void number_records(RecordBatch& batch, Dice& dice) {
  std::int32_t delta = 0;
  for (auto& record : batch.records) {
    record.offset_delta = delta;
    delta += dice.one_in(8) ? 1 + static_cast<std::int32_t>(dice.below(5)) : 1;
  }
  batch.record_count = static_cast<std::int32_t>(batch.records.size());
  batch.last_offset_delta = delta > 0 ? batch.records.back().offset_delta : 0;
  if (dice.one_in(8)) batch.last_offset_delta += static_cast<std::int32_t>(dice.below(5));
}

// As number_records(), for the batches: each begins behind the one before it.
void number_batches(RecordBatches& set, Dice& dice) {
  for (std::size_t i = 1; i < set.batches.size(); ++i) {
    const RecordBatch& before = set.batches[i - 1];
    const auto end =
        static_cast<std::uint64_t>(before.base_offset) + static_cast<std::uint32_t>(before.last_offset_delta);
    set.batches[i].base_offset = static_cast<std::int64_t>(end + 1 + (dice.one_in(4) ? dice.below(5) : 0));
  }
}

void change_codec(RecordBatch& batch, Dice& dice) {
  const int codec = static_cast<int>(dice.below(dice.one_in(4) ? 8 : 5));
  batch.attributes = static_cast<std::int16_t>((batch.attributes & ~kCodecBits) | codec);
  if (codec == 0 || (can_compress(codec) && !dice.one_in(4))) batch.codec = codec;
}

void change_number(RecordBatch& batch, Dice& dice) {
  switch (dice.below(16)) {
    case 0:
      return dice.change(batch.base_offset);
    case 1:
      return dice.change(batch.last_offset_delta);
    case 2:
      return dice.change(batch.record_count);
    case 3:
      batch.length_flaw = static_cast<std::int32_t>(dice.number(0, dice.one_in(4) ? 4 : 1));
      return;
    case 4:
      if (dice.one_in(4)) dice.change(batch.magic);
      return;
    case 5:
    case 6:
      batch.attributes = static_cast<std::int16_t>(batch.attributes ^ 1 << (3 + dice.below(dice.one_in(4) ? 13 : 4)));
      return;
    case 7:
      return dice.change(batch.base_timestamp);
    case 8:
      return dice.change(batch.max_timestamp);
    case 9:
    case 10:
      batch.producer_id = static_cast<std::int64_t>(dice.below(4));
      return;
    case 11:
      return dice.change(batch.producer_epoch);
    case 12:
      return dice.change(batch.base_sequence);
    case 13:
      return dice.change(batch.leader_epoch);
    default:
      return change_codec(batch, dice);
  }
}

void split(RecordBatches& set, std::size_t at, Dice& dice) {
  RecordBatch second = set.batches[at];
  RecordBatch& first = set.batches[at];
  const std::size_t cut = dice.below(first.records.size() + 1);
  second.records.erase(second.records.begin(), place(second.records, cut));
  first.records.erase(place(first.records, cut), first.records.end());
  number_records(first, dice);
  number_records(second, dice);
  set.batches.insert(place(set.batches, at + 1), std::move(second));
}

void join(RecordBatches& set, std::size_t at, Dice& dice) {
  if (at + 1 == set.batches.size()) return;
  RecordBatch& first = set.batches[at];
  std::ranges::move(set.batches[at + 1].records, std::back_inserter(first.records));
  set.batches.erase(place(set.batches, at + 1));
  number_records(first, dice);
}

// The order and the number of what is there. Mostly with offsets that still rise.
void change_order(RecordBatches& set, Dice& dice) {
  const std::size_t at = dice.below(set.batches.size());
  RecordBatch& batch = set.batches[at];
  const bool as_good = !dice.one_in(4);
  switch (dice.below(4)) {
    case 0:
      rearrange(set.batches, dice);
      break;
    case 1:
      split(set, at, dice);
      break;
    case 2:
      join(set, at, dice);
      break;
    default:
      if (!batch.records.empty()) rearrange(batch.records, dice);
      if (as_good) number_records(batch, dice);
      break;
  }
  if (as_good) number_batches(set, dice);
}

}  // namespace

void mutate(RecordBatches& set, Dice& dice) {
  if (set.batches.empty() || dice.one_in(24)) return dice.damage(set.rest);
  RecordBatch& batch = set.batches[dice.below(set.batches.size())];
  switch (dice.below(12)) {
    case 0:
      return dice.damage(batch.rest);
    case 1:
      batch.is_damaged = batch.codec != 0;
      return;
    case 2:
    case 3:
    case 4:
      return change_order(set, dice);
    case 5:
    case 6:
    case 7:
      return change_number(batch, dice);
    default:
      if (!batch.records.empty()) change_record(batch.records[dice.below(batch.records.size())], dice);
      return;
  }
}

}  // namespace ductus::fuzz
