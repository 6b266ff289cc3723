// What the codecs of record batches write, in the ways that their libraries can be told to.
#pragma once

#include <optional>

#include "structure/dice.h"

namespace ductus::fuzz {

/// Codec numbers as in the attributes of a record batch that compressed() writes.
bool can_compress(int codec);

/// `plain` by `codec`, which can_compress() knows, or as it is. What the format leaves open is up to the dice.
Bytes compressed(int codec, const Bytes& plain, Dice& dice);

/// nullopt: no codec of ours, not a good stream of it, or more than 1 MiB.
std::optional<Bytes> decompressed(int codec, base::ByteView stream);

/// A stream changed: mostly its content, compressed again; else its own bytes, or what stands behind it.
void mutate_stream(int codec, Bytes& stream, Dice& dice);

}  // namespace ductus::fuzz
