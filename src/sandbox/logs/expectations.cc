#include "sandbox/logs/expectations.h"

#include <algorithm>

namespace ductus::sandbox {

std::string expectations_json(const std::vector<ExpectedPartition>& rows) {
  std::string json;
  for (const ExpectedPartition& row : rows) {
    json += json.empty() ? "[\n" : ",\n";
    json += "{\"topic\":\"" + row.topic + "\",\"partition\":" + std::to_string(row.partition);
    json += ",\"messages\":" + std::to_string(row.expectation.messages);
    json += ",\"value_bytes\":" + std::to_string(row.expectation.value_bytes);
    json += ",\"checksum\":" + std::to_string(row.expectation.checksum) + "}";
  }
  return json.empty() ? "[]\n" : json + "\n]\n";
}

std::uint64_t first_eight_bytes(base::ByteView value) {
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(value.size(), 8); ++i) {
    first |= std::uint64_t{value[i]} << (8 * i);
  }
  return first;
}

}  // namespace ductus::sandbox
