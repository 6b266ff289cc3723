// Numbers as a person reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ductus::cli {

/// 1234567 as "1 234 567"; "?" where it is not known.
std::string grouped(std::optional<std::int64_t> number);
/// "0.4s", "48s", "6m02s", "3h04m", "3d 04h"; below a second in a callback's terms: "81ms".
std::string duration_text(double seconds);
/// "351 kB": powers of 1000.
std::string size_text(std::int64_t bytes);
/// Of a second: "0.4", "310", "12 345".
std::string rate_text(double per_s);

}  // namespace ductus::cli
