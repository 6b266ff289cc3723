#include "cli/terminal/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace ductus::cli {
namespace {

// The alternate screen, no cursor, no line runs over into the next; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

sigset_t signals_taken() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) ::sigaddset(&set, signal);
  return set;
}

Error terminal_error(const char* what) {
  return {ErrorCode::kIo, std::string("the terminal: ") + what + ": " + std::generic_category().message(errno)};
}

}  // namespace

Result<std::unique_ptr<Screen>> Screen::open(int in_fd, int out_fd) {
  termios before{};
  if (::tcgetattr(in_fd, &before) != 0) return terminal_error("its settings");
  const sigset_t taken = signals_taken();
  sigset_t mask_before;
  ::pthread_sigmask(SIG_BLOCK, &taken, &mask_before);
  const int signal_fd = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_fd < 0) {
    auto error = terminal_error("signals");
    ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    return error;
  }
  std::unique_ptr<Screen> screen(new Screen(in_fd, out_fd, signal_fd, before, mask_before));
  screen->enter();
  return screen;
}

Screen::Screen(int in_fd, int out_fd, int signal_fd, const termios& before, const sigset_t& mask_before)
    : in_fd_(in_fd), out_fd_(out_fd), signal_fd_(signal_fd), before_(before), mask_before_(mask_before) {}

Screen::~Screen() {
  leave();
  ::close(signal_fd_);
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Screen::enter() {
  termios keys = before_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  ::tcsetattr(in_fd_, TCSADRAIN, &keys);
  put(kEnter);
}

void Screen::leave() {
  put(kLeave);
  ::tcsetattr(in_fd_, TCSADRAIN, &before_);
}

void Screen::put(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::write(out_fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;  // it has gone: the signal for that comes too
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

Screen::Size Screen::size() const {
  winsize size{};
  if (::ioctl(out_fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Screen::draw(const std::string& text) {
  std::string bytes = "\x1b[H";
  for (const char byte : text) {
    if (byte == '\n') bytes += "\x1b[K\r";  // what was there before goes
    bytes += byte;
  }
  put(bytes + "\x1b[J");
}

std::optional<Screen::Event> Screen::on_signal() {
  signalfd_siginfo info{};
  if (::read(signal_fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGTSTP) stop_until_continued();
  if (signal == SIGTSTP || signal == SIGWINCH) return Event{Event::Kind::kResized};
  return Event{Event::Kind::kEnd, 0, signal};
}

void Screen::stop_until_continued() {
  leave();
  ::raise(SIGSTOP);  // returns when it goes on
  enter();
}

Screen::Event Screen::wait(base::Time deadline, int wake_fd) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::SystemClock().now());
    if (left.count() <= 0) return {Event::Kind::kTime};
    std::array<pollfd, 3> waiting = {{{signal_fd_, POLLIN, 0}, {in_fd_, POLLIN, 0}, {wake_fd, POLLIN, 0}}};
    const int ready =
        ::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready <= 0) continue;
    if (waiting[0].revents != 0) {
      if (auto event = on_signal()) return *event;
    }
    if (waiting[1].revents != 0) {
      char key = 0;
      if (::read(in_fd_, &key, 1) != 1) return {Event::Kind::kEnd};
      return {Event::Kind::kKey, key};
    }
    if (waiting[2].revents != 0) return {Event::Kind::kReadable};
  }
}

}  // namespace ductus::cli
