// Value: the data that crosses between configuration, callback modules and aggregates.
//
// Thread: a plain value type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ductus {

/// null, bool, int64, double, string, list or map (sorted by key).
/// The as_… accessors return a pointer to the content, or nullptr where the value is of another kind.
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, std::less<>>;

  Value() = default;
  Value(std::nullptr_t) {}                                       // NOLINT(*-explicit-*)
  Value(bool value) : data_(value) {}                            // NOLINT(*-explicit-*)
  Value(int value) : data_(static_cast<std::int64_t>(value)) {}  // NOLINT(*-explicit-*)
  Value(std::int64_t value) : data_(value) {}                    // NOLINT(*-explicit-*)
  Value(double value) : data_(value) {}                          // NOLINT(*-explicit-*)
  Value(std::string value) : data_(std::move(value)) {}          // NOLINT(*-explicit-*)
  Value(std::string_view value) : data_(std::string(value)) {}   // NOLINT(*-explicit-*)
  Value(const char* value) : data_(std::string(value)) {}        // NOLINT(*-explicit-*)
  Value(List value) : data_(std::move(value)) {}                 // NOLINT(*-explicit-*)
  Value(Map value) : data_(std::move(value)) {}                  // NOLINT(*-explicit-*)

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }
  const bool* as_bool() const noexcept { return std::get_if<bool>(&data_); }
  const std::int64_t* as_int() const noexcept { return std::get_if<std::int64_t>(&data_); }
  const double* as_double() const noexcept { return std::get_if<double>(&data_); }
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&data_); }
  const List* as_list() const noexcept { return std::get_if<List>(&data_); }
  const Map* as_map() const noexcept { return std::get_if<Map>(&data_); }

  /// The entry `key` of a map; nullptr where this is no map or has no such entry.
  const Value* find(std::string_view key) const {
    const Map* map = as_map();
    if (map == nullptr) return nullptr;
    const auto entry = map->find(key);
    return entry == map->end() ? nullptr : &entry->second;
  }

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_;
};

}  // namespace ductus
