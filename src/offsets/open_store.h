// open_store(): the store that `[store] url` names.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/file_lock.h"
#include "ductus/result.h"
#include "offsets/redis/connection.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

struct StoreSettings {
  std::string url;                     ///< as in the configuration: what stands before the colon decides
  std::filesystem::path path;          ///< of "sqlite:…", whatever stands behind the colon
  std::optional<RedisSettings> redis;  ///< of "redis…:…", likewise
  std::string handler_name;
  base::LockOwner owner = base::LockOwner::kVerb;
  std::string owner_name;                        ///< for people on other hosts: "node 'pipe' on db1 (pid 4711)"
  std::function<void(const std::string&)> warn;  ///< told what is doubtful about how it keeps offsets; may be empty
};

/// Errors: kUnsupported (another url), and those of SqliteStore::open() and RedisStore::open().
Result<std::unique_ptr<ports::OffsetStore>> open_store(StoreSettings settings);

}  // namespace ductus::offsets
