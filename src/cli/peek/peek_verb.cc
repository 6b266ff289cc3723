// peek: the next messages of a partition, whether the node runs or not.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "cli/attach/place_option.h"
#include "cli/peek/peek.h"
#include "cli/verb.h"
#include "operate/peek/peek_report.h"

namespace ductus::cli {
namespace {

int show(const Call& call, const config::NodeConfig& config, Surroundings& around, const PeekArguments& arguments) {
  const auto peeked = peek_at(config, arguments);
  if (!peeked) {
    say(around, peeked.error().message);
    return to_int(peeked.error().code == ErrorCode::kInvalid ? ExitCode::kUsage : exit_code_of(peeked.error()));
  }
  const Style style = style_for(around.out_fd, ColourChoice::kAuto, around.environment);
  around.out << (call.json ? operate::to_json(config, *peeked) + "\n" : peek_text(*peeked, style));
  const std::string why = why_no_more(*peeked, arguments.count);
  if (!why.empty()) say(around, why);
  return to_int(peeked->trouble ? exit_code_of(*peeked->trouble) : ExitCode::kOk);
}

}  // namespace

Action describe_peek(CLI::App& app) {
  const auto place = std::make_shared<std::optional<Place>>();
  const auto arguments = std::make_shared<PeekArguments>();
  add_place(app, place, "TOPIC/PARTITION, or a TOPIC of which one partition is read")->required();
  app.add_option_function<std::string>(
         "COUNT",
         [arguments](const std::string& text) {
           const auto count = peek_count_from(text);
           if (!count) throw CLI::ValidationError("COUNT", count.error().message + ", not '" + text + "'");
           arguments->count = *count;
         },
         "How many messages, at most " + std::to_string(operate::kMaxPeeked) + "; without it one")
      ->type_name("");
  app.add_option_function<std::int64_t>(
         "--offset", [arguments](const std::int64_t& offset) { arguments->offset = offset; },
         "From there on, in place of where the node is")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  return with_config([place, arguments](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    arguments->place = **place;
    return show(call, config, around, *arguments);
  });
}

}  // namespace ductus::cli
