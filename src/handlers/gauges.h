// GaugePush: sends values to a metrics service that takes gauges as JSON over HTTP, as Librato does.
//
//   POST url   Content-Type: application/json   Authorization: Basic base64(email:token)
//   {"gauges":[{"name":METRIC,"value":V,"source":S},…]}
//
// Thread: one at a time. Blocking: at most `within`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/clock.h"
#include "ductus/result.h"
#include "net/http_post.h"

namespace ductus::handlers {

struct GaugeSettings {
  net::Url url;
  std::string email;                 ///< empty: no authentication
  std::filesystem::path token_file;  ///< read at each push, so that a new token needs no restart
  std::filesystem::path ca_file;     ///< empty: whom the system trusts
  base::Duration within{};
};

class GaugePush {
 public:
  static constexpr std::size_t kMaxTokenBytes = 4096;

  explicit GaugePush(GaugeSettings settings) : settings_(std::move(settings)) {}

  /// One gauge of this name for each source. Errors: those of http_post(), kRefused (a status other than 2xx),
  /// kIo, kInvalid, kLimit (the token).
  Result<void> push(const std::string& name, const std::map<std::string, std::int64_t>& value_by_source) const;

  /// What `token_file` holds, without the end of its line; empty where there is none. Errors: kIo, kInvalid, kLimit.
  Result<std::string> token() const;

 private:
  GaugeSettings settings_;
};

}  // namespace ductus::handlers
