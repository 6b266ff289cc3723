#include "cli/peek/peek.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "base/log/line.h"
#include "cli/ask_node.h"
#include "cli/terminal/text_table.h"
#include "config/suggest.h"
#include "operate/offsets/stored_entries.h"
#include "operate/status_report.h"

namespace ductus::cli {
namespace {

using Places = std::map<ports::TopicPartition, std::int64_t>;

// On a terminal, in characters.
constexpr std::size_t kMostOfKey = 24;
constexpr std::size_t kLeastOfValue = 16;
constexpr std::size_t kMaxBytesOfCharacter = 4;
// The end of the year 9999: what lies beyond is no time.
constexpr std::int64_t kLastMs = 253'402'300'799'999;

Result<Places> stored_places(const config::NodeConfig& config, const std::string& topic) {
  const auto entries = operate::stored_entries(config);
  if (!entries) return entries.error();
  Places places;
  for (const auto& [partition, position] : operate::places_of(*entries)) {
    if (partition.topic == topic) places[partition] = position.next_offset;
  }
  return places;
}

Result<Places> places_of(const config::NodeConfig& config, const std::string& topic) {
  const auto answer = get_from_node(config, "/v1/status");
  if (!answer && answer.error().code == ErrorCode::kNotFound) return stored_places(config, topic);
  if (!answer) return Error{answer.error().code, config.name + " cannot be asked: " + answer.error().message};
  const auto report = operate::status_from_json(answer->body);
  if (answer->status != 200 || !report) {
    return Error{ErrorCode::kUnreachable, config.name + " answered " + std::to_string(answer->status) + " without a " +
                                              "status: --offset says where to look all the same"};
  }
  Places places;
  for (const operate::PartitionStatus& partition : report->partitions) {
    if (partition.topic != topic || !partition.next_offset) continue;
    const auto unit = report->unit().value_or(ports::OffsetUnit::kMessages);
    places[{topic, partition.partition, unit}] = *partition.next_offset;
  }
  return places;
}

std::string time_text(std::int64_t ms) {
  if (ms < 0) return "";
  if (ms > kLastMs) return std::to_string(ms);
  return base::timestamp(std::chrono::system_clock::time_point(std::chrono::milliseconds(ms)));
}

Cell bytes_cell(const std::optional<std::string>& bytes, std::size_t max_bytes) {
  if (!bytes) return {"(null)", Colour::kDim};
  return {base::escaped(*bytes, max_bytes)};
}

// What the other columns leave of the terminal.
std::size_t room_for_values(const std::vector<std::vector<Cell>>& rows, std::size_t columns) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t width = 0;
    for (const auto& row : rows) width = std::max(width, width_of(row[i].text));
    if (width > 0) taken += std::max<std::size_t>(width, i == 0 ? 6 : 4) + 2;
  }
  return std::max(columns > taken ? columns - taken : 0, kLeastOfValue);
}

}  // namespace

Result<std::size_t> peek_count_from(std::string_view text) {
  std::size_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure == std::errc() && end == text.data() + text.size() && count >= 1 && count <= operate::kMaxPeeked) {
    return count;
  }
  return Error{ErrorCode::kInvalid, "expected a number from 1 to " + std::to_string(operate::kMaxPeeked)};
}

Result<operate::Peeked> peek_at(const config::NodeConfig& config, const PeekArguments& arguments) {
  std::vector<std::string> topics;
  for (const config::TopicConfig& topic : config.topics) topics.push_back(topic.name);
  const auto topic = std::ranges::find(topics, arguments.place.topic);
  if (topic == topics.end()) {
    const auto meant = config::closest(arguments.place.topic, topics);
    return Error{ErrorCode::kInvalid, "'" + arguments.place.topic + "' is none of the topics of " + config.name +
                                          (meant ? "; did you mean '" + *meant + "'?" : "")};
  }
  operate::PeekRequest request{.topic = config.topics[static_cast<std::size_t>(topic - topics.begin())],
                               .partition = arguments.place.partition,
                               .offset = arguments.offset,
                               .places = {},
                               .count = arguments.count};
  if (!arguments.offset) {
    auto places = places_of(config, arguments.place.topic);
    if (!places) return std::move(places).error();
    request.places = *std::move(places);
  }
  return operate::peek(config, request);
}

std::string peek_text(const operate::Peeked& peeked, const Style& style) {
  if (peeked.messages.empty()) return "";
  const std::size_t most = style.columns > 0 ? style.columns * kMaxBytesOfCharacter : std::string_view::npos;
  const bool keyed = std::ranges::any_of(peeked.messages, [](const auto& message) { return message.key.has_value(); });
  std::vector<std::vector<Cell>> rows;
  for (const operate::PeekedMessage& message : peeked.messages) {
    Cell key = keyed ? bytes_cell(message.key, most) : Cell{};
    if (style.columns > 0) key.text = shortened(key.text, kMostOfKey, false);
    rows.push_back({{std::to_string(message.offset)},
                    {time_text(message.timestamp_ms)},
                    std::move(key),
                    bytes_cell(message.value, most)});
  }
  if (style.columns > 0) {
    const std::size_t room = room_for_values(rows, style.columns);
    for (auto& row : rows) row[3].text = shortened(row[3].text, room, false);
  }
  return text_table({{"OFFSET", true}, {"TIME"}, {"KEY"}, {"VALUE"}}, rows, style);
}

std::string why_no_more(const operate::Peeked& peeked, std::size_t count) {
  if (peeked.trouble) return peeked.trouble->message;
  if (peeked.messages.size() >= count) return "";
  const std::string name = peeked.partition.topic + "/" + std::to_string(peeked.partition.partition);
  const std::string end = peeked.readable_end ? ", " + std::to_string(*peeked.readable_end) : "";
  return name + ": there is no more yet: this is the readable end of its log" + end;
}

}  // namespace ductus::cli
