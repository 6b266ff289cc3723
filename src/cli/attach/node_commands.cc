#include "cli/attach/node_commands.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "cli/ask_node.h"
#include "control/client.h"
#include "control/node_process.h"

namespace ductus::cli {
namespace {

// Empty where there is none.
std::string text_in(const nlohmann::json& object, const char* field) {
  return object.is_object() && object.contains(field) && object[field].is_string() ? object[field].get<std::string>()
                                                                                   : std::string();
}

// {"error": "…"}, as the server says it; its first bytes where it says it otherwise.
std::string words_of(const control::HttpAnswer& answer) {
  std::string words = text_in(nlohmann::json::parse(answer.body, nullptr, false), "error");
  if (!words.empty()) return words;
  return "it answered " + std::to_string(answer.status) + " " + answer.body.substr(0, 200);
}

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
    case 404:
      return ErrorCode::kInvalid;
    case 405:
    case 501:
      return ErrorCode::kUnsupported;
    case 403:
    case 409:
      return ErrorCode::kRefused;
    default:
      return ErrorCode::kUnreachable;
  }
}

}  // namespace

std::string done_word(const std::string& action) {
  return action == "pause" ? "paused" : action == "resume" ? "resumed" : "is being restarted";
}

std::optional<Place> place_from(std::string_view text) {
  const auto slash = text.find('/');
  Place place{std::string(text.substr(0, slash)), std::nullopt};
  if (place.topic.empty()) return std::nullopt;
  if (slash == std::string_view::npos) return place;
  const std::string_view digits = text.substr(slash + 1);
  std::int32_t partition = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), partition);
  if (error != std::errc() || end != digits.data() + digits.size() || partition < 0) return std::nullopt;
  place.partition = partition;
  return place;
}

Result<std::string> tell_node(const config::NodeConfig& config, const std::string& method, const std::string& path,
                              const std::string& body) {
  auto answer = control::request(control::socket_path(config.dir), method, path, kAnswerTimeout, body);
  if (!answer) return std::move(answer).error();
  if (answer->status >= 200 && answer->status < 300) return std::move(answer->body);
  return Error{code_of(answer->status), words_of(*answer)};
}

namespace {

// A change has a number, by which the node tells what came of it.
Result<void> outcome_of(const config::NodeConfig& config, std::uint64_t change, std::chrono::milliseconds timeout) {
  const base::SystemClock clock;
  const base::Time deadline = clock.now() + timeout;
  for (;;) {
    const auto answer = tell_node(config, "GET", "/v1/changes/" + std::to_string(change));
    if (!answer) return answer.error();
    const auto outcome = nlohmann::json::parse(*answer, nullptr, false);
    const std::string state = text_in(outcome, "state");
    if (state == "done") return {};
    if (state != "pending") {
      const std::string error = text_in(outcome, "error");
      return Error{ErrorCode::kIo, error.empty() ? "the node does not tell what came of it" : error};
    }
    if (clock.now() >= deadline) return Error{ErrorCode::kTimedOut, "begun, but not done yet; 'status' tells more"};
    std::this_thread::sleep_for(kRetryEvery);
  }
}

}  // namespace

Result<void> act_on(const config::NodeConfig& config, const std::string& action, const Place& place) {
  nlohmann::ordered_json body = {{"topic", place.topic}};
  if (place.partition) body["partition"] = *place.partition;
  return finish_change(config, tell_node(config, "POST", "/v1/" + action, body.dump()), kAnswerTimeout);
}

Result<void> finish_change(const config::NodeConfig& config, const Result<std::string>& begun,
                           std::chrono::milliseconds timeout) {
  if (!begun) return begun.error();
  const auto change = nlohmann::json::parse(*begun, nullptr, false);
  if (!change.is_object() || !change.contains("change") || !change["change"].is_number_unsigned()) return {};
  return outcome_of(config, change["change"].get<std::uint64_t>(), timeout);
}

}  // namespace ductus::cli
