// What readers of finite partitions must have seen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace ductus::sandbox {

/// Of a whole partition.
struct Expectation {
  std::int64_t messages = 0;
  std::int64_t value_bytes = 0;
  /// Over all messages the sum, modulo 2^64, of (first 8 value bytes, little-endian) xor number, counted from 0. By
  /// today's protocol that is the offset.
  std::uint64_t checksum = 0;
};

struct ExpectedPartition {
  std::string topic;
  std::int32_t partition = 0;
  Expectation expectation;
};

/// As JSON: a list of objects with topic, partition, messages, value_bytes and checksum.
std::string expectations_json(const std::vector<ExpectedPartition>& rows);

/// The first eight bytes of a value as the checksum takes them; shorter values are filled up with zeros.
std::uint64_t first_eight_bytes(base::ByteView value);

}  // namespace ductus::sandbox
