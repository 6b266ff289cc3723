#include "operate/source/source_sockets.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace ductus::operate {

using std::chrono::milliseconds;

void SourceSockets::open(const ports::OpenConnection& wanted, ports::SourceEffects& out) {
  hopeless_ = hopeless_ || (failed_.contains({wanted.host, wanted.port}) && !waits());
  if (hopeless_) return;
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - clock_.now());
  auto addresses = net::resolve(wanted.host, wanted.port, std::max(left, milliseconds(0)));
  Connection connection;
  connection.place = {wanted.host, wanted.port};
  Result<void> connecting;
  if (addresses) {
    const auto in_turn = net::in_turn(*std::move(addresses), wanted.connection);
    connection.untried.assign(in_turn.begin(), in_turn.end());
    connecting = connect_next(connection);
  } else {
    connecting = addresses.error();
  }
  connections_.emplace(wanted.connection, std::move(connection));
  if (!connecting) lose(wanted.connection, connecting.error(), out);
}

void SourceSockets::close(ports::ConnectionId id, ports::SourceEffects& out) {
  if (connections_.contains(id)) lose(id, {ErrorCode::kUnreachable, "closed"}, out);
}

void SourceSockets::send(ports::Send request, ports::SourceEffects& out) {
  const auto found = connections_.find(request.connection);
  if (found == connections_.end() || !found->second.opened) return;
  found->second.asked.push_back(request.tag);
  if (auto sent = found->second.stream->write(std::move(request.bytes)); !sent) {
    lose(request.connection, sent.error(), out);
  }
}

bool SourceSockets::waits() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& entry) { return !entry.second.opened || !entry.second.asked.empty(); });
}

void SourceSockets::run_once(ports::SourceEffects& out) {
  std::vector<pollfd> polled;
  std::vector<ports::ConnectionId> ids;
  for (const auto& [id, connection] : connections_) {
    const bool writes = !connection.opened || connection.stream->has_unsent();
    polled.push_back({connection.stream->socket().fd(), static_cast<short>(POLLIN | (writes ? POLLOUT : 0)), 0});
    ids.push_back(id);
  }
  const base::Time before = clock_.now();
  const base::Time until =
      std::max(std::min(deadline_, source_.next_tick()), before);  // what is due may be due for ever
  const auto wait = std::chrono::ceil<milliseconds>(until - before).count();
  ::poll(polled.data(), polled.size(), static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000)));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = connections_.find(ids[i]);
    if (polled[i].revents == 0 || found == connections_.end()) continue;
    if (auto done = on_ready(ids[i], found->second, polled[i].revents, out); !done) lose(ids[i], done.error(), out);
  }
  const base::Time now = clock_.now();
  if (source_.next_tick() <= now) source_.tick(now, out);
}

Result<void> SourceSockets::connect_next(Connection& connection) {
  Result<void> last;
  while (!connection.untried.empty()) {
    auto socket = net::start_connect(connection.untried.front());
    connection.untried.pop_front();
    if (socket) {
      connection.stream.emplace(*std::move(socket), kMaxAnswerBytes);
      return {};
    }
    last = std::move(socket).error();
  }
  return last;
}

Result<void> SourceSockets::on_ready(ports::ConnectionId id, Connection& connection, short events,
                                     ports::SourceEffects& out) {
  if (!connection.opened) return finish_connect(id, connection, out);
  if ((events & POLLOUT) != 0) {
    if (auto sent = connection.stream->flush(); !sent) return sent;
  }
  return receive(id, connection, out);
}

Result<void> SourceSockets::finish_connect(ports::ConnectionId id, Connection& connection, ports::SourceEffects& out) {
  if (auto connected = net::connect_result(connection.stream->socket()); !connected) {
    if (connection.untried.empty()) return connected;
    return connect_next(connection);
  }
  connection.opened = true;
  source_.opened(id, clock_.now(), out);
  return {};
}

Result<void> SourceSockets::receive(ports::ConnectionId id, Connection& connection, ports::SourceEffects& out) {
  for (;;) {
    auto frame = connection.stream->read();
    if (!frame) return std::move(frame).error();
    if (!frame->has_value()) return {};
    if (connection.asked.empty()) return Error{ErrorCode::kCorrupt, "an answer to no question"};
    const ports::RequestTag tag = connection.asked.front();
    connection.asked.pop_front();
    auto answer = source_.cutter().cut(tag, *std::move(*frame));
    if (!answer) return std::move(answer).error();
    source_.answered(id, tag, *std::move(answer), clock_.now(), out);
  }
}

void SourceSockets::lose(ports::ConnectionId id, const Error& why, ports::SourceEffects& out) {
  const auto found = connections_.find(id);
  if (!found->second.opened) failed_.insert(found->second.place);
  connections_.erase(found);
  source_.lost(id, why, clock_.now(), out);
}

}  // namespace ductus::operate
