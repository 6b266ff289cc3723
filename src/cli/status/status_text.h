// status_text(): a StatusReport as a person reads it. Its first and last line are the original's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/terminal/style.h"
#include "operate/status_report.h"

namespace ductus::cli {

struct StatusView {
  bool by_topic = false;      ///< a line for each topic in place of one for each partition
  bool only_lagging = false;  ///< what has no lag is left out; what is unknown is not
  std::string config;         ///< CONFIG as it was typed: for the hint
};

/// The lines, each with its end. What is not known is "?", and a total with an unknown part says how much it is at
/// least. Names and reasons are escaped. On a terminal a hint follows.
std::string status_text(const operate::StatusReport& report, const StatusView& view, const Style& style);

/// The original's text to the letter: no end of its last line, one line for each topic. What the original counted in
/// bytes is messages here; of several partitions offsets and lags are added up.
std::string classic_text(const operate::StatusReport& report);

/// "● running", and the colour of it.
std::string node_mark(const operate::StatusReport& report, const Style& style);
Colour colour_of(const std::string& partition_state);
/// How much a state calls for somebody: 0 for ok, the most for stopped.
int urgency_of(const std::string& partition_state);
/// The partition that most calls for somebody, of these the one with the most lag; null where all is well.
const operate::PartitionStatus* worst_of(const operate::StatusReport& report);
/// Unknown where a part is.
std::optional<std::int64_t> known_sum(std::optional<std::int64_t> one, std::optional<std::int64_t> other);
/// "orders/3", "orders/?" while the topic was not found; escaped.
std::string place_of(const operate::PartitionStatus& partition);
/// "Total lag: 48350 messages", or "Total lag: ? messages (at least 120: …)".
std::string total_line(const operate::StatusReport& report);

}  // namespace ductus::cli
