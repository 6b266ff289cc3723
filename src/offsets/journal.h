// journal_act(): an operator's change as journals keep it.
#pragma once

#include <cstdint>

#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

/// The act numbered `act`, done now.
ports::JournalAct journal_act(std::int64_t act, const ports::OperatorChange& change);

/// The error for more than kMaxStoreEntries: kLimit.
Error too_many_entries();

}  // namespace ductus::offsets
