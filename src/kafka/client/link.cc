#include "kafka/client/link.h"

#include <utility>

#include "base/assert.h"

namespace ductus::kafka {
namespace {

template <class Request>
Result<std::int16_t> agreed_version(const ApiVersionsResponse& broker, const Endpoint& endpoint) {
  if (const auto version = common_version<Request>(broker)) return *version;
  return Error{ErrorCode::kUnsupported, "broker " + to_string(endpoint) + " speaks no version of " +
                                            std::string(name_of(Request::kApiKey)) + " from " +
                                            std::to_string(Request::kMinVersion) + " to " +
                                            std::to_string(Request::kMaxVersion) + ": Kafka 0.11 or newer is needed"};
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

void Link::open(base::Time now, ports::SourceEffects& out) {
  if (!down() || now < reopen_at_) return;
  state_ = State::kOpening;
  connection_ = ++hub_.last_connection;
  deadline_ = now + hub_.settings.connect_timeout;
  hub_.by_connection.emplace(connection_, this);
  out.emplace_back(ports::OpenConnection{connection_, endpoint_.host, endpoint_.port});
}

void Link::opened(base::Time now, ports::SourceEffects& out) {
  if (state_ != State::kOpening) return;
  state_ = State::kGreeting;
  greet(ApiVersionsRequest::kMaxVersion, now, out);
}

// The deadline of the opening goes on: it covers all until the link is ready.
void Link::greet(std::int16_t version, base::Time now, ports::SourceEffects& out) {
  send_as(ApiVersionsRequest{"ductus", hub_.settings.software_version}, version, base::Duration::zero(), now, out);
}

bool Link::take(const ports::RequestTag& tag) {
  if (!outstanding_ || outstanding_->correlation_id != tag.correlation_id || outstanding_->api_key != tag.api_key) {
    return false;
  }
  outstanding_.reset();
  if (ready()) {
    deadline_ = base::Time::max();
    delay_.reset();
  }
  return true;
}

Result<void> Link::greeted(const ApiVersionsResponse& response, base::Time now, ports::SourceEffects& out) {
  DUCTUS_ASSERT(state_ == State::kGreeting);
  if (response.error == KafkaError::kUnsupportedVersion && !plain_greeting_) {
    plain_greeting_ = true;
    greet(0, now, out);
    return {};
  }
  if (response.error != KafkaError::kNone) {
    rarely_ = owner_ != nullptr && action_of(response.error) == ErrorAction::kSlowly;
    return Error{ErrorCode::kUnsupported,
                 "broker " + to_string(endpoint_) + " refused ApiVersions: " + describe(response.error)};
  }
  const auto fetch = agreed_version<FetchRequest>(response, endpoint_);
  const auto list_offsets = agreed_version<ListOffsetsRequest>(response, endpoint_);
  const auto metadata = agreed_version<MetadataRequest>(response, endpoint_);
  for (const auto* agreed : {&fetch, &list_offsets, &metadata}) {
    if (!agreed->ok()) return agreed->error();
  }
  fetch_version_ = *fetch;
  list_offsets_version_ = *list_offsets;
  metadata_version_ = *metadata;
  offset_for_leader_epoch_version_ = common_version<OffsetForLeaderEpochRequest>(response).value_or(-1);
  state_ = State::kReady;
  deadline_ = base::Time::max();
  ++hub_.ready_links;
  return {};
}

std::int16_t Link::version_of(ApiKey key) const noexcept {
  DUCTUS_ASSERT(idle());
  switch (key) {
    case ApiKey::kFetch:
      return fetch_version_;
    case ApiKey::kListOffsets:
      return list_offsets_version_;
    case ApiKey::kMetadata:
      return metadata_version_;
    case ApiKey::kOffsetForLeaderEpoch:
      return offset_for_leader_epoch_version_;
    case ApiKey::kApiVersions:
      break;
  }
  return 0;
}

void Link::lost(base::Time now) {
  if (down()) return;
  if (ready()) --hub_.ready_links;
  hub_.by_connection.erase(connection_);
  state_ = State::kDown;
  outstanding_.reset();
  deadline_ = base::Time::max();
  plain_greeting_ = false;
  const bool rarely = std::exchange(rarely_, false);
  reopen_at_ = now + (rarely ? hub_.jitter.of(hub_.settings.retry_slowly) : delay_.next(hub_.jitter));
}

void Link::close(base::Time now, ports::SourceEffects& out) {
  if (down()) return;
  out.emplace_back(ports::CloseConnection{connection_});
  lost(now);
}

Error Link::timeout_error() const {
  const std::string who = to_string(endpoint_);
  if (!outstanding_) return {ErrorCode::kTimedOut, "no connection to " + who + " in time"};
  return {ErrorCode::kTimedOut,
          "no answer to " + std::string(name_of(ApiKey{outstanding_->api_key})) + " from " + who + " in time"};
}

}  // namespace ductus::kafka
