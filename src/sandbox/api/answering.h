// Answering: what an answer is made from: the topics, who leads them, and what the script wants.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/api/protocol.h"
#include "sandbox/catalog.h"
#include "sandbox/faults/faults.h"
#include "sandbox/frame.h"
#include "sandbox/leaders.h"

namespace ductus::sandbox {

/// What all connections share.
struct Brokers {
  const Catalog& catalog;
  Leaders& leaders;
  Faults& faults;
  std::vector<std::uint16_t> ports;  ///< of the nodes 1, 2, …
};

struct Answering {
  const Brokers& brokers;
  std::int32_t node_id;  ///< who answers
  const Fate& fate;
  base::Time now;
};

/// The beginning of the answer to a request: length and response header.
Frame start_answer(const RequestHeader& request);

/// What a leader's answer to a question about this partition begins with: the script's error, else whether the
/// partition is there (`log`), is led here, and the client's leader epoch (-1: it does not say) is the one of today.
KafkaError error_for(const Answering& answering, std::string_view topic, std::int32_t partition,
                     const PartitionLog* log, std::int32_t client_epoch);

}  // namespace ductus::sandbox
