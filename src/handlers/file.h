// file: appends the messages of topics to files, one message a line. Also known as kafka2file.
//
// A topic's `init` names its file (path_template.h). Accepted messages are in the kernel, synced ones on the disk. A
// full disk defers the batch until there is room again; every other error fails it. The aggregate element of a
// partition is how many messages it has written; once per period `Messages in topic T : N` is printed for each topic.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "ductus/module.h"
#include "ductus/result.h"
#include "ductus/value.h"
#include "handlers/standard_output.h"

namespace ductus::handlers {

struct FileSettings {
  std::filesystem::path base_dir;  ///< relative paths count from here
  std::size_t max_open_files = 1;
  PrintLine print = print_to_stdout;  ///< takes the lines of the periodic aggregate
};

/// How long a batch is deferred that found no space.
inline constexpr std::chrono::milliseconds kFullDiskDelay{5000};

std::unique_ptr<Module> make_file_module(FileSettings settings);

/// As the configuration asks for it: half of the process's descriptors may be open files.
/// Errors: kInvalid: the module has no settings.
Result<std::unique_ptr<Module>> make_file_module(const Value& settings, const std::filesystem::path& base_dir);

}  // namespace ductus::handlers
