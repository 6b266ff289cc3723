// config check, show and convert: what a configuration says, without a node.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/modules.h"
#include "cli/verb.h"
#include "config/load.h"
#include "config/shown/settings.h"
#include "config/toml/toml_writer.h"

namespace ductus::cli {
namespace {

config::LoadRequest request_of(const Call& call, const Surroundings& around) {
  return {call.config, call.config_dir, call.sets, around.environment, around.cwd};
}

int invalid(Surroundings& around, const Error& error) {
  say_problems(around, error.message);
  return to_int(ExitCode::kConfigInvalid);
}

int check(const Call& call, const config::NodeConfig& config, Surroundings& around) {
  const auto module = make_module(config, around);
  if (!module) return to_int(ExitCode::kConfigInvalid);
  for (const std::string& warning : config.warnings) say(around, warning);
  const std::size_t topics = config.topics.size();
  around.out << call.config << ": ok, " << topics << (topics == 1 ? " topic\n" : " topics\n");
  return to_int(ExitCode::kOk);
}

}  // namespace

Action describe_config_check(CLI::App&) { return with_config(check); }

Action describe_config_show(CLI::App& app) {
  const auto with_origins = std::make_shared<bool>(false);
  app.add_flag("--origin", *with_origins, "Say of each key which file and line, variable or option its value is from");
  return with_config([with_origins](const Call&, const config::NodeConfig& config, Surroundings& around) {
    around.out << config::to_toml(config::settings_of(config), *with_origins);
    return to_int(ExitCode::kOk);
  });
}

Action describe_config_convert(CLI::App&) {
  return [](const Call& call, Surroundings& around) {
    const auto conversion = config::convert(request_of(call, around));
    if (!conversion) return invalid(around, conversion.error());
    for (const std::string& warning : conversion->warnings) say(around, warning);
    around.out << config::to_toml(conversion->settings);
    return to_int(ExitCode::kOk);
  };
}

}  // namespace ductus::cli
