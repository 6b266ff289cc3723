// What goes wrong with a broker of Kafka 0.6 and 0.7 alone; rows of faults.cc.
#pragma once

#include <string>

#include "sim/faults.h"

namespace ductus::sim::legacy {

std::string hangs_up(FaultTools& it);
std::string flushes_late(FaultTools& it);
std::string error_code(FaultTools& it);
/// Retention: as many whole segments as it takes, or all.
std::string segments_deleted(FaultTools& it);
/// An entry cannot be read: it takes an operator to pass over it.
std::string log_damaged(FaultTools& it);
std::string log_made_anew(FaultTools& it);
/// All its logs, until somebody writes to it again.
std::string topic_deleted(FaultTools& it);
/// By an operator, to a byte within an entry.
std::string offset_misplaced(FaultTools& it);

}  // namespace ductus::sim::legacy
