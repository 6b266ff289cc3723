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

#include "sandbox/api/conversation.h"
#include "sandbox/legacy/broker.h"
#include "sandbox/legacy/conversation.h"

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

Server::Server(Options options, net::Socket epoll, const base::Clock& clock)
    : leaders_(options.listeners),
      faults_(std::move(options.faults), leaders_),
      epoll_(std::move(epoll)),
      clock_(clock) {}

Result<std::unique_ptr<Server>> Server::listen(Options options, const Catalog& catalog, const base::Clock& clock) {
  auto server = listen(std::move(options), clock);
  if (!server) return server;
  Server& made = **server;
  const Brokers brokers{catalog, made.leaders_, made.faults_, made.ports_};
  made.converse_ = [brokers](std::int32_t node_id) { return std::make_unique<ApiConversation>(brokers, node_id); };
  return server;
}

Result<std::unique_ptr<Server>> Server::listen(Options options, std::span<legacy::Broker> brokers,
                                               const base::Clock& clock) {
  auto server = listen(std::move(options), clock);
  if (!server) return server;
  Faults& faults = (*server)->faults_;
  (*server)->converse_ = [brokers, &faults](std::int32_t node_id) {
    return std::make_unique<legacy::LegacyConversation>(brokers[static_cast<std::size_t>(node_id - 1)], faults,
                                                        node_id);
  };
  return server;
}

Result<std::unique_ptr<Server>> Server::listen(Options options, const base::Clock& clock) {
  net::Socket epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return io_error("cannot make an epoll descriptor");
  const std::int32_t listeners = options.listeners;
  const std::uint16_t first_port = options.port;
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(epoll), clock));
  for (std::int32_t i = 0; i < listeners; ++i) {
    const auto port = static_cast<std::uint16_t>(first_port == 0 ? 0 : first_port + i);
    if (auto opened = server->open_listener(port); !opened) return opened.error();
  }
  return server;
}

Result<void> Server::open_listener(std::uint16_t port) {
  auto listener = net::listen_on(loopback(port));
  if (!listener) return listener.error();
  const auto address = net::local_address(*listener);
  if (!address) return address.error();
  ports_.push_back(address->port());
  listeners_.push_back(*std::move(listener));
  return watch(listeners_.back().fd(), EPOLLIN);
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
    const auto listener = std::find_if(listeners_.begin(), listeners_.end(),
                                       [&](const net::Socket& socket) { return socket.fd() == event.data.fd; });
    if (listener != listeners_.end()) {
      accept_waiting(static_cast<std::int32_t>(listener - listeners_.begin()) + 1, now);
    } else if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) {
      connections_.erase(event.data.fd);
    } else {
      go_on(event.data.fd, now);
      if ((event.events & EPOLLRDHUP) != 0) drop_unless_sending(event.data.fd);
    }
  }
  wake_due(now);
  drop_clients_of_downed(now);
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

void Server::accept_waiting(std::int32_t node_id, base::Time now) {
  // Edge-triggered: a connection goes on until its socket says that it would block.
  constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  for (;;) {
    auto socket = net::accept_from(listeners_[static_cast<std::size_t>(node_id - 1)]);
    if (!socket) return;
    const int fd = socket->fd();
    const Fate fate = faults_.none() ? Fate() : faults_.meet(Moment::kConnection, node_id, {}, now);
    const bool cut = !fate.tamperings.empty() || faults_.is_down(node_id, now);
    if (cut || connections_.size() >= kMaxConnections || !watch(fd, kEvents)) continue;
    connections_[fd] = std::make_unique<Connection>(*std::move(socket), converse_(node_id), node_id);
    if (fate.silence) connections_[fd]->fall_silent();
  }
}

void Server::go_on(int fd, base::Time now) {
  const auto found = connections_.find(fd);
  if (found != connections_.end() && !found->second->go_on(now)) connections_.erase(found);
}

void Server::drop_unless_sending(int fd) {
  const auto found = connections_.find(fd);
  if (found != connections_.end() && !found->second->is_sending()) connections_.erase(found);
}

void Server::drop_clients_of_downed(base::Time now) {
  if (faults_.none()) return;
  std::erase_if(connections_, [&](const auto& entry) { return faults_.is_down(entry.second->node_id(), now); });
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
