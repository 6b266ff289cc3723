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
    {"", "attach", "Talk to a running node: commands from a terminal, from a script, or one with -c", true, false,
     describe_attach},
    {"", "peek", "Show the next messages of a partition, whether the node runs or not; moves nothing", true, true,
     describe_peek},
    {"", "logs", "Show the end of the node's log, and follow it", true, false, describe_logs},
    {"", "pause", "Read nothing more of all topics, one, or one partition, until 'resume'", true, false,
     describe_pause},
    {"", "resume", "Read on where 'pause' ended it", true, false, describe_resume},
    {"", "restart", "Finish and store what is in hand, then begin anew", true, false, describe_restart},
    {"", "reset_offsets", "Set every partition to the end of its log: only what comes from now on", true, true,
     describe_reset_offsets},
    {"", "reset_to_oldest_offsets", "Set every partition to the start of its log", true, true,
     describe_reset_to_oldest_offsets},
    {"", "zero_offsets", "Set every partition to offset 0", true, true, describe_zero_offsets},
    {"", "reset_single_offset", "Set one topic, or one partition of it, to OFFSET", true, true,
     describe_reset_single_offset},
    {"", "completion", "Print the script by which a shell completes ductus", false, false, describe_completion},
    {"", "reset_offsets_from_file", "Set the offsets that a file names: JSON as of kafka_bisect, CSV or text", true,
     true, describe_reset_offsets_from_file},
    {"offsets", "show", "What is stored, while no node runs", true, true, describe_offsets_show},
    {"offsets", "set", "Set any partitions to any place", true, true, describe_offsets_set},
    {"offsets", "export", "Write all that is stored to standard output", true, false, describe_offsets_export},
    {"offsets", "import", "Store what an export, a CSV or a text file says", true, true, describe_offsets_import},
    {"offsets", "undo", "Take back the last change, or that of ACT", true, true, describe_offsets_undo},
    {"offsets", "log", "Who changed what, and when", true, true, describe_offsets_log},
    {"config", "check", "Tell all that is wrong with the configuration, and what means nothing in it", true, false,
     describe_config_check},
    {"config", "show", "Print every setting that counts, defaults too, as TOML", true, false, describe_config_show},
    {"config", "convert", "Print what the original's configuration in Erlang terms says as TOML", true, false,
     describe_config_convert},
});

}  // namespace

std::span<const Verb> verbs() noexcept { return kVerbs; }

}  // namespace ductus::cli
