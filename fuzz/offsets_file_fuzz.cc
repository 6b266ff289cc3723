// A file of offsets in any of its forms, and an operator's change as JSON. What is taken must come back as it was when
// it is written again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "operate/offsets/change_json.h"
#include "operate/offsets/offsets_file.h"

namespace {

using namespace ductus;           // NOLINT(*-build-using-namespace)
using namespace ductus::operate;  // NOLINT(*-build-using-namespace)

void check_offsets(std::string_view text) {
  const auto file = parse_offsets(text);
  if (!file) {
    DUCTUS_ASSERT(!file.error().message.empty());
    return;
  }
  ports::StoreEntries entries{{}, file->topics};
  for (const FileEntry& entry : file->entries) {
    DUCTUS_ASSERT(entry.position.next_offset >= 0 && entry.position.leader_epoch >= -1);
    DUCTUS_ASSERT(!entry.topic.empty() && (entry.partition || !file->complete));
    entries.positions.push_back({{entry.topic, entry.partition.value_or(0)}, entry.position});
  }
  const auto again = parse_offsets(write_offsets(entries, "fuzz", OffsetsForm::kJson));
  // An entry without its partition may be the same as one with it.
  DUCTUS_ASSERT(again || !file->complete);
  if (!again || !file->complete) return;
  DUCTUS_ASSERT(again->topics == file->topics && again->entries.size() == file->entries.size());
  for (std::size_t i = 0; i < again->entries.size(); ++i) {
    DUCTUS_ASSERT(again->entries[i].topic == file->entries[i].topic);
    DUCTUS_ASSERT(again->entries[i].position == file->entries[i].position);
  }
}

void check_change(std::string_view text) {
  const auto change = change_from_json(text);
  if (!change) return;
  const auto again = change_from_json(to_json(*change));
  DUCTUS_ASSERT(again && again->who == change->who && again->positions == change->positions);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_offsets(text);
  check_change(text);
  return 0;
}
