#include "daemon/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/escape.h"

namespace ductus::daemon {
namespace {

constexpr mode_t kUmask = 022;

Error failed(const std::string& what) { return {ErrorCode::kIo, what + ": " + std::generic_category().message(errno)}; }

// nohup, and a shell without job control, have some ignored; then no signalfd would see them.
void stop_ignoring_signals() {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD}) ::signal(number, SIG_DFL);
}

}  // namespace

std::filesystem::path log_file(const config::NodeConfig& config) {
  return config.log_file.empty() ? config.dir / "ductus.log" : config.log_file;
}

Result<void> say_into(const std::filesystem::path& log) {
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0640);
  if (file < 0) return failed("cannot open the log file " + base::escaped(log.string()));
  const bool done = ::dup2(file, STDOUT_FILENO) >= 0 && ::dup2(file, STDERR_FILENO) >= 0;
  ::close(file);
  if (!done) return failed("cannot write into the log file " + base::escaped(log.string()));
  return {};
}

Result<int> detach(const std::filesystem::path& log, int keep) {
  constexpr int kKept = STDERR_FILENO + 1;
  ::setsid();  // fails for the leader of a session alone, which a child of fork() is not
  ::umask(kUmask);
  if (::chdir("/") != 0) return failed("cannot enter /");
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) return failed("cannot open /dev/null");
  if (auto said = say_into(log); !said) return std::move(said).error();
  stop_ignoring_signals();
  if (keep != kKept && ::dup3(keep, kKept, O_CLOEXEC) < 0) return failed("cannot move a descriptor");
  if (::close_range(kKept + 1, ~0U, 0) != 0) return failed("cannot close what was inherited");
  return kKept;
}

}  // namespace ductus::daemon
