// The original's verbs that set offsets while no node runs: all that the verb names, or nothing.
#include "operate/reset.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/offsets/offset_target.h"
#include "cli/offsets/set_offsets.h"
#include "cli/time_argument.h"
#include "cli/verb.h"
#include "operate/ask_brokers.h"

namespace ductus::cli {
namespace {

using Target = operate::ResetTarget;
using Kind = Target::Kind;

/// Every partition of the configuration.
int set_all(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
            const Target& target, const std::string& command) {
  const auto plan = [&](const PlacesNow& places) -> Result<operate::ResetPlan> {
    operate::ResetRequest request{target, {}};
    for (const config::TopicConfig& topic : config.topics) request.places.push_back({topic, {}, true});
    return plan_request(config, request, places);
  };
  return set_offsets(call, config, around, consent, {plan, command});
}

Action set_all_to(CLI::App& app, const Target& target) {
  return with_config(
      [target, consent = add_consent(app)](const Call& call, const config::NodeConfig& config, Surroundings& around) {
        return set_all(call, config, around, *consent, target, call.verb);
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

int set_single_offset(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
                      const SingleOffset& single) {
  const auto topic = find_topic(config, single.topic);
  if (!topic) {
    say(around, topic.error().message);
    return to_int(ExitCode::kUsage);
  }
  const auto plan = [&](const PlacesNow& places) {
    return plan_request(config, {{Kind::kOffset, single.offset}, {{*topic, single.partition, single.all_partitions}}},
                        places);
  };
  return set_offsets(call, config, around, consent, {plan, single.command()});
}

}  // namespace

Action describe_reset_offsets(CLI::App& app) {
  const auto time = std::make_shared<std::optional<Time>>();
  app.add_option_function<std::string>(
         "--to-time", [time](const std::string& text) { *time = time_option(text); },
         "To its first message at or after TIME (2026-11-26T13:00:00Z, or milliseconds since 1970) instead; where "
         "there is none, to the end")
      ->type_name("TIME");
  return with_config(
      [time, consent = add_consent(app)](const Call& call, const config::NodeConfig& config, Surroundings& around) {
        if (!*time) return set_all(call, config, around, *consent, {Kind::kReadableEnd}, call.verb);
        return set_all(call, config, around, *consent, {Kind::kTime, (*time)->ms},
                       call.verb + " --to-time " + (*time)->typed);
      });
}

Action describe_reset_to_oldest_offsets(CLI::App& app) { return set_all_to(app, {Kind::kLogStart}); }

Action describe_zero_offsets(CLI::App& app) { return set_all_to(app, {Kind::kOffset, 0}); }

Action describe_reset_single_offset(CLI::App& app) {
  const auto single = std::make_shared<SingleOffset>();
  app.add_option("TOPIC", single->topic, "One of the configuration's topics")->required()->type_name("");
  app.add_option_function<std::string>(
         "OFFSET",
         [single](const std::string& text) {
           const auto offset = offset_from(text);
           if (!offset) throw CLI::ValidationError("OFFSET", offset.error().message);
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
  return with_config(
      [single, consent = add_consent(app)](const Call& call, const config::NodeConfig& config, Surroundings& around) {
        return set_single_offset(call, config, around, *consent, *single);
      });
}

}  // namespace ductus::cli
