#include "offsets/redis/layout.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/hex.h"

namespace ductus::offsets {
namespace {

template <class Integer>
std::optional<Integer> integer_in(std::string_view text) {
  Integer value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Not negative, and in no other form than ours: no sign, no zeros in front.
template <class Integer>
std::optional<Integer> count_in(std::string_view text) {
  const auto value = integer_in<Integer>(text);
  if (!value || *value < 0 || std::to_string(*value) != text) return std::nullopt;
  return value;
}

std::string id_text(const ports::TopicId& id) { return id == ports::TopicId{} ? "-" : base::to_hex(id); }

std::optional<ports::TopicId> id_in(std::string_view text) {
  ports::TopicId id{};
  if (text == "-" || base::from_hex(text, id)) return id;
  return std::nullopt;
}

// The next word of `text`, which loses it and the space behind it.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

}  // namespace

std::vector<std::string> keys_of(const std::string& handler_name) {
  return {handler_name, handler_name + ":meta", handler_name + ":journal"};
}

std::string field_of(const ports::TopicPartition& partition) {
  const std::string number = std::to_string(partition.partition);
  if (partition.unit == ports::OffsetUnit::kMessages) return partition.topic + "/" + number;
  return partition.partition == 0 ? partition.topic : partition.topic + "@" + number;
}

std::optional<ports::TopicPartition> partition_of(std::string_view field) {
  using Unit = ports::OffsetUnit;
  const std::size_t mark = field.find_last_of("/@");
  if (mark == field.npos) return ports::TopicPartition{std::string(field), 0, Unit::kBytes};
  const Unit unit = field[mark] == '/' ? Unit::kMessages : Unit::kBytes;
  const auto number = count_in<std::int32_t>(field.substr(mark + 1));
  if (!number || (unit == Unit::kBytes && *number == 0)) return std::nullopt;
  return ports::TopicPartition{std::string(field.substr(0, mark)), *number, unit};
}

std::string place_text(const std::optional<ports::Position>& position) {
  if (!position) return "-";
  return std::to_string(position->next_offset) + " " + std::to_string(position->leader_epoch) + " " +
         id_text(position->topic_id);
}

std::optional<ports::Position> position_in(std::string_view place) {
  const auto next_offset = count_in<std::int64_t>(take_word(place));
  const auto leader_epoch = integer_in<std::int32_t>(take_word(place));
  const auto topic_id = id_in(place);
  if (!next_offset || !leader_epoch || *leader_epoch < -1 || !topic_id) return std::nullopt;
  return ports::Position{*next_offset, *leader_epoch, *topic_id};
}

std::string topic_text(const ports::KnownTopic& known) {
  return id_text(known.topic_id) + " " + std::to_string(known.partition_count);
}

std::optional<ports::KnownTopic> topic_in(std::string_view text) {
  const auto topic_id = id_in(take_word(text));
  const auto count = count_in<std::int32_t>(text);
  if (!topic_id || !count) return std::nullopt;
  return ports::KnownTopic{*topic_id, *count};
}

}  // namespace ductus::offsets
