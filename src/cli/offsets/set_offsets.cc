#include "cli/offsets/set_offsets.h"

#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <istream>
#include <optional>
#include <set>
#include <utility>

#include "base/escape.h"
#include "cli/ask_node.h"
#include "cli/attach/node_commands.h"
#include "cli/offsets/offset_text.h"
#include "cli/terminal/style.h"
#include "config/suggest.h"
#include "node/lock.h"
#include "operate/ask_brokers.h"
#include "operate/offsets/change_json.h"
#include "operate/offsets/plan_report.h"
#include "operate/status_report.h"

namespace ductus::cli {
namespace {

using operate::PlanState;

// For the journal.
std::string operator_name(const config::Environment& environment) {
  std::string name = "user " + std::to_string(::getuid());
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> text;
  if (::getpwuid_r(::getuid(), &entry, text.data(), text.size(), &found) == 0 && found != nullptr)
    name = found->pw_name;
  const auto behind_sudo = environment ? environment("SUDO_USER") : std::nullopt;
  return behind_sudo ? name + " (sudo by " + *behind_sudo + ")" : name;
}

int failed(Surroundings& around, const Error& error) {
  say(around, error.message);
  return to_int(exit_code_of(error));
}

// Taken as it is: who sets it may know better than the log does now. But it is said.
void warn_of_offsets_outside(Surroundings& around, const operate::ResetPlan& plan) {
  for (const operate::ResetRow& row : plan.rows) {
    if (!row.outside_log()) continue;
    const auto or_mark = [](std::optional<std::int64_t> offset) { return offset ? std::to_string(*offset) : "?"; };
    say(around, row.partition.topic + "/" + std::to_string(row.partition.partition) + ": " +
                    std::to_string(row.after->next_offset) + " lies outside the log, which goes from " +
                    or_mark(row.log_start_offset) + " to " + or_mark(row.readable_end) +
                    ": the node will act there by [offsets] when_out_of_range, which by default stops the partition");
  }
}

Result<operate::Places> places_in_store(const config::NodeConfig& config) {
  const auto entries = operate::stored_entries(config);
  if (!entries) return entries.error();
  return operate::places_of(*entries);
}

// As far as it has got: what it stores before it makes the change may be further.
Result<operate::Places> places_of_node(const config::NodeConfig& config) {
  const auto answer = tell_node(config, "GET", "/v1/status");
  if (!answer) return answer.error();
  const auto report = operate::status_from_json(*answer);
  if (!report) return report.error();
  operate::Places places;
  for (const operate::PartitionStatus& partition : report->partitions) {
    if (!partition.next_offset || !report->unit()) continue;
    places[{partition.topic, partition.partition, *report->unit()}] = ports::Position{*partition.next_offset, -1, {}};
  }
  return places;
}

Result<void> apply_to_store(const config::NodeConfig& config, const operate::ResetPlan& plan, const std::string& who,
                            const std::string& why) {
  const auto lock = node::lock_node(config, base::LockOwner::kVerb);
  if (!lock) return lock.error();
  return operate::apply_plan(config, plan, who, why);
}

Result<void> have_node_apply(const config::NodeConfig& config, const operate::ResetPlan& plan, const std::string& who,
                             const std::string& why) {
  const std::string change = operate::to_json(operate::change_of(plan, who, why + " --live"));
  return finish_change(config, tell_node(config, "POST", "/v1/offsets", change),
                       std::chrono::duration_cast<std::chrono::milliseconds>(config.stop_timeout) + kAnswerTimeout);
}

bool agrees(const config::NodeConfig& config, const operate::ResetPlan& plan, Surroundings& around) {
  const std::size_t count = plan.rows.size();
  const std::string name = base::escaped(config.handler_name);
  around.out.flush();  // the plan, before the question about it
  around.err << "Type " << name << " to write " << count << (count == 1 ? " offset: " : " offsets: ") << std::flush;
  std::string typed;
  std::getline(*around.person, typed);
  return typed == config.handler_name;
}

}  // namespace

std::shared_ptr<Consent> add_consent(CLI::App& app) {
  auto consent = add_consent_of_stopped(app);
  app.add_flag("--live", consent->live,
               "While the node runs: it finishes what is in hand, stores the offsets and goes on from them");
  return consent;
}

std::shared_ptr<Consent> add_consent_of_stopped(CLI::App& app) {
  const auto consent = std::make_shared<Consent>();
  app.add_flag("--dry-run", consent->dry_run, "Show the plan, write nothing");
  app.add_flag("--yes", consent->yes, "Write without asking");
  return consent;
}

int set_offsets(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
                const Setting& setting) {
  const bool asks = around.person != nullptr && !consent.yes && !consent.dry_run;
  if (setting.script == Script::kNeedsYes && around.person == nullptr && !consent.yes && !consent.dry_run) {
    say(around, call.verb + ": without a terminal it needs --yes, or --dry-run; nothing was changed");
    return to_int(ExitCode::kUsage);
  }
  if (auto lasts = operate::check_store_lasts(config); !lasts && !consent.live) return failed(around, lasts.error());
  if (consent.live && !node::node_is_there(config)) {
    say(around, config.name + " is not running: leave --live out");
    return to_int(ExitCode::kNotRunning);
  }
  // A running node is told of at once; while brokers and people are asked nobody else has to wait.
  if (!consent.live) {
    if (auto free = node::lock_node(config, base::LockOwner::kVerb); !free) return failed(around, free.error());
  }
  const auto plan = setting.plan([&] { return consent.live ? places_of_node(config) : places_in_store(config); });
  if (!plan) {
    const int code = failed(around, plan.error());
    return plan.error().code == ErrorCode::kInvalid ? to_int(setting.when_invalid) : code;
  }
  const PlanState state = consent.dry_run ? PlanState::kDryRun : PlanState::kWritten;
  // A script is told once it is done, a person before.
  if (!call.json || asks) {
    const Style style = style_for(around.out_fd, ColourChoice::kAuto, around.environment);
    (call.json ? around.err : around.out) << plan_text(config, *plan, state, style);
  }
  warn_of_offsets_outside(around, *plan);
  if (consent.dry_run && call.json) around.out << operate::to_json(config, *plan, state) << "\n";
  if (consent.dry_run) return to_int(ExitCode::kOk);
  if (asks && !agrees(config, *plan, around)) {
    say(around, "that is not the handler_name: nothing was changed");
    return to_int(ExitCode::kRefused);
  }
  const std::string who = operator_name(around.environment);
  const auto applied = consent.live ? have_node_apply(config, *plan, who, setting.command)
                                    : apply_to_store(config, *plan, who, setting.command);
  if (!applied) return failed(around, applied.error());
  if (call.json) around.out << operate::to_json(config, *plan, state) << "\n";
  if (around.person != nullptr) {
    say(around, "written; 'ductus offsets undo " + call.config + "' puts the old offsets back");
  }
  return to_int(ExitCode::kOk);
}

Result<operate::ResetPlan> plan_request(const config::NodeConfig& config, const operate::ResetRequest& request,
                                        const PlacesNow& places_now) {
  std::vector<std::string> topics;
  for (const operate::ResetPlaces& places : request.places) topics.push_back(places.topic.name);
  using Kind = operate::ResetTarget::Kind;
  const Kind kind = request.target.kind;
  const auto time_ms = kind == Kind::kTime ? std::optional(request.target.amount) : std::nullopt;
  const bool is_looked_up = kind != Kind::kOffset && kind != Kind::kShift;
  const operate::ResetLooks looks = is_looked_up ? operate::ask_for_reset(config, topics, time_ms)
                                                 : operate::ResetLooks{operate::ask_brokers(config, topics), {}};
  const auto places = places_now();
  if (!places) return places.error();
  return operate::plan_reset(request, looks, *places);
}

Result<operate::ResetPlan> plan_file(const config::NodeConfig& config, const operate::OffsetsFile& file,
                                     const PlacesNow& places_now) {
  std::set<std::string> topics;
  for (const operate::FileEntry& entry : file.entries) {
    if (!topics.insert(entry.topic).second) continue;
    const auto topic = find_topic(config, entry.topic);
    if (!topic) return Error{topic.error().code, entry.where + ": " + topic.error().message};
  }
  const operate::LogLook look = operate::ask_brokers(config, {topics.begin(), topics.end()});
  const auto places = places_now();
  if (!places) return places.error();
  return operate::plan_file(file, look, *places);
}

std::vector<std::string> topics_of(const config::NodeConfig& config) {
  std::vector<std::string> topics;
  for (const config::TopicConfig& topic : config.topics) topics.push_back(topic.name);
  return topics;
}

Result<config::TopicConfig> find_topic(const config::NodeConfig& config, const std::string& name) {
  const auto found = std::find_if(config.topics.begin(), config.topics.end(),
                                  [&](const config::TopicConfig& topic) { return topic.name == name; });
  if (found != config.topics.end()) return *found;
  const auto meant = config::closest(name, topics_of(config));
  return Error{ErrorCode::kInvalid, "'" + base::escaped(name, 300) + "' is none of the topics of " + config.name +
                                        (meant ? "; did you mean '" + *meant + "'?" : "") + "; nothing was changed"};
}

}  // namespace ductus::cli
