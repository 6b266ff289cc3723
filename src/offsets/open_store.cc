#include "offsets/open_store.h"

#include <string_view>
#include <utility>

#include "base/escape.h"
#include "offsets/memory_store.h"
#include "offsets/redis/redis_store.h"
#include "offsets/sqlite_store.h"

namespace ductus::offsets {

Result<std::unique_ptr<ports::OffsetStore>> open_store(StoreSettings settings) {
  const std::string_view url = settings.url;
  if (url == "memory:") return std::make_unique<MemoryStore>();
  if (settings.redis) {
    RedisStoreSettings redis;
    redis.server = *std::move(settings.redis);
    redis.handler_name = settings.handler_name;
    redis.owner = settings.owner;
    redis.owner_name = settings.owner_name;
    redis.warn = std::move(settings.warn);
    auto store = RedisStore::open(std::move(redis));
    if (!store) return std::move(store).error();
    return *std::move(store);
  }
  if (!url.starts_with("sqlite:")) {
    const auto scheme = url.substr(0, url.find(':'));
    return Error{ErrorCode::kUnsupported, "no store of the kind '" + base::escaped(scheme, 32) + "'; use sqlite:PATH"};
  }
  auto store = SqliteStore::open(settings.path, settings.handler_name, settings.owner);
  if (!store) return std::move(store).error();
  return *std::move(store);
}

}  // namespace ductus::offsets
