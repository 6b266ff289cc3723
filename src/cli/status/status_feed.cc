#include "cli/status/status_feed.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace ductus::cli {

Result<std::unique_ptr<StatusFeed>> StatusFeed::start(Ask ask, std::chrono::milliseconds every) {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return Error{ErrorCode::kIo, "eventfd: " + std::generic_category().message(errno)};
  return std::unique_ptr<StatusFeed>(new StatusFeed(std::move(ask), every, fd));
}

StatusFeed::StatusFeed(Ask ask, std::chrono::milliseconds every, int fd)
    : ask_(std::move(ask)), every_(every), fd_(fd), thread_([this](const std::stop_token& stop) { run(stop); }) {}

StatusFeed::~StatusFeed() {
  thread_.request_stop();
  thread_.join();
  ::close(fd_);
}

std::optional<Result<StatusFeed::Look>> StatusFeed::take() {
  const std::scoped_lock lock(mutex_);
  eventfd_t ignored = 0;
  ::eventfd_read(fd_, &ignored);
  return std::exchange(newest_, std::nullopt);
}

void StatusFeed::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto next = std::chrono::steady_clock::now() + every_;
    auto answer = ask_();
    std::unique_lock lock(mutex_);
    newest_ = std::move(answer);
    ::eventfd_write(fd_, 1);
    changed_.wait_until(lock, stop, next, [] { return false; });
  }
}

}  // namespace ductus::cli
