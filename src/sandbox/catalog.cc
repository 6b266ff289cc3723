#include "sandbox/catalog.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <optional>

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

// The same name has the same id in every run; never the zero id, which means "none".
TopicId id_of(std::string_view name) {
  TopicId id{};
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3U;
  std::memcpy(id.data(), &hash, sizeof hash);
  std::memcpy(id.data() + 8, "sandbox!", 8);
  return id;
}

}  // namespace

PartitionLog* Topic::partition(std::int32_t index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= partitions.size()) return nullptr;
  return partitions[static_cast<std::size_t>(index)].get();
}

Result<Topic*> Catalog::add(std::string_view name) {
  if (!is_topic_name(name)) return invalid("'" + base::escaped(name, 300) + "' is no topic name");
  const auto [at, is_new] = topics_.try_emplace(std::string(name));
  if (!is_new) return invalid("topic '" + std::string(name) + "' is there twice");
  at->second.name = name;
  at->second.id = id_of(name);
  return &at->second;
}

Result<void> Catalog::add_prebuilt(std::string_view words) {
  const std::vector<std::string_view> parts = split(words);
  if (parts.size() < 4 || parts.size() > 5) {
    return invalid("'" + base::escaped(words) + "' is not NAME:PARTITIONS:VALUE_BYTES:CODEC[:MESSAGES]");
  }
  const auto partitions = number("PARTITIONS", parts[1], 1, kMaxPartitions);
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
  auto topic = add(parts[0]);
  if (!topic) return topic.error();
  (*topic)->partitions.assign(static_cast<std::size_t>(*partitions),
                              std::make_shared<PrebuiltLog>(*value_bytes, *codec, messages));
  return {};
}

Result<void> Catalog::add_events(std::string_view words, EventLog::Start start) {
  const std::vector<std::string_view> parts = split(words);
  if (parts.size() < 3 || parts.size() > 4) {
    return invalid("'" + base::escaped(words) + "' is not NAME:PARTITIONS:MESSAGES[:RATE_PER_S]");
  }
  const auto partitions = number("PARTITIONS", parts[1], 1, kMaxPartitions);
  if (!partitions) return partitions.error();
  const auto messages = number("MESSAGES", parts[2], 0, 1'000'000'000);
  if (!messages) return messages.error();
  EventLog::Plan plan{0, *messages, std::nullopt};
  if (parts.size() == 4) {
    const auto rate = number("RATE_PER_S", parts[3], 1, kMaxRatePerS);
    if (!rate) return rate.error();
    plan.rate_per_s = *rate;
  }
  auto topic = add(parts[0]);
  if (!topic) return topic.error();
  for (; plan.partition < *partitions; ++plan.partition) {
    (*topic)->partitions.push_back(std::make_shared<EventLog>(plan, start));
  }
  return {};
}

const Topic* Catalog::find(std::string_view name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

const Topic* Catalog::find(const TopicId& id) const {
  for (const auto& [name, topic] : topics_) {
    if (topic.id == id) return &topic;
  }
  return nullptr;
}

std::string expectations_json(const Catalog& catalog) {
  std::string json;
  for (const auto& [name, topic] : catalog.topics()) {
    const PartitionLog* previous = nullptr;
    std::optional<Expectation> expected;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const PartitionLog* log = topic.partitions[i].get();
      if (log != previous) expected = log->expectation();
      previous = log;
      if (!expected) continue;
      json += json.empty() ? "[\n" : ",\n";
      json += "{\"topic\":\"" + name + "\",\"partition\":" + std::to_string(i);
      json += ",\"messages\":" + std::to_string(expected->messages);
      json += ",\"value_bytes\":" + std::to_string(expected->value_bytes);
      json += ",\"checksum\":" + std::to_string(expected->checksum) + "}";
    }
  }
  return json.empty() ? "[]\n" : json + "\n]\n";
}

}  // namespace ductus::sandbox
