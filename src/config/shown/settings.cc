#include "config/shown/settings.h"

#include <utility>

#include "config/schema.h"
#include "config/shown/secrets.h"

namespace ductus::config {

std::vector<Setting> settings_of(const NodeConfig& config) {
  std::vector<Setting> settings;
  for (const Key& key : keys()) {
    if (const Setting* const written = config.written_for(key.path)) {
      settings.push_back({written->path, without_secrets(written->path, written->value), written->origin});
    } else if (const Value value = value_of(key, config); !value.is_null()) {
      settings.push_back({std::string(key.path), without_secrets(key.path, to_tree(value, {})), "default"});
    }
  }
  return settings;
}

}  // namespace ductus::config
