// The requests of a capture, made by our own encoder from what the index says of them.
#pragma once

#include <optional>
#include <vector>

#include "captures/capture.h"
#include "kafka06/requests.h"

namespace ductus::kafka06 {

struct MadeRequest {
  Request request;
  std::vector<std::int64_t> offsets;  ///< that a fetch asks from, one for each part
};

/// In their order. nullopt: our encoder makes no such request (another API, a negative size, bytes that do not agree).
std::optional<std::vector<MadeRequest>> requests_of(const Capture& capture);

}  // namespace ductus::kafka06
