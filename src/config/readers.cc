#include "config/readers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace ductus::config {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// The ones to write come first, the largest ahead.
constexpr std::array<Unit, 4> kDurationUnits{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 8> kSizeUnits{{{"GiB", 1u << 30},
                                          {"MiB", 1u << 20},
                                          {"KiB", 1u << 10},
                                          {"B", 1},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"kB", 1'000},
                                          {"KB", 1'000}}};
constexpr std::size_t kMaxTopicBytes = 249;
constexpr std::size_t kMaxHostBytes = 255;

Error expected(std::string what) { return {ErrorCode::kInvalid, "expected " + std::move(what)}; }

std::optional<std::uint64_t> in_range(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return value >= least && value <= most ? std::optional(value) : std::nullopt;
}

// A whole number of a unit; nullopt where it is none or out of range. Nothing is taken for granted about overflow.
std::optional<std::uint64_t> read_units(std::string_view text, std::span<const Unit> units, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end == text.data()) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units) {
    if (name == unit.name && number <= most / unit.factor) return number * unit.factor;
  }
  return std::nullopt;
}

std::string units_to_text(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(value) + std::string(units.back().name);
}

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<std::string> read_clean_text(const Tree& tree, std::size_t max_bytes) {
  const std::string* text = tree.as_text();
  if (text == nullptr || text->empty() || text->size() > max_bytes || !is_clean(*text)) {
    return expected("text of 1 to " + std::to_string(max_bytes) + " bytes without control characters");
  }
  return *text;
}

}  // namespace

Result<milliseconds> read_duration(const Tree& tree, milliseconds least, milliseconds most, bool bare_is_ms) {
  const auto floor = static_cast<std::uint64_t>(least.count());
  const auto ceiling = static_cast<std::uint64_t>(most.count());
  std::optional<std::uint64_t> ms;
  if (const auto* number = tree.as_int(); number != nullptr && bare_is_ms && *number >= 0) {
    ms = static_cast<std::uint64_t>(*number);
  } else if (const auto* text = tree.as_text()) {
    ms = read_units(*text, kDurationUnits, ceiling);
  }
  if (ms) ms = in_range(*ms, floor, ceiling);
  if (ms) return milliseconds(*ms);
  return expected(std::string("a duration such as \"500ms\", \"10s\", \"5m\" or \"1h\"") +
                  (bare_is_ms ? ", or milliseconds" : "") + ", from " + to_text(least) + " to " + to_text(most));
}

Result<std::uint64_t> read_size(const Tree& tree, std::uint64_t least, std::uint64_t most) {
  std::optional<std::uint64_t> bytes;
  if (const auto* number = tree.as_int(); number != nullptr && *number >= 0) {
    bytes = static_cast<std::uint64_t>(*number);
  } else if (const auto* text = tree.as_text()) {
    bytes = read_units(*text, kSizeUnits, most);
  }
  if (bytes) bytes = in_range(*bytes, least, most);
  if (bytes) return *bytes;
  return expected("a number of bytes, or a size such as \"64KiB\" or \"1MiB\", from " + size_to_text(least) + " to " +
                  size_to_text(most));
}

Result<std::uint64_t> read_count(const Tree& tree, std::uint64_t least, std::uint64_t most) {
  const auto* number = tree.as_int();
  if (number != nullptr && *number >= 0) {
    if (const auto count = in_range(static_cast<std::uint64_t>(*number), least, most)) return *count;
  }
  return expected("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<std::string> read_text(const Tree& tree) { return read_clean_text(tree, kMaxTextBytes); }

Result<std::string> read_path(const Tree& tree) { return read_clean_text(tree, kMaxPathBytes); }

Result<std::size_t> read_word(const Tree& tree, std::span<const std::string_view> words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (tree.as_text() != nullptr && *tree.as_text() == words[i]) return i;
    all += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + ('"' + std::string(words[i]) + '"');
  }
  return expected(all);
}

Result<BrokerAddress> read_broker(std::string_view text) {
  const Error wrong = expected("\"host:port\" with a port from 1 to 65535, IPv6 addresses as \"[::1]:9092\"");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);

  BrokerAddress broker;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), broker.port);
  if (failure != std::errc() || end != digits.data() + digits.size() || broker.port == 0) return wrong;

  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.find(':') != host.npos;
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool letters_only = std::all_of(host.begin(), host.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || (bracketed && (c == ':' || c == '%'));
  });
  if (host.empty() || host.size() > kMaxHostBytes || !letters_only) return wrong;
  broker.host = host;
  return broker;
}

Result<std::string> read_topic_name(const Tree& tree) {
  const std::string* name = tree.as_text();
  const bool letters_only = name != nullptr && std::all_of(name->begin(), name->end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                     c == '.' || c == '_' || c == '-';
                            });
  if (!letters_only || name->empty() || name->size() > kMaxTopicBytes || *name == "." || *name == "..") {
    return expected("a topic name: 1 to " + std::to_string(kMaxTopicBytes) +
                    " letters, digits, '.', '_' or '-', and not \".\" or \"..\"");
  }
  return *name;
}

Result<std::vector<PartitionRange>> read_partitions(const Tree& tree) {
  const Error wrong = expected("partitions in ascending order, such as \"0-5\" or \"0,2,5-7\"");
  auto text = read_path(tree);
  if (!text) return wrong;
  std::vector<PartitionRange> ranges;
  const char* at = text->data();
  const char* const end = at + text->size();
  const auto read_number = [&](std::int32_t& number) {
    const auto [behind, failure] = std::from_chars(at, end, number);
    const bool good = failure == std::errc() && *at != '-';
    at = behind;
    return good;
  };
  for (bool more = true; more;) {
    PartitionRange range;
    if (!read_number(range.first)) return wrong;
    range.last = range.first;
    if (at != end && *at == '-' && !(++at != end && read_number(range.last))) return wrong;
    if (range.last < range.first || (!ranges.empty() && range.first <= ranges.back().last)) return wrong;
    ranges.push_back(range);
    more = at != end;
    if (more && *at++ != ',') return wrong;
  }
  return ranges;
}

std::string to_text(const BrokerAddress& broker) {
  const bool is_ipv6 = broker.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + broker.host + "]" : broker.host) + ":" + std::to_string(broker.port);
}

std::string to_text(const std::vector<PartitionRange>& partitions) {
  std::string text;
  for (const auto& [first, last] : partitions) {
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (last > first) text += "-" + std::to_string(last);
  }
  return text;
}

std::string to_text(milliseconds duration) {
  return units_to_text(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

std::string size_to_text(std::uint64_t bytes) { return units_to_text(bytes, std::span(kSizeUnits).first(4)); }

}  // namespace ductus::config
