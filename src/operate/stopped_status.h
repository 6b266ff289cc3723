// status_of_stopped_node(): the status of a node that does not run, from its store and its brokers.
#pragma once

#include <map>

#include "config/node_config.h"
#include "operate/log_bounds.h"
#include "operate/status_report.h"
#include "ports/offset_store.h"

namespace ductus::operate {

/// What was found in the store, and why nothing was where that is so.
struct StoredPlaces {
  std::map<ports::TopicPartition, ports::Position> positions;
  std::string trouble;
};

/// Puts the two together. A topic with neither known partitions nor stored places is one row without a number.
StatusReport stopped_report(const config::NodeConfig& config, const LogLook& look, const StoredPlaces& stored);

/// Asks brokers and store. What they do not say is unknown in the report, with the reason.
/// A store file that is not there is not made. Blocking: at most 5 s for the brokers, as long for the store's lock.
StatusReport status_of_stopped_node(const config::NodeConfig& config);

}  // namespace ductus::operate
