#include "sandbox/topic_words.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "sandbox/logs/prebuilt_log.h"

namespace ductus::sandbox {
namespace {

constexpr std::int64_t kMaxRatePerS = 1'000'000'000;

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t colon = words.find(':');
    parts.push_back(words.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    words.remove_prefix(colon + 1);
  }
}

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Result<std::int64_t> number(std::string_view what, std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return invalid(std::string(what) + " is '" + base::escaped(text) + "': give a number from " + std::to_string(min) +
                   " to " + std::to_string(max));
  }
  return value;
}

Result<Codec> codec_named(std::string_view name) {
  if (name == "none") return Codec::kNone;
  if (name == "gzip") return Codec::kGzip;
  if (name == "snappy") return Codec::kSnappy;
  if (name == "lz4") return Codec::kLz4;
  if (name == "zstd") return Codec::kZstd;
  return invalid("CODEC is '" + base::escaped(name) + "': give none, gzip, snappy, lz4 or zstd");
}

// Source: org.apache.kafka.common.internals.Topic.
bool is_topic_name(std::string_view name) {
  const auto is_legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), is_legal);
}

Result<std::string> topic_name(std::string_view text) {
  if (is_topic_name(text)) return std::string(text);
  return invalid("'" + base::escaped(text, 300) + "' is no topic name");
}

Result<std::int32_t> partition_count(std::string_view text) {
  const auto count = number("PARTITIONS", text, 1, kMaxPartitions);
  if (!count) return count.error();
  return static_cast<std::int32_t>(*count);
}

// Takes the last word where it is "start=OFFSET"; else 0.
Result<std::int64_t> take_start(std::vector<std::string_view>& parts) {
  constexpr std::string_view kWord = "start=";
  const std::string_view last = parts.back();
  if (!last.starts_with(kWord)) return std::int64_t{0};
  parts.pop_back();
  return number("start", last.substr(kWord.size()), 0, kMaxStartOffset);
}

}  // namespace

Result<PrebuiltWords> read_prebuilt_words(std::string_view words) {
  std::vector<std::string_view> parts = split(words);
  const auto start = take_start(parts);
  if (!start) return start.error();
  if (parts.size() < 4 || parts.size() > 5) {
    return invalid("'" + base::escaped(words) + "' is not NAME:PARTITIONS:VALUE_BYTES:CODEC[:MESSAGES][:start=OFFSET]");
  }
  auto name = topic_name(parts[0]);
  if (!name) return name.error();
  const auto partitions = partition_count(parts[1]);
  if (!partitions) return partitions.error();
  const auto value_bytes = number("VALUE_BYTES", parts[2], PrebuiltLog::kMinValueBytes, PrebuiltLog::kMaxValueBytes);
  if (!value_bytes) return value_bytes.error();
  const auto codec = codec_named(parts[3]);
  if (!codec) return codec.error();
  std::optional<std::int64_t> messages;
  if (parts.size() == 5) {
    const auto given = number("MESSAGES", parts[4], 0, PrebuiltLog::kEndless);
    if (!given) return given.error();
    messages = *given;
  }
  return PrebuiltWords{*std::move(name), *partitions, *value_bytes, *codec, messages, *start};
}

Result<EventWords> read_event_words(std::string_view words) {
  std::vector<std::string_view> parts = split(words);
  const auto start = take_start(parts);
  if (!start) return start.error();
  if (parts.size() < 3 || parts.size() > 4) {
    return invalid("'" + base::escaped(words) + "' is not NAME:PARTITIONS:MESSAGES[:RATE_PER_S][:start=OFFSET]");
  }
  auto name = topic_name(parts[0]);
  if (!name) return name.error();
  const auto partitions = partition_count(parts[1]);
  if (!partitions) return partitions.error();
  const auto messages = number("MESSAGES", parts[2], 0, 1'000'000'000);
  if (!messages) return messages.error();
  std::optional<std::int64_t> rate_per_s;
  if (parts.size() == 4) {
    const auto rate = number("RATE_PER_S", parts[3], 1, kMaxRatePerS);
    if (!rate) return rate.error();
    rate_per_s = *rate;
  }
  return EventWords{*std::move(name), *partitions, *messages, rate_per_s, *start};
}

}  // namespace ductus::sandbox
