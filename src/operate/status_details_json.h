// The details of a status as JSON, and back. Fields that are absent are unknown; docs/openapi.json names them all.
#pragma once

#include <string>

#include "operate/json_fields.h"
#include "operate/status_details.h"

namespace ductus::operate {

/// Puts the fields of `activity` behind those that `partition` has.
void add_to(Json& partition, const PartitionActivity& activity);
Json to_json(const ProcessStatus& process);
Json to_json(const StoreStatus& store);
/// Null where there is no supervision: the node does not run.
Json to_json(const SupervisionStatus& supervision);

// The inverse; `problem` gets the first field that is malformed.

PartitionActivity activity_from(const Json& partition, std::string& problem);
ProcessStatus process_from(const Json& process, std::string& problem);
StoreStatus store_from(const Json& store, std::string& problem);
SupervisionStatus supervision_from(const Json& supervision, std::string& problem);

}  // namespace ductus::operate
