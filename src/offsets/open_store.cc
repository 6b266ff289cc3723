#include "offsets/open_store.h"

#include <utility>

#include "base/escape.h"
#include "offsets/memory_store.h"
#include "offsets/sqlite_store.h"

namespace ductus::offsets {

Result<std::unique_ptr<ports::OffsetStore>> open_store(std::string_view url, const std::filesystem::path& path,
                                                       const std::string& handler_name, base::LockOwner owner) {
  if (url == "memory:") return std::make_unique<MemoryStore>();
  if (!url.starts_with("sqlite:")) {
    const auto scheme = url.substr(0, url.find(':'));
    return Error{ErrorCode::kUnsupported, "no store of the kind '" + base::escaped(scheme, 32) + "'; use sqlite:PATH"};
  }
  auto store = SqliteStore::open(path, handler_name, owner);
  if (!store) return std::move(store).error();
  return *std::move(store);
}

}  // namespace ductus::offsets
