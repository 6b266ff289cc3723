#include "cli/attach/node_commands.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/ask_node.h"
#include "control/client.h"
#include "control/node_process.h"

namespace ductus::cli {
namespace {

// {"error": "…"}, as the server says it; its first bytes where it says it otherwise.
std::string words_of(const control::HttpAnswer& answer) {
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_string()) return json["error"].get<std::string>();
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

Result<void> act_on(const config::NodeConfig& config, const std::string& action, const Place& place) {
  nlohmann::ordered_json body = {{"topic", place.topic}};
  if (place.partition) body["partition"] = *place.partition;
  auto answer = tell_node(config, "POST", "/v1/" + action, body.dump());
  if (!answer) return std::move(answer).error();
  return {};
}

}  // namespace ductus::cli
