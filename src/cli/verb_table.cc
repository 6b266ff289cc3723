#include <array>

#include "cli/verb.h"

namespace ductus::cli {
namespace {

constexpr auto kVerbs = std::to_array<Verb>({
    {"", "start", "Run the node by itself, started again when it crashes; returns once it is up", true, false,
     describe_start},
    {"", "console", "Run the node in this terminal until it is stopped", true, false, describe_console},
    {"", "stop", "Let a running node finish what is in hand and end; by force after [node] stop_timeout", true, false,
     describe_stop},
    {"", "running", "Print true (exit code 0) or false (3)", true, true, describe_running},
    {"", "status", "Show how far each partition is, whether the node runs or not", true, true, describe_status},
    {"", "reset_offsets", "Set every partition to the end of its log: only what comes from now on", true, true,
     describe_reset_offsets},
    {"", "reset_to_oldest_offsets", "Set every partition to the start of its log", true, true,
     describe_reset_to_oldest_offsets},
    {"", "zero_offsets", "Set every partition to offset 0", true, true, describe_zero_offsets},
    {"", "reset_single_offset", "Set one topic, or one partition of it, to OFFSET", true, true,
     describe_reset_single_offset},
    {"config", "check", "Tell all that is wrong with the configuration, and what means nothing in it", true, false,
     describe_config_check},
    {"config", "show", "Print every setting that counts, defaults too, as TOML", true, false, describe_config_show},
    {"config", "convert", "Print what the original's configuration in Erlang terms says as TOML", true, false,
     describe_config_convert},
});

}  // namespace

std::span<const Verb> verbs() noexcept { return kVerbs; }

}  // namespace ductus::cli
