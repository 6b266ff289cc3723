#include "cli/status/watch.h"

#include <signal.h>

#include <ctime>
#include <thread>

#include "base/clock.h"
#include "base/escape.h"
#include "cli/ask_node.h"
#include "cli/attach/node_commands.h"
#include "cli/attach/texts.h"
#include "cli/exit_code.h"
#include "cli/status/status_feed.h"
#include "cli/status/watch_picture.h"
#include "config/readers.h"

namespace ductus::cli {
namespace {

// Nothing happens by then: the clock on the screen goes on.
constexpr std::chrono::seconds kRedrawEvery{1};
constexpr std::size_t kEventsShown = 3;

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  if (::localtime_r(&now, &parts) == nullptr) return "";
  std::string text(sizeof "hh:mm:ss", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%H:%M:%S", &parts));
  return text;
}

Result<StatusFeed::Look> look(const config::NodeConfig& config) {
  auto report = ask_for_status(config);
  if (!report) return std::move(report).error();
  StatusFeed::Look seen{*std::move(report), ""};
  if (!seen.report.process.pid) return seen;
  if (const auto events = tell_node(config, "GET", "/v1/events")) {
    auto text = events_text(*events, kEventsShown);
    if (text) seen.events = *std::move(text);
  }
  return seen;
}

class WatchSession {
 public:
  WatchSession(const config::NodeConfig& config, const WatchOptions& options, Screen& screen, StatusFeed& feed)
      : options_(options), screen_(screen), feed_(feed), head_(base::escaped(config.name)) {}

  /// Returns the signal that ended it, or 0.
  int run() {
    for (;;) {
      draw();
      const auto event = screen_.wait(base::SystemClock().now() + kRedrawEvery, feed_.fd());
      switch (event.kind) {
        case Screen::Event::Kind::kEnd:
          return event.signal;
        case Screen::Event::Kind::kKey:
          if (event.key == 'q' || event.key == '\x04') return 0;
          on_key(event.key);
          break;
        case Screen::Event::Kind::kReadable:
          take();
          break;
        case Screen::Event::Kind::kResized:
        case Screen::Event::Kind::kTime:
          break;
      }
    }
  }

 private:
  void on_key(char key) {
    if (key == ' ') picture_.toggle_frozen();
    if (key == 's') picture_.toggle_sorting();
  }

  void take() {
    auto answer = feed_.take();
    if (!answer) return;
    if (*answer) {
      picture_.add(std::move((*answer)->report), std::move((*answer)->events));
    } else {
      picture_.add_trouble(answer->error().message);
    }
  }

  void draw() {
    const std::string head = head_ + "  " + time_of_day() + "  every " + config::to_text(options_.every);
    screen_.draw(picture_.draw(head, screen_.size(), options_.style));
  }

  const WatchOptions& options_;
  Screen& screen_;
  StatusFeed& feed_;
  const std::string head_;
  WatchPicture picture_;
};

int watch_on_screen(const config::NodeConfig& config, Surroundings& around, const WatchOptions& options) {
  int signal = 0;
  {
    auto screen = Screen::open(around.in_fd, around.out_fd);
    if (!screen) {
      say(around, screen.error().message);
      return to_int(ExitCode::kFailed);
    }
    // The thread of the feed is started with the signals blocked: they are the screen's.
    auto feed = StatusFeed::start([config] { return look(config); }, options.every);
    if (!feed) {
      screen->reset();
      say(around, feed.error().message);
      return to_int(ExitCode::kFailed);
    }
    signal = WatchSession(config, options, **screen, **feed).run();
    screen->reset();  // before the wait for what is being asked
  }
  // Who sent it sees the end that it has with other programs; Ctrl-C is the other way to leave.
  if (signal != 0 && signal != SIGINT) ::raise(signal);
  return to_int(ExitCode::kOk);
}

int watch_as_text(const config::NodeConfig& config, Surroundings& around, const WatchOptions& options) {
  for (bool first = true;; first = false) {
    const auto next = std::chrono::steady_clock::now() + options.every;
    const auto report = ask_for_status(config);
    if (report) {
      std::string block = options.text_of(*report);
      if (block.find('\n') + 1 < block.size() && !first) block.insert(0, "\n");
      if (!block.ends_with('\n')) block += '\n';
      around.out << block << std::flush;
    } else {
      cannot_be_asked(config, report.error().message, around);
    }
    if (!around.out.good()) return to_int(ExitCode::kFailed);
    std::this_thread::sleep_until(next);
  }
}

}  // namespace

int watch_status(const config::NodeConfig& config, Surroundings& around, const WatchOptions& options) {
  return options.on_screen ? watch_on_screen(config, around, options) : watch_as_text(config, around, options);
}

}  // namespace ductus::cli
