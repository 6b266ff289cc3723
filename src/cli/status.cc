// status: how far each partition is, of a node that runs or not.
#include "cli/ask_node.h"
#include "cli/verb.h"
#include "operate/status_report.h"
#include "operate/stopped_status.h"

namespace ductus::cli {
namespace {

int show(const Call& call, const operate::StatusReport& report, Surroundings& around) {
  around.out << (call.json ? operate::to_json(report) + "\n" : operate::to_text(report));
  return to_int(ExitCode::kOk);
}

int show_status(const Call& call, const config::NodeConfig& config, Surroundings& around) {
  const auto answer = get_from_node(config, "/v1/status");
  if (!answer && answer.error().code == ErrorCode::kNotFound) {
    return show(call, operate::status_of_stopped_node(config), around);
  }
  if (!answer) return cannot_be_asked(config, answer.error().message, around);
  if (answer->status != 200) {
    return cannot_be_asked(config, "it answered " + std::to_string(answer->status) + " " + answer->body, around);
  }
  const auto report = operate::status_from_json(answer->body);
  if (!report) return cannot_be_asked(config, report.error().message, around);
  return show(call, *report, around);
}

}  // namespace

Action describe_status(CLI::App&) { return with_config(show_status); }

}  // namespace ductus::cli
