// print: writes the messages to stdout, one a line: for looking at a topic, and for pipes.
#pragma once

#include <memory>

#include "ductus/module.h"

namespace ductus::handlers {

/// `file`: the descriptor to write to, usually stdout's; it outlives the module and stays open.
/// Lines of different partitions never mix. Where the reader of a pipe has gone, or the disk behind it is full, the
/// batch fails with that reason; after a line that was cut off, the next begins on a new line.
std::unique_ptr<Module> make_print_module(int file);

}  // namespace ductus::handlers
