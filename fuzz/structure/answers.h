// Answers of brokers taken apart by their grammar.
#pragma once

#include <cstdint>

#include "structure/dice.h"

namespace ductus::fuzz {

/// Some changes of the fields of an answer (correlation id and header tags included): numbers, texts, how many elements
/// an array has, tags, the record batches of a fetch. Mostly with counts and lengths that agree with what follows.
/// False where the grammar of this request and version is not known: the answer is as it was.
bool mutate_answer(std::int16_t api_key, std::int16_t version, Bytes& answer, Dice& dice);

}  // namespace ductus::fuzz
