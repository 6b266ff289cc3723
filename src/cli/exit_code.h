// The exit codes of the ductus program: docs/operating.md promises them.
#pragma once

#include <cstdint>

namespace ductus::cli {

enum class ExitCode : std::uint8_t {
  kOk = 0,
  kFailed = 1,  ///< also: stopped by force
  kUsage = 2,
  kNotRunning = 3,
  kUnreachable = 4,  ///< also: timed out
  kRefused = 5,      ///< for safety
  kConfigInvalid = 6,
  kThresholdPassed = 7,
};

constexpr int to_int(ExitCode code) noexcept { return static_cast<int>(code); }

}  // namespace ductus::cli
