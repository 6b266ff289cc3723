// status: how far each partition is, of a node that runs or not.
#include <memory>
#include <string>
#include <utility>

#include "cli/ask_node.h"
#include "cli/status/status_text.h"
#include "cli/status/thresholds.h"
#include "cli/status/watch.h"
#include "cli/time_argument.h"
#include "cli/verb.h"
#include "operate/status_report.h"

namespace ductus::cli {
namespace {

struct StatusOptions {
  StatusView view;
  bool classic = false;
  ColourChoice colour = ColourChoice::kAuto;
  Thresholds thresholds;
  std::string watch;  ///< as it was typed
  std::optional<std::chrono::milliseconds> watch_every;
};

// A node is not to be kept busy with being watched.
constexpr std::chrono::milliseconds kShortestWatch{100};

std::string text_of(const operate::StatusReport& report, const Call& call, const StatusOptions& options,
                    const Style& style) {
  if (call.json) return operate::to_json(report) + "\n";
  return options.classic ? classic_text(report) : status_text(report, options.view, style);
}

int show_status(const Call& call, const config::NodeConfig& config, Surroundings& around, StatusOptions options) {
  options.view.config = call.config;
  const Style style = style_for(around.out_fd, options.colour, around.environment);
  if (options.watch_every) {
    const auto text = [&](const operate::StatusReport& report) { return text_of(report, call, options, style); };
    const bool on_screen = style.terminal && !call.json && !options.classic;
    return watch_status(config, around, {*options.watch_every, on_screen, options.view, style, text});
  }
  const auto report = ask_for_status(config);
  if (!report) return cannot_be_asked(config, report.error().message, around);
  around.out << text_of(*report, call, options, style);
  const auto alarms = passed(options.thresholds, *report);
  for (const std::string& alarm : alarms) say(around, alarm);
  return to_int(alarms.empty() ? ExitCode::kOk : ExitCode::kThresholdPassed);
}

std::chrono::milliseconds time_option(const char* option, const std::string& text) {
  const auto time = duration_from(text, std::chrono::milliseconds(1));
  if (!time) throw CLI::ValidationError(option, time.error().message + ", not '" + text + "'");
  return *time;
}

void describe_form(CLI::App& app, StatusOptions& options) {
  app.add_flag("--classic", options.classic, "The original's text to the letter, for scripts that read it");
  app.add_option_function<std::string>(
         "--by", [&options](const std::string& word) { options.view.by_topic = word == "topic"; },
         "A line for each topic, or for each partition")
      ->type_name("topic|partition")
      ->check(CLI::IsMember({"topic", "partition"}));
  app.add_option_function<std::string>(
         "--only", [&options](const std::string&) { options.view.only_lagging = true; }, "Leave out what has no lag")
      ->type_name("lagging")
      ->check(CLI::IsMember({"lagging"}));
  app.add_option_function<std::string>(
         "--color", [&options](const std::string& word) { options.colour = *colour_choice(word); },
         "auto: on a terminal, unless NO_COLOR is set")
      ->type_name("auto|always|never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

}  // namespace

Action describe_status(CLI::App& app) {
  const auto options = std::make_shared<StatusOptions>();
  describe_form(app, *options);
  auto* const max_lag = app.add_option_function<std::string>(
                               "--max-lag",
                               [options](const std::string& text) {
                                 auto lags = lag_thresholds(text);
                                 if (!lags) throw CLI::ValidationError("--max-lag", lags.error().message);
                                 options->thresholds.lags = *std::move(lags);
                               },
                               "Exit code 7 where the total lag, or that of a topic, is above it or not known")
                            ->type_name("N|TOPIC=N,…");
  auto* const max_behind =
      app.add_option_function<std::string>(
             "--max-behind",
             [options](const std::string& text) { options->thresholds.behind = time_option("--max-behind", text); },
             "Exit code 7 where a partition is further behind, or it is not known")
          ->type_name("TIME");
  app.add_flag("--watch{2s}", options->watch,
               "Again and again, by default every 2 s: --watch=10s. On a terminal: q quits")
      ->check([options](const std::string& text) {
        const auto every = duration_from(text, kShortestWatch);
        if (every) options->watch_every = *every;
        return every ? std::string() : every.error().message + ", not '" + text + "'";
      })
      ->excludes(max_lag)
      ->excludes(max_behind);
  return with_config([options](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return show_status(call, config, around, *options);
  });
}

}  // namespace ductus::cli
