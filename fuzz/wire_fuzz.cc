// The byte primitives: the first quarter of the input chooses which, the rest is what they read.
#include <cstdint>

#include "base/assert.h"
#include "kafka/wire.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ductus::kafka::Reader;
  if (size == 0) return 0;
  const std::size_t choices = size / 4 + 1;
  Reader reader({data + choices, size - choices});
  for (std::size_t i = 0; i < choices && reader.ok(); ++i) {
    const bool flexible = (data[i] & 0x10) != 0;
    const std::size_t before = reader.left();
    switch (data[i] & 0x0F) {
      case 0:
        (void)reader.i8();
        break;
      case 1:
        (void)reader.i16();
        break;
      case 2:
        (void)reader.i32();
        break;
      case 3:
        (void)reader.i64();
        break;
      case 4:
        (void)reader.uvarint();
        break;
      case 5:
        (void)reader.varint();
        break;
      case 6:
        (void)reader.varlong();
        break;
      case 7:
        DUCTUS_ASSERT(reader.string(flexible).size() <= before);
        break;
      case 8:
        DUCTUS_ASSERT(reader.nullable_string(flexible).size() <= before);
        break;
      case 9:
        DUCTUS_ASSERT(reader.nullable_bytes(flexible).size() <= before);
        break;
      case 10:
        DUCTUS_ASSERT(reader.array_size(flexible, 3) * 3 <= before);
        break;
      case 11:
        reader.skip_tags(flexible);
        break;
      default:
        reader.skip(data[i] >> 4);
        break;
    }
    DUCTUS_ASSERT(reader.left() <= before);
  }
  return 0;
}
