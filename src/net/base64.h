// base64(): bytes as text that may stand anywhere. Source: RFC 4648, section 4.
#pragma once

#include <string>
#include <string_view>

namespace ductus::net {

/// With padding, on one line. `bytes` are at most 1 GiB. Thread: any.
std::string base64(std::string_view bytes);

}  // namespace ductus::net
