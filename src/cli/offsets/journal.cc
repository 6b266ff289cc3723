// offsets show, offsets log, offsets undo: what is stored, who changed it, and back.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/offsets/offset_text.h"
#include "cli/offsets/set_offsets.h"
#include "cli/terminal/style.h"
#include "cli/verb.h"
#include "operate/offsets/journal_report.h"
#include "operate/offsets/offsets_file.h"
#include "operate/offsets/stored_entries.h"
#include "operate/offsets/undo.h"

namespace ductus::cli {
namespace {

/// Acts that `offsets log` shows where it is not told how many.
constexpr std::size_t kShownActs = 10;

int failed(Surroundings& around, const Error& error) {
  say(around, error.message);
  return to_int(exit_code_of(error));
}

int show(const Call& call, const config::NodeConfig& config, Surroundings& around) {
  const auto entries = operate::stored_entries(config);
  if (!entries) return failed(around, entries.error());
  around.out << (call.json ? operate::write_offsets(*entries, config.handler_name, operate::OffsetsForm::kJson)
                           : stored_text(*entries, style_for(around.out_fd, ColourChoice::kAuto, around.environment)));
  return to_int(ExitCode::kOk);
}

int show_log(const Call& call, const config::NodeConfig& config, Surroundings& around, std::size_t limit) {
  const auto acts = operate::stored_journal(config, limit);
  if (!acts) return failed(around, acts.error());
  around.out << (call.json ? operate::to_json(config, *acts) + "\n" : journal_text(*acts));
  return to_int(ExitCode::kOk);
}

int undo(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
         std::optional<std::int64_t> act) {
  std::string command = call.verb;
  const auto plan = [&](const PlacesNow&) -> Result<operate::ResetPlan> {
    const auto journal = operate::stored_journal(config, ports::kMaxJournalActs);
    if (!journal) return journal.error();
    const auto entries = operate::stored_entries(config);
    if (!entries) return entries.error();
    auto planned = operate::plan_undo(*journal, act, operate::places_of(*entries));
    if (!planned) return std::move(planned).error();
    return std::move(planned->plan);
  };
  if (act) command += " " + std::to_string(*act);
  return set_offsets(call, config, around, consent, {plan, command, Script::kNeedsYes});
}

}  // namespace

Action describe_offsets_show(CLI::App&) { return with_config(show); }

Action describe_offsets_log(CLI::App& app) {
  const auto limit = std::make_shared<std::size_t>(kShownActs);
  app.add_option("--limit", *limit, "So many acts at most; 10 where it is left out")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, ports::kMaxJournalActs));
  return with_config([limit](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return show_log(call, config, around, *limit);
  });
}

Action describe_offsets_undo(CLI::App& app) {
  const auto act = std::make_shared<std::optional<std::int64_t>>();
  app.add_option_function<std::int64_t>(
         "ACT", [act](const std::int64_t& number) { *act = number; }, "An act of 'offsets log'; else the last one")
      ->type_name("")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
  return with_config([act, consent = add_consent_of_stopped(app)](const Call& call, const config::NodeConfig& config,
                                                                  Surroundings& around) {
    return undo(call, config, around, *consent, *act);
  });
}

}  // namespace ductus::cli
