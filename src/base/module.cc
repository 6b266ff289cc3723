#include "ductus/module.h"

namespace ductus {

Result<void> Handler::sync() { return Error{ErrorCode::kNotNeeded, "accepted is done: there is no sync"}; }

void Module::handle_periodic_aggregate(const Aggregate& /*aggregate*/) {}

}  // namespace ductus
