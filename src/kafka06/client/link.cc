#include "kafka06/client/link.h"

#include <string>
#include <utility>

#include "base/assert.h"

namespace ductus::kafka06 {

std::string to_string(const Endpoint& endpoint) {
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

void Link::open(base::Time now, ports::SourceEffects& out) {
  if (!down() || now < hub_.reopen_at) return;
  state_ = State::kOpening;
  connection_ = ++hub_.last_connection;
  deadline_ = now + hub_.settings.connect_timeout;
  hub_.by_connection.emplace(connection_, this);
  out.emplace_back(ports::OpenConnection{connection_, hub_.settings.broker.host, hub_.settings.broker.port});
}

// The deadline of the opening goes on: it covers all until the link is ready.
void Link::opened(base::Time, ports::SourceEffects& out) {
  if (state_ != State::kOpening) return;
  state_ = State::kGreeting;
  Request greeting = multi_fetch({});
  outstanding_.push_back(greeting.tag);
  out.emplace_back(ports::Send{connection_, greeting.tag, std::move(greeting.bytes)});
}

bool Link::take(const ports::RequestTag& tag, base::Time now) {
  if (outstanding_.empty() || outstanding_.front().correlation_id != tag.correlation_id ||
      outstanding_.front().api_key != tag.api_key || outstanding_.front().api_version != tag.api_version) {
    return false;
  }
  outstanding_.pop_front();
  if (ready()) {
    deadline_ = outstanding_.empty() ? base::Time::max() : now + hub_.settings.request_timeout;
    hub_.delay.reset();
  }
  return true;
}

void Link::greeted() {
  DUCTUS_ASSERT(state_ == State::kGreeting);
  state_ = State::kReady;
  deadline_ = base::Time::max();
  ++hub_.ready_links;
}

void Link::send(Request request, base::Time now, ports::SourceEffects& out) {
  DUCTUS_ASSERT(ready());
  if (outstanding_.empty()) deadline_ = now + hub_.settings.request_timeout;
  outstanding_.push_back(request.tag);
  out.emplace_back(ports::Send{connection_, request.tag, std::move(request.bytes)});
}

// Links that are lost together have met one failure.
void Link::lost(base::Time now) {
  if (down()) return;
  if (ready()) --hub_.ready_links;
  hub_.by_connection.erase(connection_);
  state_ = State::kDown;
  outstanding_.clear();
  deadline_ = base::Time::max();
  if (hub_.reopen_at <= now) hub_.reopen_at = now + hub_.delay.next(hub_.jitter);
}

void Link::close(base::Time now, ports::SourceEffects& out) {
  if (down()) return;
  out.emplace_back(ports::CloseConnection{connection_});
  lost(now);
}

Error Link::timeout_error() const {
  if (state_ == State::kOpening) return {ErrorCode::kTimedOut, "no connection in time"};
  DUCTUS_ASSERT(!outstanding_.empty());
  return {ErrorCode::kTimedOut,
          "no answer to " + std::string(name_of(RequestKey{outstanding_.front().api_key})) + " in time"};
}

Error Link::explained(const Error& why) const {
  if (state_ != State::kGreeting) return why;
  return {why.code,
          why.message + ", after it was asked for nothing by MULTIFETCH: is this a broker of Kafka 0.6 or 0.7?"};
}

}  // namespace ductus::kafka06
