// The original's verbs that set offsets while no node runs: all that the verb names, or nothing.
#include "operate/reset.h"

#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/time_argument.h"
#include "cli/verb.h"
#include "config/suggest.h"
#include "node/lock.h"
#include "operate/ask_brokers.h"

namespace ductus::cli {
namespace {

using Target = operate::ResetRequest::Target;

std::vector<std::string> topics_of(const config::NodeConfig& config) {
  std::vector<std::string> topics;
  for (const config::TopicConfig& topic : config.topics) topics.push_back(topic.name);
  return topics;
}

/// What is asked for, and how it is typed: for the journal.
struct Reset {
  operate::ResetRequest request;
  std::optional<std::int64_t> time_ms;  ///< Target::kTime: milliseconds since 1970
  std::string command;
};

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

// By hand: the library takes what is too large for the largest.
std::optional<std::int64_t> offset_from(const std::string& text) {
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (error != std::errc() || end != text.data() + text.size() || offset < 0) return std::nullopt;
  return offset;
}

int set_offsets(const Call& call, const config::NodeConfig& config, Surroundings& around, const Reset& reset) {
  // A running node is told of at once; while the brokers are asked nobody else has to wait.
  if (auto free = node::lock_node(config, base::LockOwner::kVerb); !free) return failed(around, free.error());
  auto plan = operate::plan_reset(reset.request, operate::ask_brokers(config, reset.request.topics, reset.time_ms));
  if (!plan) {
    const int code = failed(around, plan.error());
    return plan.error().code == ErrorCode::kInvalid ? to_int(ExitCode::kUsage) : code;
  }
  const auto lock = node::lock_node(config, base::LockOwner::kVerb);
  if (!lock) return failed(around, lock.error());
  const auto rows = operate::apply_reset(config, *std::move(plan), operator_name(around.environment), reset.command);
  if (!rows) return failed(around, rows.error());
  around.out << (call.json ? operate::to_json(config, *rows) + "\n" : operate::to_text(*rows));
  warn_of_offsets_outside(around, *rows);
  return to_int(ExitCode::kOk);
}

/// Of the verbs that act on every partition of the configuration.
Action set_all_to(Target target) {
  return with_config([target](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return set_offsets(call, config, around, {{target, 0, topics_of(config), std::nullopt, true}, {}, call.verb});
  });
}

struct Time {
  std::string typed;
  std::int64_t ms = 0;
};

Time time_option(const std::string& text) {
  const auto time_ms = time_from(text);
  if (time_ms) return {text, *time_ms};
  throw CLI::ValidationError("--to-time",
                             "expected a time such as 2026-11-26T13:00:00Z or 2026-11-26T14:00:00+01:00, or "
                             "milliseconds since 1970, not '" +
                                 text + "'");
}

struct SingleOffset {
  std::string topic;
  std::int64_t offset = 0;
  std::optional<std::int32_t> partition;
  bool all_partitions = false;

  std::string command() const {
    std::string text = "reset_single_offset " + topic + " " + std::to_string(offset);
    if (partition) text += " --partition " + std::to_string(*partition);
    return text + (all_partitions ? " --all-partitions" : "");
  }
};

int set_single_offset(const Call& call, const config::NodeConfig& config, Surroundings& around,
                      const SingleOffset& single) {
  const auto topics = topics_of(config);
  if (std::find(topics.begin(), topics.end(), single.topic) == topics.end()) {
    const auto meant = config::closest(single.topic, topics);
    say(around, "'" + single.topic + "' is none of the topics of " + config.name +
                    (meant ? "; did you mean '" + *meant + "'?" : ""));
    return to_int(ExitCode::kUsage);
  }
  return set_offsets(call, config, around,
                     {{Target::kOffset, single.offset, {single.topic}, single.partition, single.all_partitions},
                      {},
                      single.command()});
}

}  // namespace

Action describe_reset_offsets(CLI::App& app) {
  const auto time = std::make_shared<std::optional<Time>>();
  app.add_option_function<std::string>(
         "--to-time", [time](const std::string& text) { *time = time_option(text); },
         "To its first message at or after TIME (2026-11-26T13:00:00Z, or milliseconds since 1970) instead; where "
         "there is none, to the end")
      ->type_name("TIME");
  return with_config([time](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    Reset reset{{Target::kReadableEnd, 0, topics_of(config), std::nullopt, true}, {}, call.verb};
    if (*time) {
      reset.request.target = Target::kTime;
      reset.time_ms = (*time)->ms;
      reset.command += " --to-time " + (*time)->typed;
    }
    return set_offsets(call, config, around, reset);
  });
}

Action describe_reset_to_oldest_offsets(CLI::App&) { return set_all_to(Target::kLogStart); }

Action describe_zero_offsets(CLI::App&) { return set_all_to(Target::kOffset); }

Action describe_reset_single_offset(CLI::App& app) {
  const auto single = std::make_shared<SingleOffset>();
  app.add_option("TOPIC", single->topic, "One of the configuration's topics")->required()->type_name("");
  app.add_option_function<std::string>(
         "OFFSET",
         [single](const std::string& text) {
           const auto offset = offset_from(text);
           if (!offset) throw CLI::ValidationError("OFFSET", "expected a whole number from 0 on, not '" + text + "'");
           single->offset = *offset;
         },
         "The first message to be read")
      ->required()
      ->type_name("");
  auto* const partition =
      app.add_option_function<std::int32_t>(
             "--partition", [single](const std::int32_t& one) { single->partition = one; }, "This partition only")
          ->type_name("N")
          ->check(CLI::Range(std::int32_t{0}, std::numeric_limits<std::int32_t>::max()));
  app.add_flag("--all-partitions", single->all_partitions, "Every partition of the topic")->excludes(partition);
  return with_config([single](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return set_single_offset(call, config, around, *single);
  });
}

}  // namespace ductus::cli
