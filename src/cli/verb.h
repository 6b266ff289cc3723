// Verb: one word of the command line, what it takes, and what it does. Each verb stands in a file of its own; the table
// of them in verb_table.cc.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/surroundings.h"
#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::cli {

/// What every verb is told.
struct Call {
  std::string verb;    ///< as it is typed: "status", "offsets set"
  std::string config;  ///< empty where the verb takes none
  std::optional<std::filesystem::path> config_dir;
  std::vector<std::string> sets;  ///< key=value
  bool json = false;
};

/// Does it, and returns the process's exit code. Blocking: until it is done.
using Action = std::function<int(const Call&, Surroundings&)>;

struct Verb {
  const char* group;  ///< "offsets"; empty: the verb stands by itself
  const char* name;
  const char* description;
  bool takes_config;
  bool tells_json;
  /// Adds the verb's own options. What they are set to when the command line has been read is what the action acts
  /// upon. An option's own check throws CLI::ValidationError.
  Action (*describe)(CLI::App& app);
};

/// In the order of the help.
std::span<const Verb> verbs() noexcept;

/// An action that needs the configuration: without a valid one its problems are told, and it ends with kConfigInvalid.
Action with_config(std::function<int(const Call&, const config::NodeConfig&, Surroundings&)> act);
/// The configuration of `call`; nullopt: its problems were told.
std::optional<config::NodeConfig> load_config(const Call& call, Surroundings& around);

/// Loads the configuration of `call` again, as often as it is asked.
std::function<Result<config::NodeConfig>()> reload_of(const Call& call, const Surroundings& around);

/// Tells each line of an error of config::load().
void say_problems(Surroundings& around, std::string_view problems);

/// What an error of a look at brokers, node or store ends a verb with.
ExitCode exit_code_of(const Error& error) noexcept;

Action describe_start(CLI::App& app);
Action describe_console(CLI::App& app);
Action describe_stop(CLI::App& app);
Action describe_running(CLI::App& app);
Action describe_status(CLI::App& app);
Action describe_attach(CLI::App& app);
Action describe_peek(CLI::App& app);
Action describe_logs(CLI::App& app);
Action describe_pause(CLI::App& app);
Action describe_resume(CLI::App& app);
Action describe_restart(CLI::App& app);
Action describe_reset_offsets(CLI::App& app);
Action describe_reset_to_oldest_offsets(CLI::App& app);
Action describe_zero_offsets(CLI::App& app);
Action describe_reset_single_offset(CLI::App& app);
Action describe_reset_offsets_from_file(CLI::App& app);
Action describe_offsets_show(CLI::App& app);
Action describe_offsets_set(CLI::App& app);
Action describe_offsets_export(CLI::App& app);
Action describe_offsets_import(CLI::App& app);
Action describe_offsets_undo(CLI::App& app);
Action describe_offsets_log(CLI::App& app);
Action describe_config_check(CLI::App& app);
Action describe_config_show(CLI::App& app);
Action describe_config_convert(CLI::App& app);
Action describe_completion(CLI::App& app);

}  // namespace ductus::cli
