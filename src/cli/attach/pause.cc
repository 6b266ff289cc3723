// pause, resume, restart: of all topics, one of them, or one partition.
#include <memory>
#include <string>
#include <vector>

#include "base/escape.h"
#include "cli/ask_node.h"
#include "cli/attach/node_commands.h"
#include "cli/attach/place_option.h"
#include "cli/verb.h"
#include "config/suggest.h"

namespace ductus::cli {
namespace {

ExitCode exit_code_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return ExitCode::kNotRunning;
    case ErrorCode::kInvalid:
      return ExitCode::kUsage;
    default:
      return exit_code_of(error);
  }
}

int act(const Call& call, const config::NodeConfig& config, Surroundings& around, const std::optional<Place>& named) {
  std::vector<std::string> topics;
  for (const config::TopicConfig& topic : config.topics) topics.push_back(topic.name);
  std::vector<Place> places;
  if (named) places.push_back(*named);
  if (!named) {
    for (const std::string& topic : topics) places.push_back({topic, std::nullopt});
  }
  for (const Place& place : places) {
    const std::string name = place.topic + (place.partition ? "/" + std::to_string(*place.partition) : "");
    const auto done = act_on(config, call.verb, place);
    if (!done) {
      const bool gone = done.error().code == ErrorCode::kNotFound;
      const auto meant = done.error().code == ErrorCode::kInvalid ? config::closest(place.topic, topics) : std::nullopt;
      say(around, gone ? config.name + " is not running"
                       : name + ": " + done.error().message +
                             (meant && *meant != place.topic ? "; did you mean '" + *meant + "'?" : ""));
      return to_int(exit_code_for(done.error()));
    }
    around.out << base::escaped(name) << " " << done_word(call.verb) << "\n";
  }
  return to_int(ExitCode::kOk);
}

Action describe(CLI::App& app) {
  const auto place = std::make_shared<std::optional<Place>>();
  add_place(app, place, "TOPIC or TOPIC/PARTITION; without it every topic");
  return with_config([place](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return act(call, config, around, *place);
  });
}

}  // namespace

Action describe_pause(CLI::App& app) { return describe(app); }

Action describe_resume(CLI::App& app) { return describe(app); }

Action describe_restart(CLI::App& app) { return describe(app); }

}  // namespace ductus::cli
