// What index.json would say of a message set, as our own primitives read it.
#pragma once

#include "captures/capture.h"

namespace ductus::kafka06 {

/// `messages[]` of the whole entries at the start of `set`, whose first byte is at `offset` of its log. Entries whose
/// checksum is wrong are listed too, as the index does.
Json messages_of(base::ByteView set, std::int64_t offset);

}  // namespace ductus::kafka06
