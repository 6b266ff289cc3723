// The schema: one table of all keys, with what each takes and where it goes. docs/configuration.md is its other half.
//
// Thread: constant data.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/node_config.h"
#include "config/problems.h"
#include "config/tree.h"

namespace ductus::config {

inline constexpr std::size_t kMaxTopics = 10'000;
inline constexpr std::size_t kMaxBrokers = 1'000;

/// What a bit of text (the environment, --set) is read as.
enum class TextForm : std::uint8_t {
  kPlain,  ///< as it is: no quotes needed
  kToml,   ///< a TOML value; where it is none, as it is
};

// What a key takes, and the field it goes to.
struct DurationField {
  std::chrono::milliseconds NodeConfig::* field;
  std::chrono::milliseconds least, most;
};
struct OptionalDurationField {
  std::optional<std::chrono::milliseconds> NodeConfig::* field;
  std::chrono::milliseconds least, most;
};
struct SizeField {
  std::size_t NodeConfig::* field;
  std::uint64_t least, most;
};
struct CountField {
  std::uint32_t NodeConfig::* field;
  std::uint32_t least, most;
};
struct TextField {
  std::string NodeConfig::* field;
};
struct PathField {
  std::filesystem::path NodeConfig::* field;
};
struct WordField {
  std::string NodeConfig::* field;
  std::span<const std::string_view> words;
};
struct PolicyField {
  OffsetPolicy NodeConfig::* field;
};
struct ValueField {
  Value NodeConfig::* field;
};
struct BrokersField {
  std::vector<BrokerAddress> NodeConfig::* field;
};
// Its reader reports its own problems.
struct OwnField {
  void (*read)(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems);
  Value (*write)(const NodeConfig& config);
  TextForm form;
};

using Field = std::variant<DurationField, OptionalDurationField, SizeField, CountField, TextField, PathField, WordField,
                           PolicyField, ValueField, BrokersField, OwnField>;

struct Key {
  std::string_view path;  ///< "node.stop_timeout"
  Field field;
};

/// All keys, in the order of the documentation.
std::span<const Key> keys() noexcept;

TextForm text_form_of(const Key& key) noexcept;
bool takes_table(const Key& key) noexcept;
/// The same key with `_ms` at its end, where that is another way to write it; else empty.
std::string ms_alias_of(const Key& key);

/// The key with this path or alias; nullptr where there is none.
const Key* find_key(std::string_view path) noexcept;
/// True where `path` is a table of keys: "node", "source.fetch.max".
bool is_table_of_keys(std::string_view path) noexcept;
/// "; did you mean 'brokers'?" for an unknown path, or nothing.
std::string advice_for(std::string_view unknown_path);

/// Checks `value` and puts it into `config`. `written_as` is the path or alias that was used.
void apply(const Key& key, std::string_view written_as, const Tree& value, NodeConfig& config, Problems& problems);

/// What `config` holds for `key`, written as apply() takes it; paths are absolute. Null where nothing is set.
Value value_of(const Key& key, const NodeConfig& config);

}  // namespace ductus::config
