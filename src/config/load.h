// load(): CONFIG on the command line → NodeConfig. All that is wrong is told at once. A node that runs may load the
// same request again (changes.h says what that means).
//
// Built-in defaults < default.toml < NAME.toml < environment < --set; either file may be in Erlang terms.
// Thread: any. Blocking: reads at most two files of at most 1 MiB.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/layers.h"
#include "config/node_config.h"
#include "config/tree.h"
#include "ductus/result.h"

namespace ductus::config {

struct LoadRequest {
  std::string config;                               ///< a NAME, or a path where it holds a '/'
  std::optional<std::filesystem::path> config_dir;  ///< --config-dir; without it DUCTUS_CONFIG_DIR counts
  std::vector<std::string> sets;                    ///< --set KEY=VALUE, the last one wins
  Environment environment;                          ///< may be empty: then no variable is set
  std::filesystem::path cwd;                        ///< absolute: where relative paths of the command line start
};

/// The environment of this process. Thread: while nobody changes it.
Environment process_environment();

/// Errors, one problem per line, each with `file:line:column` where it has a place: kInvalid, kNotFound (no such
/// configuration), kLimit, kIo, kUnsupported (settings of Kafka's clients that are not there yet).
Result<NodeConfig> load(const LoadRequest& request);

/// What the files in Erlang terms of a configuration say: `settings` for a TOML file. Environment and --set have no
/// part in it. Errors: kInvalid (NAME's file is none in Erlang terms, or wrong), kNotFound, kLimit, kIo, kUnsupported.
struct Conversion {
  std::vector<Setting> settings;
  std::vector<std::string> warnings;
};
Result<Conversion> convert(const LoadRequest& request);

}  // namespace ductus::config
