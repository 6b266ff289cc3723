// parse_command_line(): the arguments of the program → what is to be done.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/exit_code.h"

namespace ductus::cli {

enum class Verb : std::uint8_t {
  kConsole,
  kStop,
  kRunning,
  kStatus,
  kResetOffsets,
  kResetToOldestOffsets,
  kZeroOffsets,
  kResetSingleOffset,
};

struct CommandLine {
  Verb verb = Verb::kStatus;
  std::string config;
  std::optional<std::filesystem::path> config_dir;
  std::vector<std::string> sets;  ///< key=value
  bool json = false;
  bool until_end = false;
  std::optional<std::chrono::milliseconds> timeout;

  // reset_offsets
  std::string to_time;                     ///< as it was typed; empty: to the end
  std::optional<std::int64_t> to_time_ms;  ///< milliseconds since 1970

  // reset_single_offset
  std::string topic;
  std::int64_t offset = 0;
  std::optional<std::int32_t> partition;
  bool all_partitions = false;
};

/// The verb as it is typed: "reset_offsets".
const char* name_of(Verb verb);

/// Nothing more is to be done than to say this: help, the version, or what is wrong with the arguments.
struct Reply {
  ExitCode code = ExitCode::kOk;
  std::string out;
  std::string err;
};

/// `arguments`: without the program's name. Thread: any.
std::variant<CommandLine, Reply> parse_command_line(std::vector<std::string> arguments);

}  // namespace ductus::cli
