// log_line_from(): what a line of a node's log says: the inverse of base::rendered(), without the time.
//
// Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ductus/module.h"

namespace ductus::cli {

struct LogText {
  LogLevel level{};
  std::string message;  ///< of a text line as it stands there, escaped
};

/// `line`, without its end, in either form; nullopt: it was written past the log, by a module to stdout, say.
std::optional<LogText> log_line_from(std::string_view line);

/// Whether a message of the log concerns `topic`: it names one of its partitions, "orders/3", or, as "topic orders" and
/// where a configuration is followed, the topic itself.
bool concerns(std::string_view message, std::string_view topic);

}  // namespace ductus::cli
