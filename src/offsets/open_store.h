// open_store(): the store that `[store] url` names.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_lock.h"
#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

/// `url` as in the configuration: "sqlite:…" opens the file `path`, whatever stands behind the colon; "memory:".
/// Errors: kUnsupported (another url), and those of SqliteStore::open().
Result<std::unique_ptr<ports::OffsetStore>> open_store(std::string_view url, const std::filesystem::path& path,
                                                       const std::string& handler_name, base::LockOwner owner);

}  // namespace ductus::offsets
