#include "sandbox/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace ductus::sandbox {
namespace {

Error io_error(const std::string& what) {
  return Error{ErrorCode::kIo, what + ": " + std::generic_category().message(errno)};
}

net::Address loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

}  // namespace

Server::Server(net::Socket listener, net::Socket epoll, std::uint16_t port, const Catalog& catalog,
               const base::Clock& clock)
    : listener_(std::move(listener)), epoll_(std::move(epoll)), port_(port), catalog_(catalog), clock_(clock) {}

Result<std::unique_ptr<Server>> Server::listen(std::uint16_t port, const Catalog& catalog, const base::Clock& clock) {
  auto listener = net::listen_on(loopback(port));
  if (!listener) return listener.error();
  const auto address = net::local_address(*listener);
  if (!address) return address.error();
  net::Socket epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return io_error("cannot make an epoll descriptor");
  std::unique_ptr<Server> server(new Server(*std::move(listener), std::move(epoll), address->port(), catalog, clock));
  const Result<void> watched = server->watch(server->listener_.fd(), EPOLLIN);
  if (!watched) return watched.error();
  return server;
}

Result<void> Server::watch(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) != 0) return io_error("cannot watch a descriptor");
  return {};
}

Result<void> Server::stop_when_readable(int fd) {
  stop_fd_ = fd;
  return watch(fd, EPOLLIN);
}

Result<bool> Server::serve(std::optional<std::chrono::milliseconds> max_wait) {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), wait_ms(max_wait));
  if (count < 0 && errno != EINTR) return io_error("cannot wait for events");
  const base::Time now = clock_.now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == stop_fd_) return false;
    if (event.data.fd == listener_.fd()) {
      accept_waiting();
    } else if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      connections_.erase(event.data.fd);
    } else {
      go_on(event.data.fd, now);
    }
  }
  wake_due(now);
  return true;
}

int Server::wait_ms(std::optional<std::chrono::milliseconds> max_wait) const {
  std::optional<base::Time> first;
  for (const auto& [fd, connection] : connections_) {
    const std::optional<base::Time> wake_at = connection->wake_at();
    if (wake_at && (!first || *wake_at < *first)) first = wake_at;
  }
  if (first) {
    const auto until = std::chrono::ceil<std::chrono::milliseconds>(std::max(*first - clock_.now(), base::Duration(0)));
    max_wait = std::min(max_wait.value_or(until), until);
  }
  if (!max_wait) return -1;
  return static_cast<int>(std::min<std::int64_t>(max_wait->count(), INT32_MAX));
}

void Server::accept_waiting() {
  // Edge-triggered: a connection goes on until its socket says that it would block.
  constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  for (;;) {
    auto socket = net::accept_from(listener_);
    if (!socket) return;
    const int fd = socket->fd();
    if (connections_.size() >= kMaxConnections || !watch(fd, kEvents)) continue;
    connections_[fd] = std::make_unique<Connection>(*std::move(socket), catalog_, port_);
  }
}

void Server::go_on(int fd, base::Time now) {
  const auto found = connections_.find(fd);
  if (found != connections_.end() && !found->second->go_on(now)) connections_.erase(found);
}

void Server::wake_due(base::Time now) {
  std::vector<int> due;
  for (const auto& [fd, connection] : connections_) {
    const std::optional<base::Time> wake_at = connection->wake_at();
    if (wake_at && *wake_at <= now) due.push_back(fd);
  }
  for (const int fd : due) go_on(fd, now);
}

}  // namespace ductus::sandbox
