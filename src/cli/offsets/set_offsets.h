// set_offsets(): what all verbs that set offsets have in common: plan, consent, writing.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/surroundings.h"
#include "cli/verb.h"
#include "config/node_config.h"
#include "ductus/result.h"
#include "operate/reset.h"

namespace ductus::cli {

struct Consent {
  bool dry_run = false;
  bool yes = false;
  bool live = false;  ///< by the running node: it finishes what is in hand, stores the offsets, and goes on from them
};

/// --dry-run and --yes, and --live.
std::shared_ptr<Consent> add_consent(CLI::App& app);
/// --dry-run and --yes alone.
std::shared_ptr<Consent> add_consent_of_stopped(CLI::App& app);

/// Where each partition is now.
using PlacesNow = std::function<Result<operate::Places>()>;

/// Without a terminal the original's verbs act at once; the others need --yes.
enum class Script : std::uint8_t { kActs, kNeedsYes };

struct Setting {
  /// Asks brokers, and store or node. Called once.
  std::function<Result<operate::ResetPlan>(const PlacesNow&)> plan;
  std::string command;  ///< for the journal
  Script script = Script::kActs;
  ExitCode when_invalid = ExitCode::kUsage;  ///< what a plan's kInvalid ends with
};

/// Shows the plan on `out`; then, where it is no dry run, asks the person at the terminal and writes all or nothing.
/// kRefused while the node runs, unless it is to do it itself, or where the person did not agree, kUnreachable where
/// the brokers did not answer, kNotRunning where a node was to do it and none runs.
int set_offsets(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
                const Setting& setting);

// Plans, each from what brokers and store say now. Blocking: on both. Errors: those of the plan, brokers and store.

Result<operate::ResetPlan> plan_request(const config::NodeConfig& config, const operate::ResetRequest& request,
                                        const PlacesNow& places);
/// Each of its topics must be one of the configuration's.
Result<operate::ResetPlan> plan_file(const config::NodeConfig& config, const operate::OffsetsFile& file,
                                     const PlacesNow& places);

/// The names of the configuration's topics.
std::vector<std::string> topics_of(const config::NodeConfig& config);
/// The configuration's topic of that name. Error: kInvalid, with the one that may be meant.
Result<config::TopicConfig> find_topic(const config::NodeConfig& config, const std::string& name);

}  // namespace ductus::cli
