// Capture: what one connection to a broker of 0.6 or 0.7 carried, and what index.json says of it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ductus::kafka06 {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

struct Capture {
  std::string line;  ///< "0.6" or "0.7"
  std::string name;
  Json index;      ///< its entry
  Bytes request;   ///< as the client wrote it
  Bytes response;  ///< as the broker wrote it; empty: nothing

  std::string api() const { return index.at("request").at("api").get<std::string>(); }
  const Json& expect() const { return index.at("expect"); }
  std::string kind() const { return expect().at("kind").get<std::string>(); }
  /// The frames of the response, without their sizes. Throws std::runtime_error where a size does not fit.
  std::vector<base::ByteView> frames() const;
};

/// Those of both lines, in the order of their indexes. Throws std::runtime_error where a file is missing or is not the
/// one that the index was made for.
std::vector<Capture> all_captures();

/// In hexadecimal digits.
std::string hex(base::ByteView bytes);
std::string sha256(base::ByteView bytes);

}  // namespace ductus::kafka06
