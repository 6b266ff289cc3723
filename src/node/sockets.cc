#include "node/sockets.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ductus::node {

namespace {

// Numbers in epoll's user data that no connection has: theirs start at 1 and count up.
constexpr std::uint64_t kTimerEvent = UINT64_MAX;
constexpr std::uint64_t kWakeEvent = UINT64_MAX - 1;
constexpr std::uint64_t kSignalEvent = UINT64_MAX - 2;

Error system_error(const char* call) {
  return {ErrorCode::kIo, std::string(call) + " failed: " + std::strerror(errno)};
}

bool watch(int epoll, int fd, std::uint64_t event) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u64 = event;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

void read_counter(int fd) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof count);
}

}  // namespace

struct Sockets::Connection {
  ports::ConnectionId id = 0;
  std::vector<net::Address> addresses;  ///< not tried yet, next one last

  std::mutex mutex;  // guards what follows, except that only the owner of the event reads from `stream`
  bool opening = true;
  bool owned = false;  ///< by the worker that got its last event; not armed meanwhile
  std::optional<net::FrameStream> stream;
  std::deque<ports::RequestTag> tags;  ///< of the answers that are due, in order
  bool closed = false;
};

Result<std::unique_ptr<Sockets>> Sockets::open(std::size_t max_frame_bytes, const std::vector<int>& signals) {
  net::Socket epoll(::epoll_create1(EPOLL_CLOEXEC));
  net::Socket timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  net::Socket wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  net::Socket signal_fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!epoll.is_open() || !timer.is_open() || !wake.is_open() || !signal_fd.is_open())
    return system_error("epoll_create1");
  if (!watch(epoll.fd(), timer.fd(), kTimerEvent) || !watch(epoll.fd(), wake.fd(), kWakeEvent) ||
      !watch(epoll.fd(), signal_fd.fd(), kSignalEvent)) {
    return system_error("epoll_ctl");
  }
  return std::unique_ptr<Sockets>(
      new Sockets(max_frame_bytes, std::move(epoll), std::move(timer), std::move(wake), std::move(signal_fd)));
}

Sockets::Sockets(std::size_t max_frame_bytes, net::Socket epoll, net::Socket timer, net::Socket wake,
                 net::Socket signals)
    : max_frame_bytes_(max_frame_bytes),
      epoll_(std::move(epoll)),
      timer_(std::move(timer)),
      wake_(std::move(wake)),
      signals_(std::move(signals)) {}

Sockets::~Sockets() = default;

SocketEvent Sockets::wait(std::chrono::milliseconds timeout) {
  epoll_event event{};
  const int count = ::epoll_wait(epoll_.fd(), &event, 1, static_cast<int>(timeout.count()));
  if (count <= 0) return {};
  switch (event.data.u64) {
    case kTimerEvent:
      read_counter(timer_.fd());
      return {.kind = SocketEvent::Kind::kTimer};
    case kWakeEvent:
      read_counter(wake_.fd());
      return {};
    case kSignalEvent: {
      signalfd_siginfo info{};
      if (::read(signals_.fd(), &info, sizeof info) != sizeof info) return {};
      return {.kind = SocketEvent::Kind::kSignal,
              .signal = static_cast<int>(info.ssi_signo),
              .sender = static_cast<pid_t>(info.ssi_pid)};
    }
    default:
      break;
  }
  const std::shared_ptr<Connection> connection = find(event.data.u64);
  return connection == nullptr ? SocketEvent{} : on_connection(connection, event.events);
}

SocketEvent Sockets::on_connection(const std::shared_ptr<Connection>& connection, std::uint32_t events) {
  const std::lock_guard lock(connection->mutex);
  connection->owned = true;
  if (connection->opening) {
    Result<void> outcome = net::connect_result(connection->stream->socket());
    if (outcome) {
      connection->opening = false;
      return {.kind = SocketEvent::Kind::kOpened, .connection = connection->id};
    }
    while (!outcome && !connection->addresses.empty()) {
      outcome = start_connect(*connection);
      if (outcome) return {};
    }
    return {.kind = SocketEvent::Kind::kLost, .connection = connection->id, .error = outcome.error()};
  }
  if ((events & EPOLLOUT) != 0) {
    if (Result<void> flushed = connection->stream->flush(); !flushed) {
      return {.kind = SocketEvent::Kind::kLost, .connection = connection->id, .error = flushed.error()};
    }
  }
  return {.kind = SocketEvent::Kind::kReadable, .connection = connection->id};
}

void Sockets::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t sent = ::write(wake_.fd(), &one, sizeof one);
}

void Sockets::set_timer(base::Time at, base::Time now) {
  const base::Duration left = std::max(at, now + std::chrono::nanoseconds(1)) - now;  // what is due may be due for ever
  itimerspec wanted{};
  wanted.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
  wanted.it_value.tv_nsec = (left % std::chrono::seconds(1)).count();
  ::timerfd_settime(timer_.fd(), 0, &wanted, nullptr);
}

Result<void> Sockets::dial(const ports::OpenConnection& to) {
  auto addresses = net::resolve(to.host, to.port);
  if (!addresses) return std::move(addresses).error();
  auto connection = std::make_shared<Connection>();
  connection->id = to.connection;
  connection->addresses = net::in_turn(*std::move(addresses), to.connection);
  std::reverse(connection->addresses.begin(), connection->addresses.end());
  const std::lock_guard lock(connection->mutex);
  {
    const std::lock_guard table(mutex_);
    connections_[to.connection] = connection;
  }
  Result<void> outcome;
  do {
    outcome = start_connect(*connection);
  } while (!outcome && !connection->addresses.empty());
  if (!outcome) {
    const std::lock_guard table(mutex_);
    connections_.erase(to.connection);
  }
  return outcome;
}

// With the connection's mutex held.
Result<void> Sockets::start_connect(Connection& connection) {
  const net::Address to = connection.addresses.back();
  connection.addresses.pop_back();
  auto socket = net::start_connect(to);
  if (!socket) return std::move(socket).error();
  connection.stream.emplace(std::move(*socket), max_frame_bytes_);
  arm(connection, EPOLL_CTL_ADD);
  return {};
}

// With the connection's mutex held.
void Sockets::arm(Connection& connection, int operation) {
  connection.owned = false;
  epoll_event wanted{};
  wanted.events = EPOLLONESHOT | EPOLLRDHUP;
  wanted.events |= connection.opening ? EPOLLOUT : EPOLLIN;
  if (connection.stream->has_unsent()) wanted.events |= EPOLLOUT;
  wanted.data.u64 = connection.id;
  ::epoll_ctl(epoll_.fd(), operation, connection.stream->socket().fd(), &wanted);
}

std::shared_ptr<Sockets::Connection> Sockets::find(ports::ConnectionId id) {
  const std::lock_guard lock(mutex_);
  const auto entry = connections_.find(id);
  return entry == connections_.end() ? nullptr : entry->second;
}

void Sockets::close(ports::ConnectionId id) {
  std::shared_ptr<Connection> connection;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = connections_.find(id);
    if (entry == connections_.end()) return;
    connection = std::move(entry->second);
    connections_.erase(entry);
  }
  // A worker may be reading it: the descriptor itself lives until the last one lets go.
  const std::lock_guard lock(connection->mutex);
  connection->closed = true;
  if (connection->stream) ::shutdown(connection->stream->socket().fd(), SHUT_RDWR);
}

void Sockets::send(ports::Send request) {
  const std::shared_ptr<Connection> connection = find(request.connection);
  if (connection == nullptr) return;
  const std::lock_guard lock(connection->mutex);
  connection->tags.push_back(request.tag);
  const Result<void> sent = connection->stream->write(std::move(request.bytes));
  if (!sent) {
    ::shutdown(connection->stream->socket().fd(), SHUT_RDWR);  // its reader sees the end and reports it
  } else if (connection->stream->has_unsent() && !connection->owned) {
    arm(*connection, EPOLL_CTL_MOD);
  }
}

Result<std::optional<Frame>> Sockets::read(ports::ConnectionId id) {
  const std::shared_ptr<Connection> connection = find(id);
  if (connection == nullptr) return std::optional<Frame>();
  auto body = connection->stream->read();
  if (!body) return std::move(body).error();
  if (!body->has_value()) return std::optional<Frame>();
  const std::lock_guard lock(connection->mutex);
  if (connection->tags.empty()) return Error{ErrorCode::kCorrupt, "an answer that nobody asked for"};
  Frame frame{connection->tags.front(), std::move(**body)};
  connection->tags.pop_front();
  return std::optional(std::move(frame));
}

void Sockets::rearm(ports::ConnectionId id) {
  const std::shared_ptr<Connection> connection = find(id);
  if (connection == nullptr) return;
  const std::lock_guard lock(connection->mutex);
  if (!connection->closed) arm(*connection, EPOLL_CTL_MOD);
}

}  // namespace ductus::node
