// offsets set: any partitions to any place.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/offsets/offset_target.h"
#include "cli/offsets/set_offsets.h"
#include "cli/verb.h"
#include "operate/offsets/offsets_file.h"

namespace ductus::cli {
namespace {

using Kind = operate::ResetTarget::Kind;

constexpr std::string_view kFile = "file:";

struct Place {
  std::string topic;
  std::optional<std::int32_t> partition;
  bool all_partitions = false;
};

struct SetOptions {
  std::string to;
  std::optional<operate::ResetTarget> target;  ///< none: a file
  std::vector<std::string> topics;
  std::vector<std::int32_t> partitions;
  std::vector<Place> places;  ///< of the three, in the order in which they were typed
  bool all_partitions = false;
};

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// --partition and --all-partitions belong to the --topic before them.
void sort_out_places(const CLI::App& app, SetOptions& options) {
  std::size_t topics = 0;
  std::size_t partitions = 0;
  for (const CLI::Option* const option : app.parse_order()) {
    const std::string name = option->get_single_name();
    if (name == "topic") {
      options.places.push_back({options.topics.at(topics++), {}, false});
    } else if (name == "partition" || name == "all-partitions") {
      if (options.places.empty()) throw CLI::ValidationError("--" + name, "--topic must stand before it");
      Place& place = options.places.back();
      if (place.partition || place.all_partitions) {
        throw CLI::ValidationError("--" + name, "say --topic again for a further partition");
      }
      if (name == "partition") place.partition = options.partitions.at(partitions++);
      place.all_partitions = name == "all-partitions";
    }
  }
  if (!options.target && !options.places.empty()) {
    throw CLI::ValidationError("--topic", "a file names its topics itself");
  }
  if (options.target && options.target->kind == Kind::kOffset && options.places.empty()) {
    throw CLI::ValidationError("--to", "an offset needs the --topic that it belongs to");
  }
}

// Only an offset cannot be meant for several partitions without saying so.
Result<operate::ResetPlan> plan(const config::NodeConfig& config, const SetOptions& options, const PlacesNow& places) {
  operate::ResetRequest request{*options.target, {}};
  for (const Place& place : options.places) {
    auto topic = find_topic(config, place.topic);
    if (!topic) return std::move(topic).error();
    const bool all = place.all_partitions || options.target->kind != Kind::kOffset;
    request.places.push_back({*std::move(topic), place.partition, all});
  }
  if (options.places.empty()) {
    for (const config::TopicConfig& topic : config.topics) request.places.push_back({topic, {}, true});
  }
  return plan_request(config, request, places);
}

std::string command_of(const SetOptions& options) {
  std::string text = "offsets set --to " + options.to;
  for (const Place& place : options.places) {
    text += " --topic " + place.topic;
    if (place.partition) text += " --partition " + std::to_string(*place.partition);
    if (place.all_partitions) text += " --all-partitions";
  }
  return text;
}

Result<operate::ResetPlan> plan_from_file(const config::NodeConfig& config, const std::filesystem::path& path,
                                          const PlacesNow& places) {
  const auto file = operate::load_offsets_file(path);
  if (!file) return file.error();
  return plan_file(config, *file, places);
}

int set(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
        const SetOptions& options) {
  if (options.target) {
    return set_offsets(call, config, around, consent,
                       {[&](const PlacesNow& places) { return plan(config, options, places); }, command_of(options),
                        Script::kNeedsYes});
  }
  const std::filesystem::path path = around.cwd / options.to.substr(kFile.size());
  return set_offsets(call, config, around, consent,
                     {[&](const PlacesNow& places) { return plan_from_file(config, path, places); },
                      command_of(options), Script::kNeedsYes, ExitCode::kFailed});
}

}  // namespace

Action describe_offsets_set(CLI::App& app) {
  const auto options = std::make_shared<SetOptions>();
  app.add_option_function<std::string>(
         "--to",
         [options](const std::string& text) {
           options->to = text;
           if (text.starts_with(kFile)) return;
           const auto target = target_from(text, now_ms());
           if (!target) throw CLI::ValidationError("--to", target.error().message);
           options->target = *target;
         },
         "earliest, latest, an offset, 2026-11-22T08:00Z, -2h (two hours ago), +100 or -100 (from where it is), "
         "file:FILE")
      ->required()
      ->type_name("WHAT");
  app.add_option("--topic", options->topics, "This topic only; may be repeated")
      ->type_name("T")
      ->allow_extra_args(false);
  app.add_option("--partition", options->partitions, "Of the topic before it, this partition only")
      ->type_name("N")
      ->allow_extra_args(false)
      ->check(CLI::Range(std::int32_t{0}, std::numeric_limits<std::int32_t>::max()));
  app.add_flag("--all-partitions", options->all_partitions,
               "Of the topic before it, every partition to the same offset")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.parse_complete_callback([&app, options] { sort_out_places(app, *options); });
  return with_config(
      [options, consent = add_consent(app)](const Call& call, const config::NodeConfig& config, Surroundings& around) {
        return set(call, config, around, *consent, *options);
      });
}

}  // namespace ductus::cli
