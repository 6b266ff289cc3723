#include "node/reload.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/changes.h"

namespace ductus::node {
namespace {

void say(base::Log& log, LogLevel level, std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::string line = "configuration: " + std::string(what);
  for (const std::string& name : names) line += (name == names.front() ? " " : ", ") + name;
  log.write(level, line);
}

}  // namespace

void Reload::run(Workers& workers) {
  const std::lock_guard lock(mutex_);
  log_.reopen();
  if (!load_) return;
  const auto now = load_();
  if (now) return follow(*now, workers);
  log_.error("configuration: not loaded again, the node goes on as before:");
  std::string_view problems = now.error().message;
  while (!problems.empty()) {
    const auto end = problems.find('\n');
    log_.error("configuration: " + std::string(problems.substr(0, end)));
    problems.remove_prefix(end == std::string_view::npos ? problems.size() : end + 1);
  }
}

void Reload::follow(const config::NodeConfig& now, Workers& workers) {
  const config::Changes changes = config::changes(config_, now);
  config_ = config::followed(config_, now);
  if (const auto level = base::log_level_of(config_.log_level)) log_.set_level(*level);
  runner_.set_batch_max_bytes(config_.batch_max_bytes);
  log_.info(changes.empty() ? "configuration: loaded again, nothing has changed" : "configuration: loaded again");
  workers.follow(config_, changes.changed_topics, [this] { budget_.set_limit(config_.memory_budget_bytes); });
  api_.follow(config_);
  say(log_, LogLevel::kInfo, "new topics:", changes.added_topics);
  say(log_, LogLevel::kInfo, "no longer read:", changes.removed_topics);
  say(log_, LogLevel::kInfo, "restarted for a change:", changes.changed_topics);
  say(log_, LogLevel::kInfo, "taken over:", changes.live);
  say(log_, LogLevel::kWarn, "takes a restart of the node:", changes.restart);
}

}  // namespace ductus::node
