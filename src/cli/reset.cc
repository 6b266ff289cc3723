#include "cli/reset.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "config/suggest.h"
#include "node/lock.h"
#include "operate/ask_brokers.h"
#include "operate/reset.h"

namespace ductus::cli {
namespace {

using Target = operate::ResetRequest::Target;

void say(Surroundings& around, const std::string& text) {
  around.err << "ductus: " << base::escaped(text, 2000) << "\n";
}

std::vector<std::string> topics_of(const config::NodeConfig& config) {
  std::vector<std::string> topics;
  for (const config::TopicConfig& topic : config.topics) topics.push_back(topic.name);
  return topics;
}

operate::ResetRequest request_of(const CommandLine& line, const config::NodeConfig& config) {
  if (line.verb == Verb::kResetSingleOffset) {
    return {Target::kOffset, line.offset, {line.topic}, line.partition, line.all_partitions};
  }
  const Target target = line.to_time_ms                            ? Target::kTime
                        : line.verb == Verb::kResetOffsets         ? Target::kReadableEnd
                        : line.verb == Verb::kResetToOldestOffsets ? Target::kLogStart
                                                                   : Target::kOffset;
  return {target, 0, topics_of(config), std::nullopt, true};
}

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

std::string command_of(const CommandLine& line) {
  std::string command = name_of(line.verb);
  if (line.to_time_ms) command += " --to-time " + line.to_time;
  if (line.verb != Verb::kResetSingleOffset) return command;
  command += " " + line.topic + " " + std::to_string(line.offset);
  if (line.partition) command += " --partition " + std::to_string(*line.partition);
  return command + (line.all_partitions ? " --all-partitions" : "");
}

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnreachable:
    case ErrorCode::kTimedOut:
      return ExitCode::kUnreachable;
    case ErrorCode::kRefused:
      return ExitCode::kRefused;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode failed(Surroundings& around, const Error& error) {
  say(around, error.message);
  return exit_code_of(error);
}

// Taken as it is: who sets it may know better than the log does now. But it is said.
void warn_of_offsets_outside(Surroundings& around, const std::vector<operate::ResetRow>& rows) {
  for (const operate::ResetRow& row : rows) {
    if (!row.outside_log()) continue;
    const auto or_mark = [](std::optional<std::int64_t> offset) { return offset ? std::to_string(*offset) : "?"; };
    say(around, row.partition.topic + "/" + std::to_string(row.partition.partition) + ": " +
                    std::to_string(row.after.next_offset) + " lies outside the log, which goes from " +
                    or_mark(row.log_start_offset) + " to " + or_mark(row.readable_end) +
                    ": the node will act there by [offsets] when_out_of_range, which by default stops the partition");
  }
}

}  // namespace

ExitCode reset_offsets(const CommandLine& line, const config::NodeConfig& config, Surroundings& around) {
  const operate::ResetRequest request = request_of(line, config);
  if (line.verb == Verb::kResetSingleOffset) {
    const auto topics = topics_of(config);
    if (std::find(topics.begin(), topics.end(), line.topic) == topics.end()) {
      const auto meant = config::closest(line.topic, topics);
      say(around, "'" + line.topic + "' is none of the topics of " + config.name +
                      (meant ? "; did you mean '" + *meant + "'?" : ""));
      return ExitCode::kUsage;
    }
  }
  // A running node is told of at once; while the brokers are asked nobody else has to wait.
  if (auto free = node::lock_node(config, base::LockOwner::kVerb); !free) {
    return failed(around, free.error());
  }
  auto plan = operate::plan_reset(request, operate::ask_brokers(config, request.topics, line.to_time_ms));
  if (!plan) {
    const ExitCode code = failed(around, plan.error());
    return plan.error().code == ErrorCode::kInvalid ? ExitCode::kUsage : code;
  }
  const auto lock = node::lock_node(config, base::LockOwner::kVerb);
  if (!lock) return failed(around, lock.error());
  const auto rows = operate::apply_reset(config, *std::move(plan), operator_name(around.environment), command_of(line));
  if (!rows) return failed(around, rows.error());
  around.out << (line.json ? operate::to_json(config, *rows) + "\n" : operate::to_text(*rows));
  warn_of_offsets_outside(around, *rows);
  return ExitCode::kOk;
}

}  // namespace ductus::cli
