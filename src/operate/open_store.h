// open_store(): a configuration's store, opened for its node or for a verb.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/file_lock.h"
#include "config/node_config.h"
#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::operate {

/// `warn` is told what is doubtful about how the store keeps offsets.
/// Errors: those of offsets::open_store(); kInvalid, kIo, kLimit (`store.password_file`).
Result<std::unique_ptr<ports::OffsetStore>> open_store(const config::NodeConfig& config, base::LockOwner owner,
                                                       std::function<void(const std::string&)> warn = {});

}  // namespace ductus::operate
