#include "config/store_url.h"

#include <charconv>
#include <string>

#include "config/readers.h"

namespace ductus::config {
namespace {

constexpr std::string_view kPlain = "redis://";
constexpr std::string_view kTls = "rediss://";
constexpr std::string_view kUnix = "redis+unix:";
constexpr std::uint32_t kMaxDatabase = 1'000'000;

Error expected() {
  return {ErrorCode::kInvalid,
          "expected \"redis://[user@]host[:port][/db]\", rediss:// for TLS, or \"redis+unix:PATH[?db=N]\""};
}

Error with_password() {
  return {ErrorCode::kInvalid,
          "a url is no place for a password: write store.password_file, or store.password = \"${VARIABLE}\""};
}

bool take_database(std::string_view digits, RedisPlace& place) {
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), place.database);
  return failure == std::errc() && end == digits.data() + digits.size() && place.database <= kMaxDatabase;
}

// "user@", where it stands before the host or path.
Result<void> take_user(std::string_view& rest, std::size_t at, RedisPlace& place) {
  const std::string_view user = rest.substr(0, at);
  if (user.find(':') != user.npos) return with_password();
  if (user.empty()) return expected();
  place.user = user;
  rest.remove_prefix(at + 1);
  return {};
}

Result<RedisPlace> parse_unix(std::string_view rest, const std::filesystem::path& base_dir) {
  RedisPlace place;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (const std::size_t at = rest.find('@'); at < rest.find('/')) {
      if (auto taken = take_user(rest, at, place); !taken) return std::move(taken).error();
    }
  }
  if (const std::size_t query = rest.rfind("?db="); query != rest.npos) {
    if (!take_database(rest.substr(query + 4), place)) return expected();
    rest = rest.substr(0, query);
  }
  const std::filesystem::path path(rest);
  if (!path.has_filename()) return expected();
  place.unix_path = (base_dir / path).lexically_normal();
  return place;
}

}  // namespace

bool is_redis_url(std::string_view url) {
  return url.starts_with("redis:") || url.starts_with("rediss:") || url.starts_with("redis+");
}

Result<RedisPlace> parse_redis_url(std::string_view url, const std::filesystem::path& base_dir) {
  if (url.starts_with(kUnix)) return parse_unix(url.substr(kUnix.size()), base_dir);
  RedisPlace place;
  place.tls = url.starts_with(kTls);
  if (!place.tls && !url.starts_with(kPlain)) return expected();
  std::string_view rest = url.substr(place.tls ? kTls.size() : kPlain.size());
  // The last one: a password may hold more of them, and is to be found all the same.
  if (const std::size_t at = rest.rfind('@'); at != rest.npos) {
    if (auto taken = take_user(rest, at, place); !taken) return std::move(taken).error();
  }
  if (const std::size_t slash = rest.find('/'); slash != rest.npos) {
    if (slash + 1 < rest.size() && !take_database(rest.substr(slash + 1), place)) return expected();
    rest = rest.substr(0, slash);
  }
  const std::size_t bracket = rest.rfind(']');
  const std::size_t colon = rest.find(':', bracket == rest.npos ? 0 : bracket);
  const auto server = read_broker(colon == rest.npos ? std::string(rest) + ":6379" : std::string(rest));
  if (!server) return expected();
  place.host = server->host;
  place.port = server->port;
  return place;
}

std::string to_text(const RedisPlace& place) {
  const std::string user = place.user.empty() ? "" : place.user + "@";
  const std::string database = std::to_string(place.database);
  if (!place.unix_path.empty()) {
    return std::string(kUnix) + (user.empty() ? "" : "//" + user) + place.unix_path.string() + "?db=" + database;
  }
  const bool is_ipv6 = place.host.find(':') != place.host.npos;
  return std::string(place.tls ? kTls : kPlain) + user + (is_ipv6 ? "[" + place.host + "]" : place.host) + ":" +
         std::to_string(place.port) + "/" + database;
}

}  // namespace ductus::config
