// Files of offsets: read in the three forms that are in use, and written in them.
//
//   json  {"results":[{"topic":"orders","partition":0,"offset":4711}]}: the partition may be left out, as the original
//         did, a trailing comma is overlooked. What write_offsets() makes has "schema":"ductus.offsets/1", leader
//         epochs, topic ids and the known topics as well: fields may be added, never renamed
//   csv   topic,partition,offset on each line (KIP-122)
//   text  topic/partition offset on each line
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::operate {

/// Bytes of a file of offsets, and what it may name.
inline constexpr std::size_t kMaxOffsetsFileBytes = 64u << 20;
inline constexpr std::size_t kMaxOffsetsFileEntries = 200'000;

struct FileEntry {
  std::string topic;  ///< a name that Kafka allows
  std::optional<std::int32_t> partition;
  ports::Position position;                               ///< epoch and topic id only where the file is complete
  std::string where;                                      ///< "line 3", "results[2]"
  ports::OffsetUnit unit = ports::OffsetUnit::kMessages;  ///< told only where the file is complete
};

struct OffsetsFile {
  bool complete = false;  ///< ductus.offsets/1: it stands for all that a store held
  std::vector<FileEntry> entries;
  std::vector<ports::StoredTopic> topics;
};

/// Detects the form. An entry that says the same as one before is left out. A file without any entry is taken where it
/// is complete. Errors: kInvalid with the place (also two entries that differ), kLimit.
Result<OffsetsFile> parse_offsets(std::string_view text);

/// parse_offsets() of a regular file, or of standard input where `path` is "-". Each error begins with the file's name.
/// Errors: also kNotFound, kIo; kInvalid (no regular file, or it changed while it was read). Blocking: on standard
/// input.
Result<OffsetsFile> load_offsets_file(const std::filesystem::path& path);

enum class OffsetsForm : std::uint8_t { kJson, kCsv, kText };

/// `handler_name`: only for whoever reads the file. Nothing is lost in kJson; the others hold offsets alone.
std::string write_offsets(const ports::StoreEntries& entries, const std::string& handler_name, OffsetsForm form);

}  // namespace ductus::operate
