#include "cli/attach/commands.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/escape.h"
#include "cli/ask_node.h"
#include "cli/attach/texts.h"
#include "cli/exit_code.h"
#include "cli/peek/peek.h"
#include "cli/status/status_text.h"
#include "cli/stop.h"
#include "cli/terminal/text_table.h"
#include "cli/time_argument.h"
#include "config/suggest.h"
#include "control/client.h"
#include "control/node_process.h"

namespace ductus::cli {
namespace {

// A word that is asked for is completed at once or not at all.
constexpr std::chrono::milliseconds kCompleteTimeout{500};

// Of the events, where no number is given.
constexpr std::size_t kEventsShown = 20;

constexpr std::array<const char*, 4> kLevels = {"debug", "info", "warn", "error"};

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t", at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

AttachCommands::AttachCommands(const config::NodeConfig& config, Surroundings& around, const Style& style,
                               Confirm confirm)
    : config_(config), around_(around), style_(style), confirm_(std::move(confirm)) {}

const std::vector<AttachCommands::Command>& AttachCommands::commands() {
  using A = AttachCommands;
  static const std::vector<Command> kCommands = {
      {"status", "", Takes::kNothing, "how far each partition is", &A::status},
      {"trace", "TOPIC/PARTITION", Takes::kPartition, "all that is known of one partition", &A::trace},
      {"tree", "", Takes::kNothing, "who restarts whom, how often and when next", &A::tree},
      {"events", "[NUMBER]", Takes::kNumber, "what happened lately", &A::events},
      {"offsets", "", Takes::kNothing, "where each partition is, and between which ends of its log", &A::offsets},
      {"peek", "TOPIC[/PARTITION] [COUNT]", Takes::kPlace, "its next messages; moves nothing", &A::peek},
      {"pause", "TOPIC[/PARTITION]", Takes::kPlace, "read nothing more until 'resume', also after a restart",
       &A::act_on_place},
      {"resume", "TOPIC[/PARTITION]", Takes::kPlace, "read on", &A::act_on_place},
      {"restart", "TOPIC[/PARTITION]", Takes::kPlace, "finish and store what is in hand, then begin anew",
       &A::act_on_place},
      {"aggregate", "", Takes::kNothing, "collect an aggregate now", &A::aggregate},
      {"log", "LEVEL [for TIME]", Takes::kLevel, "debug, info, warn or error, for good or for a time",
       &A::set_log_level},
      {"config", "", Takes::kNothing, "the configuration that it runs with now, as TOML", &A::show_config},
      {"reload", "", Takes::kNothing, "read the configuration again", &A::reload},
      {"shutdown", "", Takes::kNothing, "stop the node; asks before", &A::shutdown},
      {"help", "", Takes::kNothing, "this list", &A::help},
      {"exit", "", Takes::kNothing, "leave; the node runs on", &A::leave},
  };
  return kCommands;
}

AttachCommands::Outcome AttachCommands::run(std::string_view line) {
  const Words words = words_of(line);
  if (words.empty() || words.front().starts_with('#')) return Outcome::kOk;
  const auto& known = commands();
  const auto command =
      std::find_if(known.begin(), known.end(), [&](const Command& one) { return one.name == words.front(); });
  if (command != known.end()) {
    if (words.size() > 1 && command->takes == Takes::kNothing)
      return fail("'" + words.front() + "' takes nothing more");
    return (this->*command->act)(words);
  }
  std::vector<std::string> names;
  for (const Command& one : known) names.emplace_back(one.name);
  const auto meant = config::closest(words.front(), names);
  return fail("there is no command '" + words.front() + "'" + (meant ? "; did you mean '" + *meant + "'?" : "") +
              " 'help' lists them.");
}

AttachCommands::Outcome AttachCommands::fail(const std::string& why) {
  say(around_, why);
  return Outcome::kFailed;
}

AttachCommands::Outcome AttachCommands::fail(const Error& error) {
  if (error.code != ErrorCode::kNotFound) return fail(error.message);
  return fail(config_.name + " is not running; the next command tries again, 'exit' leaves");
}

AttachCommands::Outcome AttachCommands::help(const Words&) {
  std::vector<std::vector<Cell>> rows;
  for (const Command& command : commands()) {
    const std::string takes = command.takes_text;
    rows.push_back({{std::string(command.name) + (takes.empty() ? "" : " " + takes)}, {command.does}});
  }
  around_.out << text_table({{"COMMAND"}, {"DOES"}}, rows, style_);
  return Outcome::kOk;
}

Result<operate::StatusReport> AttachCommands::ask_status() {
  const auto answer = tell_node(config_, "GET", "/v1/status");
  if (!answer) return answer.error();
  return operate::status_from_json(*answer);
}

AttachCommands::Outcome AttachCommands::status(const Words&) {
  const auto report = ask_status();
  if (!report) return fail(report.error());
  around_.out << status_text(*report, {}, style_);
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::trace(const Words& words) {
  const auto place = words.size() == 2 ? place_from(words[1]) : std::nullopt;
  if (!place || !place->partition) return fail("trace takes TOPIC/PARTITION");
  const auto report = ask_status();
  if (!report) return fail(report.error());
  for (const operate::PartitionStatus& partition : report->partitions) {
    if (partition.topic != place->topic || partition.partition != *place->partition) continue;
    around_.out << trace_text(partition, style_);
    return Outcome::kOk;
  }
  return fail("there is no partition " + words[1]);
}

AttachCommands::Outcome AttachCommands::tree(const Words&) {
  const auto report = ask_status();
  if (!report) return fail(report.error());
  around_.out << tree_text(*report, style_);
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::offsets(const Words&) {
  const auto report = ask_status();
  if (!report) return fail(report.error());
  around_.out << offsets_text(*report, style_);
  return Outcome::kOk;
}

// From here, not by the node: what it reads for somebody else would come out of its memory and its quota.
AttachCommands::Outcome AttachCommands::peek(const Words& words) {
  const auto place = words.size() == 2 || words.size() == 3 ? place_from(words[1]) : std::nullopt;
  const auto count = words.size() == 3 ? peek_count_from(words[2]) : Result<std::size_t>(1);
  if (!place || !count) {
    return fail("peek takes TOPIC or TOPIC/PARTITION, and a number up to " + std::to_string(operate::kMaxPeeked));
  }
  const auto peeked = peek_at(config_, {*place, *count, std::nullopt});
  if (!peeked) return fail(peeked.error().message);
  around_.out << peek_text(*peeked, style_);
  const std::string why = why_no_more(*peeked, *count);
  if (!why.empty()) say(around_, why);
  return peeked->trouble ? Outcome::kFailed : Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::act_on_place(const Words& words) {
  const auto place = words.size() == 2 ? place_from(words[1]) : std::nullopt;
  if (!place) return fail(words.front() + " takes TOPIC or TOPIC/PARTITION");
  const auto done = act_on(config_, words.front(), *place);
  if (!done) return fail(done.error());
  around_.out << base::escaped(words[1]) << " " << done_word(words.front()) << "\n";
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::set_log_level(const Words& words) {
  const bool shaped = words.size() == 2 || (words.size() == 4 && words[2] == "for");
  if (!shaped || std::find(kLevels.begin(), kLevels.end(), words[1]) == kLevels.end()) {
    return fail("log takes debug, info, warn or error, and may be told 'for 60s'");
  }
  nlohmann::ordered_json body = {{"level", words[1]}};
  if (words.size() == 4) {
    const auto time = duration_from(words[3], std::chrono::seconds(1));
    if (!time) return fail("log LEVEL for TIME: " + time.error().message);
    body["for_seconds"] = std::chrono::ceil<std::chrono::seconds>(*time).count();
  }
  const auto answer = tell_node(config_, "POST", "/v1/log", body.dump());
  if (!answer) return fail(answer.error());
  around_.out << "log: " << words[1] << (words.size() == 4 ? " for " + base::escaped(words[3]) : "") << "\n";
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::aggregate(const Words&) {
  const auto answer = tell_node(config_, "POST", "/v1/aggregate");
  if (!answer) return fail(answer.error());
  around_.out << "aggregate: begun\n";
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::events(const Words& words) {
  std::size_t most = kEventsShown;
  if (words.size() > 2) return fail("events takes a number at most");
  if (words.size() == 2) {
    const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), most);
    if (error != std::errc() || end != words[1].data() + words[1].size() || most < 1) {
      return fail("events takes a number from 1 on");
    }
  }
  const auto answer = tell_node(config_, "GET", "/v1/events");
  if (!answer) return fail(answer.error());
  const auto text = events_text(*answer, most);
  if (!text) return fail(text.error());
  around_.out << *text;
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::show_config(const Words&) {
  const auto answer = tell_node(config_, "GET", "/v1/config");
  if (!answer) return fail(answer.error());
  const auto text = config_text(*answer);
  if (!text) return fail(text.error());
  around_.out << *text;
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::reload(const Words&) {
  const auto answer = tell_node(config_, "POST", "/v1/reload");
  if (!answer) return fail(answer.error());
  around_.out << "reload: begun; 'events' tells what came of it\n";
  return Outcome::kOk;
}

AttachCommands::Outcome AttachCommands::shutdown(const Words&) {
  if (confirm_ && !confirm_("Type " + config_.handler_name + " to stop the node: ", config_.handler_name)) {
    return fail("not stopped");
  }
  return stop_node(config_, around_) == to_int(ExitCode::kOk) ? Outcome::kOk : Outcome::kFailed;
}

AttachCommands::Outcome AttachCommands::leave(const Words&) { return Outcome::kLeave; }

std::vector<std::string> AttachCommands::places(Takes takes) {
  std::vector<std::string> found;
  if (takes != Takes::kPartition) {
    for (const config::TopicConfig& topic : config_.topics) found.push_back(topic.name);
  }
  const auto answer = control::request(control::socket_path(config_.dir), "GET", "/v1/status", kCompleteTimeout);
  const auto report = answer && answer->status == 200 ? operate::status_from_json(answer->body)
                                                      : Result<operate::StatusReport>(operate::StatusReport{});
  if (!report) return found;
  for (const operate::PartitionStatus& partition : report->partitions) {
    if (partition.partition >= 0) found.push_back(place_of(partition));
  }
  return found;
}

Completion AttachCommands::complete(std::string_view before_cursor) {
  Completion completion;
  const Words words = words_of(before_cursor);
  const bool fresh = before_cursor.empty() || before_cursor.back() == ' ' || before_cursor.back() == '\t';
  const std::string word = fresh ? "" : words.back();
  const std::size_t place = words.size() - (fresh ? 0 : 1);
  completion.from = before_cursor.size() - word.size();
  std::vector<std::string> possible;
  if (place == 0) {
    for (const Command& command : commands()) possible.emplace_back(command.name);
  } else {
    const auto& known = commands();
    const auto command =
        std::find_if(known.begin(), known.end(), [&](const Command& one) { return one.name == words.front(); });
    if (command == known.end()) return completion;
    if (command->takes == Takes::kLevel && place == 1) possible.assign(kLevels.begin(), kLevels.end());
    if (command->takes == Takes::kLevel && place == 2) possible = {"for"};
    if ((command->takes == Takes::kPlace || command->takes == Takes::kPartition) && place == 1) {
      possible = places(command->takes);
    }
  }
  for (std::string& one : possible) {
    if (one.starts_with(word)) completion.candidates.push_back(std::move(one));
  }
  return completion;
}

}  // namespace ductus::cli
