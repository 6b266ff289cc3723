// plan_undo(): how an act of the journal is taken back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ductus/result.h"
#include "operate/reset.h"
#include "ports/offset_store.h"

namespace ductus::operate {

struct Undo {
  std::int64_t act = 0;
  ResetPlan plan;
};

/// Puts every partition of an act back to where it was before: of the last one, or of `act`. `journal`: all of it, the
/// newest first. Undoing is an act as well, and can be undone.
/// Errors: kNotFound (there is no such act); kRefused where a partition is no longer where the act has put it: the node
/// has gone on, or a later act moved it. The error names them, and nothing is to be written.
Result<Undo> plan_undo(const std::vector<ports::JournalAct>& journal, std::optional<std::int64_t> act,
                       const Places& stored);

}  // namespace ductus::operate
