#include "ductus/app.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <utility>

#include "base/escape.h"
#include "cli/command_line.h"
#include "config/load.h"
#include "node/node.h"

namespace ductus {
namespace {

// A descriptor that the caller closed would be given to the next file that is opened, and what is meant for a terminal
// would be written into it. This one takes its place and refuses both reading and writing.
void occupy_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    const int lowest = ::open("/dev/null", O_PATH);  // the lowest free number is `fd`
    if (lowest != fd && lowest >= 0) ::close(lowest);
  }
}

int run_guarded(std::vector<std::string> arguments, std::vector<ModuleEntry> modules) {
  cli::Surroundings around{std::cout,
                           std::cerr,
                           config::process_environment(),
                           std::filesystem::current_path(),
                           std::move(modules),
                           &node::run,
                           STDIN_FILENO,
                           STDOUT_FILENO,
                           ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1 ? &std::cin : nullptr};
  return cli::run_command_line(std::move(arguments), around);
}

}  // namespace

int run(int argc, char** argv, std::vector<ModuleEntry> modules) {
  occupy_standard_descriptors();
  // A reader that hangs up, a file over its size limit: an error of one write, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  try {
    return run_guarded({argv + (argc > 0 ? 1 : 0), argv + argc}, std::move(modules));
  } catch (const std::exception& error) {
    std::cerr << "ductus: " << base::escaped(error.what()) << "\n";
  } catch (...) {
    std::cerr << "ductus: a module threw\n";
  }
  return cli::to_int(cli::ExitCode::kFailed);
}

}  // namespace ductus
