#include "operate/offsets/stored_entries.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "operate/open_store.h"

namespace ductus::operate {
namespace {

// Opening would make it.
bool is_not_made_yet(const config::NodeConfig& config) {
  std::error_code ignored;
  return config.store_url.starts_with("sqlite:") && !std::filesystem::exists(config.store_path, ignored);
}

}  // namespace

Places places_of(const ports::StoreEntries& entries) {
  Places places;
  for (const auto& [partition, position] : entries.positions) places[partition] = position;
  return places;
}

Result<ports::StoreEntries> stored_entries(const config::NodeConfig& config) {
  if (is_not_made_yet(config)) return ports::StoreEntries();
  auto store = open_store(config, base::LockOwner::kVerb);
  if (!store) return std::move(store).error();
  return (*store)->entries();
}

Result<std::vector<ports::JournalAct>> stored_journal(const config::NodeConfig& config, std::size_t limit) {
  if (is_not_made_yet(config)) return std::vector<ports::JournalAct>();
  auto store = open_store(config, base::LockOwner::kVerb);
  if (!store) return std::move(store).error();
  return (*store)->journal(limit);
}

Result<void> check_store_lasts(const config::NodeConfig& config) {
  if (config.store_url != "memory:") return {};
  return Error{ErrorCode::kUnsupported,
               "store.url is memory: its offsets end with each process, there is nothing to set"};
}

}  // namespace ductus::operate
