#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/escape.h"

namespace ductus::base {
namespace {

using Spdlog = spdlog::level::level_enum;

constexpr std::array<std::pair<std::string_view, Spdlog>, 4> kLevels = {{
    {"debug", Spdlog::debug},
    {"info", Spdlog::info},
    {"warn", Spdlog::warn},
    {"error", Spdlog::err},
}};

std::optional<Spdlog> level_of(std::string_view name) {
  for (const auto& [known, level] : kLevels) {
    if (known == name) return level;
  }
  return std::nullopt;
}

std::string_view name_of(Spdlog level) {
  for (const auto& [name, known] : kLevels) {
    if (known == level) return name;
  }
  return "error";
}

// RFC 3339 in UTC with milliseconds.
std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(since_1970).count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return spdlog::fmt_lib::format("{}.{:03}Z", std::string_view(text.data(), size), since_1970.count() % 1000);
}

struct Line {
  std::chrono::system_clock::time_point time;
  Spdlog level;
  std::string_view text;
};

std::string as_text(const Line& line, std::size_t max_bytes) {
  return spdlog::fmt_lib::format("{} {:<5} {}\n", timestamp(line.time), name_of(line.level),
                                 escaped(line.text, max_bytes));
}

std::string as_json(const Line& line, std::size_t max_bytes) {
  const nlohmann::ordered_json object = {
      {"time", timestamp(line.time)}, {"level", name_of(line.level)}, {"message", line.text.substr(0, max_bytes)}};
  // Bytes that are no UTF-8 become U+FFFD. ASCII only, so that no byte acts on a terminal.
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

// Writes each line with one write(2), or drops it.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  LineSink(int fd, bool owned, bool json) : fd_(fd), owned_(owned), json_(json) {}
  ~LineSink() override {
    if (owned_) ::close(fd_);
  }
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    if (lost_ > 0) {
      const std::string lost = std::to_string(lost_) + " log lines were lost here";
      if (!put({message.time, Spdlog::warn, lost})) {
        ++lost_;
        return;
      }
      lost_ = 0;
    }
    if (!put({message.time, message.level, text})) ++lost_;
  }
  void flush_() override {}

 private:
  std::string render(const Line& line) const {
    // Escapes make text up to six times longer: less of it is taken until the line fits.
    for (std::size_t max_bytes = Log::kMaxLineBytes - 128;; max_bytes /= 2) {
      std::string rendered = json_ ? as_json(line, max_bytes) : as_text(line, max_bytes);
      if (rendered.size() <= Log::kMaxLineBytes) return rendered;
    }
  }

  bool put(const Line& line) {
    pollfd writable{fd_, POLLOUT, 0};
    if (::poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0) return false;
    const std::string rendered = render(line);
    ssize_t written;
    do {
      written = ::write(fd_, rendered.data(), rendered.size());
    } while (written < 0 && errno == EINTR);
    return written == static_cast<ssize_t>(rendered.size());
  }

  const int fd_;
  const bool owned_;
  const bool json_;
  std::uint64_t lost_ = 0;
};

}  // namespace

struct Log::Impl {
  explicit Impl(spdlog::sink_ptr sink) : logger("ductus", std::move(sink)) {}
  spdlog::logger logger;
};

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(std::string_view level, std::string_view format,
                                       const std::filesystem::path& file) {
  const auto threshold = level_of(level);
  if (!threshold) {
    return Error{ErrorCode::kInvalid, "log level '" + std::string(level) + "' is none of debug, info, warn, error"};
  }
  if (format != "text" && format != "json") {
    return Error{ErrorCode::kInvalid, "log format '" + std::string(format) + "' is neither text nor json"};
  }
  int fd = STDERR_FILENO;
  if (!file.empty()) {
    fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0) {
      return Error{ErrorCode::kIo,
                   "cannot open the log file " + file.string() + ": " + std::generic_category().message(errno)};
    }
  }
  auto impl = std::make_unique<Impl>(std::make_shared<LineSink>(fd, !file.empty(), format == "json"));
  impl->logger.set_level(*threshold);
  return std::unique_ptr<Log>(new Log(std::move(impl)));
}

void Log::write(LogLevel level, std::string_view line) {
  const auto index = static_cast<std::size_t>(level);
  const Spdlog known = index < kLevels.size() ? kLevels[index].second : Spdlog::err;
  impl_->logger.log(known, spdlog::string_view_t(line.data(), line.size()));
}

Logger Log::logger(std::string prefix) {
  return [this, prefix = std::move(prefix)](LogLevel level, std::string_view line) {
    write(level, prefix + std::string(line));
  };
}

}  // namespace ductus::base
