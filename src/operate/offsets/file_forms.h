// The forms of a file of offsets, each for itself: what a form says, not whether its entries go together.
#pragma once

#include <string_view>

#include "ductus/result.h"
#include "operate/offsets/offsets_file.h"

namespace ductus::operate {

// Errors of both: kInvalid with the place, kLimit.

Result<OffsetsFile> parse_json_offsets(std::string_view text);
/// `separators`: the two that part topic, partition and offset.
Result<OffsetsFile> parse_line_offsets(std::string_view text, std::string_view separators);

/// Error: kInvalid for a name that Kafka does not allow.
Result<void> check_topic_name(const std::string& topic, const std::string& where);
/// Error: kLimit beyond kMaxOffsetsFileEntries.
Result<void> check_entry_count(std::size_t count);

}  // namespace ductus::operate
