#include "operate/offsets/journal_report.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string to_json(const config::NodeConfig& config, const std::vector<ports::JournalAct>& acts) {
  const auto offset_of = [](const std::optional<ports::Position>& position) {
    return position ? Json(position->next_offset) : Json(nullptr);
  };
  Json told = Json::array();
  for (const ports::JournalAct& act : acts) {
    Json positions = Json::array();
    for (const auto& [partition, before, after] : act.positions) {
      positions.push_back({{"topic", partition.topic},
                           {"partition", partition.partition},
                           {"unit", name_of(partition.unit)},
                           {"before", offset_of(before)},
                           {"after", offset_of(after)}});
    }
    told.push_back(
        {{"act", act.act}, {"at", act.at}, {"who", act.who}, {"why", act.why}, {"positions", std::move(positions)}});
  }
  const Json document = {{"schema", "ductus.journal/1"},
                         {"name", config.name},
                         {"handler_name", config.handler_name},
                         {"acts", std::move(told)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace ductus::operate
