// parse_redis_url(): `[store] url` where it names a Redis server.
//
//   redis://[user@]host[:port][/db]   rediss://… the same over TLS   redis+unix:[//user@]PATH[?db=N]
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::config {

bool is_redis_url(std::string_view url);

/// A relative PATH counts from `base_dir`. Errors: kInvalid; also for a password, which has no place in a url. The text
/// itself is not in them.
Result<RedisPlace> parse_redis_url(std::string_view url, const std::filesystem::path& base_dir);

/// The same written as parse_redis_url() takes it.
std::string to_text(const RedisPlace& place);

}  // namespace ductus::config
