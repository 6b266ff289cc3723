// What is given to both readers, and what each makes of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/batch_source.h"

namespace ductus::differential {

/// What a broker answers for one partition.
struct Input {
  std::vector<std::uint8_t> records;
  std::vector<ports::AbortedTransaction> aborted;
  std::int64_t asked_offset = 0;
};

struct ReadMessage {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool operator==(const ReadMessage&) const = default;
};

struct Outcome {
  std::vector<ReadMessage> messages;   ///< up to where it was refused
  std::optional<std::string> refusal;  ///< why not all of it was taken
  std::int64_t next_offset = 0;        ///< where it is asked on
};

/// As a node reads it: the headers hopped, then decoded.
Outcome read_by_ductus(const Input& input);

/// As a consumer of librdkafka reads them, check.crcs on: each from a partition of its own of a broker of ours.
/// `take(index, outcome)` is called as each is over; `serving` is the index of the one that it has got last. Some bytes
/// end the process: to be called in one that may.
void read_by_librdkafka(const std::vector<Input>& inputs, std::atomic<std::size_t>& serving,
                        const std::function<void(std::size_t, const Outcome&)>& take);

}  // namespace ductus::differential
