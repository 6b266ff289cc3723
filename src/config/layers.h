// Layers: settings from several places laid upon each other, key by key.
//
// Thread: none of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "config/problems.h"
#include "config/schema.h"
#include "config/tree.h"

namespace ductus::config {

/// Of one text, once its variables are put in.
inline constexpr std::size_t kMaxExpandedBytes = 1u << 20;

/// A variable of the environment; nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The variable for a key: DUCTUS__SOURCE__FETCH_MAX_WAIT_MS for source.fetch.max.wait.ms.
std::string variable_of(std::string_view path);

class Layers {
 public:
  explicit Layers(Problems& problems) : problems_(problems) {}

  // Each call adds one layer above the ones before. Tables among free settings merge, everything else is replaced.

  void add_document(const Tree& document);
  void add_environment(const Environment& environment);
  /// One `key=value`.
  void add_argument(const std::string& argument);

  /// Replaces ${NAME} in what came from files, then checks every setting and puts it into `config`.
  void apply_to(NodeConfig& config, const Environment& environment) const;
  struct Setting {
    Tree value;              ///< ${NAME} as it was written
    std::string written_as;  ///< the path or alias
  };
  /// What was laid uppermost for `key`; nullptr where nothing was.
  const Setting* find(const Key& key) const {
    const auto found = settings_.find(&key);
    return found == settings_.end() ? nullptr : &found->second;
  }
  bool has(std::string_view path) const { return find(*find_key(path)) != nullptr; }

 private:
  using Layer = std::map<const Key*, Setting>;

  void collect(const Tree::Table& table, const std::string& front, Layer& layer);
  void refuse(const std::string& path, const Tree& value);
  void add_setting(const Key& key, const std::string& path, Tree value, Layer& layer);
  void add_text(const Key& key, const std::string& path, const std::string& text, const Origin& origin, Layer& layer);
  void lay(Layer layer);

  Layer settings_;
  Problems& problems_;
};

}  // namespace ductus::config
