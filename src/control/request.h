// Request and Response: what a route of the control server is asked, and what it answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::control {

struct Request {
  std::map<std::string, std::string> path;   ///< what stands in the place of each {name} of the route's path
  std::map<std::string, std::string> query;  ///< of a name that comes twice, the last value
  std::string body;                          ///< at most Server::kMaxBodyBytes
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// {"error": message} with the given status.
Response error_response(int status, const std::string& message);

/// Digits alone, from `least` to `most`. Error: kInvalid, saying what `name` must be.
Result<std::int64_t> whole_number(const std::string& name, std::string_view text, std::int64_t least,
                                  std::int64_t most);

/// Takes fields out of a body that is one JSON object, and remembers the first problem: what it is, and where.
class BodyFields {
 public:
  /// An empty body is an object without fields.
  explicit BodyFields(const std::string& body);
  ~BodyFields();
  BodyFields(const BodyFields&) = delete;
  BodyFields& operator=(const BodyFields&) = delete;

  /// A text that must be there, and is not empty.
  std::string text(const char* name);
  /// A whole number in this range; nullopt where it is absent or null.
  std::optional<std::int64_t> number(const char* name, std::int64_t least, std::int64_t most);
  /// kInvalid for the first problem; a field that nobody took is one.
  Result<void> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ductus::control
