// Screen: a terminal as a whole: drawn anew again and again, keys one by one, and left as it was found.
#pragma once

#include <signal.h>
#include <termios.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ductus/result.h"

namespace ductus::cli {

/// While it lives SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP and SIGWINCH of this thread, and of those started
/// meanwhile, come as events. Thread: the one that made it.
class Screen {
 public:
  struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
  };
  struct Event {
    enum class Kind { kKey, kResized, kReadable, kTime, kEnd };
    Kind kind = Kind::kTime;
    char key = 0;    ///< kKey
    int signal = 0;  ///< kEnd: who asked for it; 0: there is nobody at the keys any more
  };

  /// Both must be terminals. Errors: kIo.
  static Result<std::unique_ptr<Screen>> open(int in_fd, int out_fd);
  /// The terminal is as before, and so are the signals.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  Size size() const;
  /// Shows `text`, lines of at most the terminal's rows; what is too long for a line is cut by the terminal.
  void draw(const std::string& text);
  /// The next key or signal; kReadable once `wake_fd` is; kTime at `deadline`. Being stopped by Ctrl-Z and going on is
  /// a kResized.
  Event wait(base::Time deadline, int wake_fd);

 private:
  Screen(int in_fd, int out_fd, int signal_fd, const termios& before, const sigset_t& mask_before);
  void enter();
  void leave();
  void put(std::string_view bytes) const;
  std::optional<Event> on_signal();
  void stop_until_continued();

  const int in_fd_;
  const int out_fd_;
  const int signal_fd_;
  const termios before_;
  const sigset_t mask_before_;
};

}  // namespace ductus::cli
