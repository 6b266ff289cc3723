#include "operate/open_store.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/escape.h"
#include "offsets/open_store.h"

namespace ductus::operate {
namespace {

constexpr std::size_t kMaxPasswordBytes = 4096;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

// The first line, without its end.
Result<std::string> read_password(const std::filesystem::path& file) {
  const std::string name = "store.password_file " + base::escaped(file.string());
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMaxPasswordBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    return Error{ErrorCode::kIo, name + ": cannot be read: " + std::generic_category().message(errno)};
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxPasswordBytes) {
    return Error{ErrorCode::kLimit, name + ": more than " + std::to_string(kMaxPasswordBytes) + " bytes"};
  }
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  if (text.empty()) return Error{ErrorCode::kInvalid, name + ": its first line is empty"};
  return text;
}

Result<offsets::RedisSettings> redis_settings(const config::NodeConfig& config) {
  const config::RedisPlace& place = *config.redis;
  offsets::RedisSettings settings;
  settings.server = {place.host, place.port, place.unix_path, {}};
  if (place.tls) {
    settings.server.tls = net::TlsSettings{config.store_ca_file, config.store_cert_file, config.store_key_file};
  }
  settings.user = place.user;
  settings.database = place.database;
  settings.password = config.store_password;
  if (!config.store_password_file.empty()) {
    auto password = read_password(config.store_password_file);
    if (!password) return std::move(password).error();
    settings.password = *std::move(password);
  }
  return settings;
}

}  // namespace

Result<std::unique_ptr<ports::OffsetStore>> open_store(const config::NodeConfig& config, base::LockOwner owner,
                                                       std::function<void(const std::string&)> warn) {
  offsets::StoreSettings settings;
  settings.url = config.store_url;
  settings.path = config.store_path;
  settings.handler_name = config.handler_name;
  settings.owner = owner;
  settings.owner_name = "node '" + config.name + "' of " + config.dir.string() + " on " + host_name() + " (pid " +
                        std::to_string(::getpid()) + ")";
  settings.warn = std::move(warn);
  if (config.redis) {
    auto redis = redis_settings(config);
    if (!redis) return std::move(redis).error();
    settings.redis = *std::move(redis);
  }
  return offsets::open_store(std::move(settings));
}

}  // namespace ductus::operate
