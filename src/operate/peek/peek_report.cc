#include "operate/peek/peek_report.h"

#include "config/utf8.h"
#include "net/base64.h"
#include "operate/json_fields.h"

namespace ductus::operate {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = config::decode_utf8(text).size;
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void add_bytes(Json& object, const std::string& name, const std::optional<std::string>& bytes) {
  const bool as_base64 = bytes && !is_utf8(*bytes);
  object[name] = !bytes ? Json(nullptr) : Json(as_base64 ? net::base64(*bytes) : *bytes);
  object[name + "_base64"] = as_base64;
}

Json to_json(const PeekedMessage& message) {
  Json headers = Json::array();
  for (const auto& [key, value] : message.headers) {
    Json header = Json::object();
    add_bytes(header, "key", key);
    add_bytes(header, "value", value);
    headers.push_back(std::move(header));
  }
  Json object = {{"offset", message.offset},
                 {"timestamp_ms", message.timestamp_ms < 0 ? Json(nullptr) : Json(message.timestamp_ms)}};
  add_bytes(object, "key", message.key);
  add_bytes(object, "value", message.value);
  object["headers"] = std::move(headers);
  return object;
}

}  // namespace

std::string to_json(const config::NodeConfig& config, const Peeked& peeked) {
  Json messages = Json::array();
  for (const PeekedMessage& message : peeked.messages) messages.push_back(to_json(message));
  const Json document = {
      {"schema", "ductus.peek/1"},       {"name", config.name},
      {"topic", peeked.partition.topic}, {"partition", peeked.partition.partition},
      {"offset", peeked.from},           {"readable_end", number_or_null(peeked.readable_end)},
      {"messages", std::move(messages)}, {"error", peeked.trouble ? Json(peeked.trouble->message) : Json(nullptr)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace ductus::operate
