#include "node/api/config_answer.h"

#include <type_traits>
#include <variant>
#include <vector>

#include "config/shown/settings.h"
#include "config/toml/toml_writer.h"
#include "operate/json_fields.h"

namespace ductus::node {
namespace {

using config::Tree;
using operate::Json;

// What JSON has no number for (nan, inf) is null in it.
Json to_json(const Tree& tree) {
  return std::visit(
      [](const auto& data) -> Json {
        using Data = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<Data, Tree::List>) {
          Json list = Json::array();
          for (const Tree& element : data) list.push_back(to_json(element));
          return list;
        } else if constexpr (std::is_same_v<Data, Tree::Table>) {
          Json object = Json::object();
          for (const auto& [key, element] : data) object[key] = to_json(element);
          return object;
        } else {
          return data;
        }
      },
      tree.data);
}

}  // namespace

std::string config_answer(const config::NodeConfig& config) {
  const std::vector<config::Setting> shown = config::settings_of(config);
  Json settings = Json::array();
  for (const config::Setting& setting : shown) {
    settings.push_back({{"key", setting.path}, {"value", to_json(setting.value)}, {"origin", setting.origin}});
  }
  const Json document = {{"schema", "ductus.config/1"},
                         {"name", config.name},
                         {"settings", std::move(settings)},
                         {"toml", config::to_toml(shown)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace ductus::node
