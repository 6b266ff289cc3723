// Message sets of Kafka 0.6 and 0.7 taken apart, so that one field can be changed and what encloses it be put right
// again, or wrong.
//
// Knows the format by itself (kafka/message/Message.scala), not by the decoder that is tested; of that one only the CRC
// and the decompression are used.
#pragma once

#include <cstdint>
#include <vector>

#include "structure/dice.h"

namespace ductus::fuzz {

struct SetEntry {
  std::int32_t size_flaw = 0;  ///< what the written size is too much
  std::uint8_t magic = 1;
  std::uint8_t attributes = 0;  ///< written only where magic is 1
  std::uint32_t crc_flaw = 0;   ///< bits in which the written checksum is wrong
  int codec = 0;                ///< that `inner` is compressed with; what the attributes say may differ
  Bytes payload;                ///< where codec is 0
  std::vector<SetEntry> inner;
  Bytes inner_rest;
  bool is_damaged = false;  ///< the compressed bytes are, once they are written
};

struct MessageSet {
  std::vector<SetEntry> entries;
  Bytes rest;  ///< what stands behind them: an entry that is cut off, or none
};

/// Takes `bytes` apart as far as they can be read; write_set() gives them back, their checksums correct.
MessageSet read_set(base::ByteView bytes);
Bytes write_set(const MessageSet& set, Dice& dice);

/// Some changes of a message set. In four of five results all checksums are right.
void mutate_set(Bytes& set, Dice& dice);

}  // namespace ductus::fuzz
