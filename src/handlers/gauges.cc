#include "handlers/gauges.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/escape.h"

namespace ductus::handlers {

namespace {

std::string body_of(const std::string& name, const std::map<std::string, std::int64_t>& value_by_source) {
  auto gauges = nlohmann::ordered_json::array();
  for (const auto& [source, value] : value_by_source) {
    gauges.push_back({{"name", name}, {"value", value}, {"source", source}});
  }
  return nlohmann::ordered_json({{"gauges", std::move(gauges)}})
      .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<std::string> GaugePush::token() const {
  if (settings_.token_file.empty()) return std::string();
  const std::string name = base::escaped(settings_.token_file.string());
  std::error_code ignored;  // what is no file, or not there, is told below
  std::ifstream file;
  if (std::filesystem::is_regular_file(settings_.token_file, ignored))
    file.open(settings_.token_file, std::ios::binary);
  std::string token(kMaxTokenBytes + 1, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  if (!file.is_open() || file.bad()) return Error{ErrorCode::kIo, "cannot read the token in " + name};
  token.resize(static_cast<std::size_t>(file.gcount()));
  if (token.size() > kMaxTokenBytes) {
    return Error{ErrorCode::kLimit, "a token is at most " + std::to_string(kMaxTokenBytes) + " bytes long: " + name};
  }
  token.erase(token.find_last_not_of("\r\n") + 1);
  const bool has_control_bytes = std::ranges::any_of(token, [](unsigned char byte) { return byte < ' '; });
  if (token.empty() || has_control_bytes) return Error{ErrorCode::kInvalid, name + " holds no token of one line"};
  return token;
}

Result<void> GaugePush::push(const std::string& name,
                             const std::map<std::string, std::int64_t>& value_by_source) const {
  const auto deadline = std::chrono::steady_clock::now() + settings_.within;
  const auto secret = token();
  if (!secret) return secret.error();
  const auto status = net::http_post({.url = settings_.url,
                                      .ca_file = settings_.ca_file,
                                      .content_type = "application/json",
                                      .credentials = settings_.email.empty() ? "" : settings_.email + ":" + *secret,
                                      .body = body_of(name, value_by_source)},
                                     deadline);
  if (!status) return status.error();
  if (status->code / 100 == 2) return {};
  return Error{ErrorCode::kRefused, settings_.url.to_text() + " answers " + std::to_string(status->code) +
                                        (status->reason.empty() ? "" : " " + status->reason)};
}

}  // namespace ductus::handlers
