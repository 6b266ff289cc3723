#include "control/request.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "base/escape.h"

namespace ductus::control {
namespace {

using Json = nlohmann::json;

std::string range_of(std::int64_t least, std::int64_t most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

Response error_response(int status, const std::string& message) {
  return {status, Json{{"error", message}}.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n",
          "application/json"};
}

Result<std::int64_t> whole_number(const std::string& name, std::string_view text, std::int64_t least,
                                  std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return Error{ErrorCode::kInvalid,
                 "'" + name + "' is " + range_of(least, most) + ", not '" + base::escaped(text, 64) + "'"};
  }
  return value;
}

struct BodyFields::Impl {
  Json object = Json::object();
  std::vector<std::string> taken;
  std::string problem;

  void refuse(std::string what) {
    if (problem.empty()) problem = std::move(what);
  }
  const Json* take(const char* name) {
    taken.emplace_back(name);
    const auto field = object.find(name);
    return field == object.end() || field->is_null() ? nullptr : &*field;
  }
};

BodyFields::BodyFields(const std::string& body) : impl_(std::make_unique<Impl>()) {
  if (body.empty()) return;
  try {
    Json parsed = Json::parse(body);
    if (parsed.is_object()) {
      impl_->object = std::move(parsed);
    } else {
      impl_->refuse("the body is no JSON object");
    }
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: …": the bracket tells a caller nothing.
    const std::string_view what = error.what();
    const auto bracket = what.find("] ");
    const std::string_view told = bracket == std::string_view::npos ? what : what.substr(bracket + 2);
    impl_->refuse("the body is no JSON: " + base::escaped(told, 256));
  }
}

BodyFields::~BodyFields() = default;

std::string BodyFields::text(const char* name) {
  const Json* const field = impl_->take(name);
  if (field != nullptr && field->is_string() && !field->get_ref<const std::string&>().empty()) {
    return field->get<std::string>();
  }
  impl_->refuse("'" + std::string(name) + "' is " + (field == nullptr ? "missing" : "no text with something in it"));
  return {};
}

std::optional<std::int64_t> BodyFields::number(const char* name, std::int64_t least, std::int64_t most) {
  const Json* const field = impl_->take(name);
  if (field == nullptr) return std::nullopt;
  // What is above int64 is kept as unsigned.
  const bool fits = field->is_number_integer() &&
                    (!field->is_number_unsigned() || field->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (fits && field->get<std::int64_t>() >= least && field->get<std::int64_t>() <= most) {
    return field->get<std::int64_t>();
  }
  impl_->refuse("'" + std::string(name) + "' is not " + range_of(least, most));
  return std::nullopt;
}

Result<void> BodyFields::finish() {
  for (const auto& [name, value] : impl_->object.items()) {
    if (std::ranges::find(impl_->taken, name) == impl_->taken.end()) {
      impl_->refuse("there is no field '" + base::escaped(name, 64) + "'");
    }
  }
  if (impl_->problem.empty()) return {};
  return Error{ErrorCode::kInvalid, impl_->problem};
}

}  // namespace ductus::control
