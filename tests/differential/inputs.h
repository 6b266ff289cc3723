// The record batches that both readers get: good ones of several writers, mutated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "differential/outcome.h"

namespace ductus::differential {

/// What Kafka's broker answered for the Java producer and librdkafka's, and what the practice broker writes.
std::vector<Input> good_inputs();

/// Input number `index` of `seed`: one of `good`, mutated but for some.
Input make_input(const std::vector<Input>& good, std::uint64_t seed, std::size_t index);

/// All checksums are right, as far as record batches can be told apart.
bool has_valid_checksums(const Input& input);

}  // namespace ductus::differential
