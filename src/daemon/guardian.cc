#include "daemon/guardian.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/log/line.h"
#include "daemon/detach.h"
#include "daemon/guardian_lock.h"
#include "net/socket.h"
#include "node/lock.h"
#include "supervise/process_guard.h"

namespace ductus::daemon {
namespace {

using std::chrono::milliseconds;

constexpr char kUp = 'U';
// In ps and top, beside the command line, which both processes have.
constexpr const char* kNameOfGuardian = "ductus-guardian";

struct Pipe {
  net::Socket reads;
  net::Socket writes;
};

Error failed(const char* what) {
  return {ErrorCode::kIo, std::string(what) + ": " + std::generic_category().message(errno)};
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("cannot make a pipe");
  return Pipe{net::Socket(ends[0]), net::Socket(ends[1])};
}

/// Says once that the node is up. Nobody may be listening any more.
void say_up(net::Socket& pipe) {
  if (!pipe.is_open()) return;
  [[maybe_unused]] const ssize_t said = ::write(pipe.fd(), &kUp, 1);
  pipe.close();
}

bool hears_up(const net::Socket& pipe) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(pipe.fd(), &byte, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1 && byte == kUp;
}

std::string in_seconds(base::Duration duration) {
  const auto tenths = std::chrono::ceil<std::chrono::duration<std::int64_t, std::deci>>(duration).count();
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// Into stderr, as the node's log does it; but without the thread of that, which would not come along into the node's
/// process.
class GuardianLog {
 public:
  explicit GuardianLog(const config::NodeConfig& config)
      : format_(config.log_format == "json" ? base::LineFormat::kJson : base::LineFormat::kText) {}

  void error(std::string_view text) const {
    const std::string line = base::rendered({std::chrono::system_clock::now(), LogLevel::kError, text}, format_, false);
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  }

 private:
  base::LineFormat format_;
};

class Guardian {
 public:
  Guardian(const config::NodeConfig& config, const NodeMain& node, const GuardianLog& log, net::Socket lock,
           net::Socket starter)
      : config_(config),
        node_(node),
        log_(log),
        lock_(std::move(lock)),
        starter_(std::move(starter)),
        guard_(std::random_device{}()) {}

  /// Until no node is wanted any more: the last one's exit code.
  int run() {
    if (!listen_to_signals()) return 1;
    start_node();
    while (!over_) wait();
    return exit_code_;
  }

 private:
  bool listen_to_signals() {
    ::prctl(PR_GET_NAME, name_.data());
    ::prctl(PR_SET_NAME, kNameOfGuardian);
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, number);
    ::sigprocmask(SIG_SETMASK, &set, nullptr);
    signals_ = net::Socket(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals_.is_open()) log_.error(failed("cannot listen to signals").message);
    return signals_.is_open();
  }

  void start_node() {
    start_at_.reset();
    const pid_t guardian = ::getpid();
    auto up = make_pipe();
    process_ = up ? ::fork() : -1;
    if (process_ == 0) be_node(guardian, *std::move(up));
    if (process_ > 0) {
      up_ = std::move(up->reads);
    } else {
      log_.error(failed("cannot start the node").message);
      on_end({.exit_code = 1}, "could not be started");
    }
  }

  /// SIGTERM, SIGINT and SIGHUP stay blocked: what comes before the node reads them is not lost.
  [[noreturn]] void be_node(pid_t guardian, Pipe up) {
    ::prctl(PR_SET_NAME, name_.data());
    for (net::Socket* const mine : {&lock_, &starter_, &signals_, &up_, &up.reads}) mine->close();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    auto handle = base::ProcessHandle::open(guardian);
    if (!handle || ::getppid() != guardian) ::_exit(1);  // killed meanwhile
    int code = 1;
    try {
      code = node_({.when_up = [&up] { say_up(up.writes); }, .guardian = *handle});
    } catch (const std::exception& error) {
      log_.error(error.what());
    } catch (...) {
      log_.error("a module threw");
    }
    std::exit(code);
  }

  void wait() {
    std::array<pollfd, 2> ready = {{{signals_.fd(), POLLIN, 0}, {up_.fd(), POLLIN, 0}}};  // one that is -1 is left out
    ::poll(ready.data(), ready.size(), milliseconds_left());
    if (ready[1].revents != 0) on_up_pipe();
    if (ready[0].revents != 0) on_signals();
    reap();
    const base::Time now = clock_.now();
    if (kill_at_ && *kill_at_ <= now) kill_node();
    if (!over_ && start_at_ && *start_at_ <= now) start_node();
  }

  int milliseconds_left() const {
    base::Time next = base::Time::max();
    if (start_at_) next = std::min(next, *start_at_);
    if (kill_at_) next = std::min(next, *kill_at_);
    if (next == base::Time::max()) return -1;
    const auto left = std::chrono::ceil<milliseconds>(next - clock_.now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
  }

  void on_up_pipe() {
    const bool up = hears_up(up_);
    up_.close();
    if (!up) return;
    guard_.on_up(clock_.now());
    say_up(starter_);
  }

  void on_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.fd(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGHUP) {
        if (auto said = say_into(log_file(config_)); !said) log_.error(said.error().message);
        if (process_ > 0) ::kill(process_, SIGHUP);
      } else if (info.ssi_signo != SIGCHLD && !guard_.stopping()) {
        stop();
      }
    }
  }

  void stop() {
    guard_.on_stop();
    start_at_.reset();
    if (process_ > 0) {
      ::kill(process_, SIGTERM);  // not reaped yet: the number is its own
      kill_at_ = clock_.now() + config_.stop_timeout + kStopMargin;
    } else {
      over_ = true;
      exit_code_ = 0;
    }
  }

  void kill_node() {
    kill_at_.reset();
    log_.error("the node does not end: it is killed");
    node::note_forced_end(config_, ::getpid());
    ::kill(process_, SIGKILL);
  }

  void reap() {
    int status = 0;
    if (process_ <= 0 || ::waitpid(process_, &status, WNOHANG) != process_) return;
    if (up_.is_open()) {  // what it said just before it ended
      pollfd said{up_.fd(), POLLIN, 0};
      if (::poll(&said, 1, 0) == 1) on_up_pipe();
    }
    supervise::ProcessEnd end{.forced = node::ended_by_force(config_, process_)};
    std::string how = "(process " + std::to_string(process_) + ") ";
    if (WIFEXITED(status)) {
      end.exit_code = WEXITSTATUS(status);
      how += "ended with exit code " + std::to_string(*end.exit_code);
    } else {
      how += "was killed by signal " + std::to_string(WTERMSIG(status)) + ", " + ::strsignal(WTERMSIG(status));
    }
    process_ = -1;
    on_end(end, how);
  }

  void on_end(const supervise::ProcessEnd& end, const std::string& how) {
    kill_at_.reset();
    const base::Time now = clock_.now();
    start_at_ = guard_.on_end(end, now);
    if (start_at_) {
      log_.error("the node " + how + "; it is started again in " + in_seconds(*start_at_ - now));
      return;
    }
    over_ = true;
    exit_code_ = end.exit_code.value_or(1);
    if (exit_code_ != 0) log_.error("the node " + how + "; it is not started again");
  }

  const config::NodeConfig& config_;
  const NodeMain& node_;
  const GuardianLog& log_;
  net::Socket lock_;
  net::Socket starter_;
  supervise::ProcessGuard guard_;
  const base::SystemClock clock_;

  std::array<char, 16> name_{};
  net::Socket signals_;
  pid_t process_ = -1;
  net::Socket up_;
  std::optional<base::Time> start_at_;
  std::optional<base::Time> kill_at_;
  bool over_ = false;
  int exit_code_ = 0;
};

/// The guardian's process. Its exit code is the node's.
int be_guardian(const config::NodeConfig& config, const NodeMain& node, int starter) {
  const auto kept = detach(log_file(config), starter);
  // After that stderr is the log; before, it is that of the caller.
  const GuardianLog log(config);
  if (!kept) return log.error(kept.error().message), 1;
  auto lock = become_guardian_of(config.dir);
  if (!lock) {
    log.error(lock.error().message);
    return lock.error().code == ErrorCode::kRefused ? supervise::ProcessGuard::kRefused : 1;
  }
  return Guardian(config, node, log, *std::move(lock), net::Socket(*kept)).run();
}

Launched end_of(pid_t guardian) {
  int status = 0;
  while (::waitpid(guardian, &status, 0) < 0 && errno == EINTR) {
  }
  return {.how = Launched::How::kEnded, .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1, .guardian = guardian};
}

}  // namespace

Result<Launched> launch(const config::NodeConfig& config, const NodeMain& node, milliseconds patience) {
  auto pipe = make_pipe();
  if (!pipe) return std::move(pipe).error();
  std::fflush(nullptr);  // or the child would write it once more
  const pid_t guardian = ::fork();
  if (guardian < 0) return failed("cannot start a process");
  if (guardian == 0) ::_exit(be_guardian(config, node, pipe->writes.fd()));
  pipe->writes.close();

  const base::SystemClock clock;
  const base::Time deadline = clock.now() + patience;
  pollfd says{pipe->reads.fd(), POLLIN, 0};
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock.now()).count();
    ready = ::poll(&says, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) {
    ::kill(guardian, SIGTERM);
    end_of(guardian);
    return Launched{.how = Launched::How::kTimedOut, .exit_code = 1, .guardian = guardian};
  }
  if (hears_up(pipe->reads)) return Launched{.how = Launched::How::kUp, .exit_code = 0, .guardian = guardian};
  return end_of(guardian);
}

}  // namespace ductus::daemon
