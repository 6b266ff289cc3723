// stored_entries(): what the store of a configuration holds, read and let go again.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "config/node_config.h"
#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::operate {

using Places = std::map<ports::TopicPartition, ports::Position>;

/// The positions of `entries`.
Places places_of(const ports::StoreEntries& entries);

/// A store file that is not there is not made: it holds nothing.
/// Blocking: on the store's lock and disk. Errors: those of open_store() and OffsetStore::entries().
Result<ports::StoreEntries> stored_entries(const config::NodeConfig& config);

/// As stored_entries(), of the last `limit` acts.
Result<std::vector<ports::JournalAct>> stored_journal(const config::NodeConfig& config, std::size_t limit);

/// Error: kUnsupported for a store that ends with the process.
Result<void> check_store_lasts(const config::NodeConfig& config);

}  // namespace ductus::operate
