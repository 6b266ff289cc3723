#include "cli/ask_node.h"

#include <thread>

#include "base/clock.h"
#include "cli/exit_code.h"
#include "control/node_process.h"
#include "node/lock.h"
#include "operate/stopped_status.h"

namespace ductus::cli {

Result<control::HttpAnswer> get_from_node(const config::NodeConfig& config, const std::string& path) {
  const auto socket = control::socket_path(config.dir);
  const base::SystemClock clock;
  const base::Time deadline = clock.now() + kAnswerTimeout;
  for (;;) {
    auto answer = control::request(socket, "GET", path, kAnswerTimeout);
    if (answer || answer.error().code != ErrorCode::kNotFound || !node::node_is_there(config)) return answer;
    if (clock.now() >= deadline) return Error{ErrorCode::kTimedOut, "it starts or ends, and does not answer yet"};
    std::this_thread::sleep_for(kRetryEvery);
  }
}

Result<operate::StatusReport> ask_for_status(const config::NodeConfig& config) {
  auto answer = get_from_node(config, "/v1/status");
  if (!answer && answer.error().code == ErrorCode::kNotFound) {
    auto report = operate::status_of_stopped_node(config);
    // One that began while brokers and store were asked has taken the store: it knows better.
    if (!node::node_is_there(config)) return report;
    answer = get_from_node(config, "/v1/status");
    if (!answer && answer.error().code == ErrorCode::kNotFound) return report;
  }
  if (!answer) return answer.error();
  if (answer->status != 200) {
    return Error{ErrorCode::kUnreachable, "it answered " + std::to_string(answer->status) + " " + answer->body};
  }
  return operate::status_from_json(answer->body);
}

int cannot_be_asked(const config::NodeConfig& config, const std::string& why, Surroundings& around) {
  say(around, config.name + " runs, but cannot be asked: " + why);
  return to_int(ExitCode::kUnreachable);
}

}  // namespace ductus::cli
