// console: the node runs in this process, in this terminal.
#include <CLI/CLI.hpp>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "cli/modules.h"
#include "cli/time_argument.h"
#include "cli/verb.h"
#include "daemon/service_manager.h"

namespace ductus::cli {
namespace {

std::chrono::milliseconds timeout_from(const std::string& text) {
  const auto timeout = duration_from(text, std::chrono::milliseconds(1));
  if (!timeout) throw CLI::ValidationError("--timeout", timeout.error().message + ", not '" + text + "'");
  return *timeout;
}

}  // namespace

Action describe_console(CLI::App& app) {
  const auto options = std::make_shared<node::RunOptions>();
  auto* const until_end =
      app.add_flag("--until-end", options->until_end, "End once all that was there at the start has been read");
  app.add_option_function<std::string>(
         "--timeout", [options](const std::string& text) { options->timeout = timeout_from(text); },
         "With --until-end: give up after this time (10s, 5m)")
      ->type_name("TIME")
      ->needs(until_end);
  return with_config([options](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    node::RunOptions told = *options;
    told.reload = reload_of(call, around);
    const auto manager = around.environment ? around.environment("NOTIFY_SOCKET") : std::nullopt;
    if (manager) told.when_up = [&manager] { daemon::tell_service_manager(*manager, "READY=1"); };
    return run_node(config, told, around);
  });
}

}  // namespace ductus::cli
