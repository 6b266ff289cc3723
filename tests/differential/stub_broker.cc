#include "differential/stub_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <list>
#include <optional>

#include "base/assert.h"

namespace ductus::differential {
namespace {

constexpr std::int32_t kNodeId = 1;
constexpr std::size_t kMaxRequestBytes = std::size_t{4} << 20;

enum Api : std::int16_t { kProduce = 0, kFetch = 1, kMetadata = 3, kApiVersions = 18 };
struct Versions {
  Api api;
  std::int16_t min;
  std::int16_t max;
};
// Produce is never asked; librdkafka tells by it that the broker knows this format.
constexpr std::array<Versions, 4> kVersions = {
    {{kProduce, 3, 3}, {kFetch, 4, 4}, {kMetadata, 2, 2}, {kApiVersions, 0, 3}}};

net::Address loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

void write_versions(std::int16_t version, kafka::Writer& writer) {
  const bool flexible = version >= 3;
  writer.i16(0);
  writer.array_size(kVersions.size(), flexible);
  for (const auto& offered : kVersions) {
    writer.i16(offered.api);
    writer.i16(offered.min);
    writer.i16(offered.max);
    writer.no_tags(flexible);
  }
  if (version >= 1) writer.i32(0);  // throttle_time_ms
  writer.no_tags(flexible);
}

void write_partition(std::int32_t index, std::int16_t error, const Input& input, kafka::Writer& writer) {
  constexpr std::int64_t kFarAway = std::numeric_limits<std::int64_t>::max();
  writer.i32(index);
  writer.i16(error);
  writer.i64(kFarAway);  // high_watermark
  writer.i64(kFarAway);  // last_stable_offset
  writer.array_size(input.aborted.size(), false);
  for (const auto& aborted : input.aborted) {
    writer.i64(aborted.producer_id);
    writer.i64(aborted.first_offset);
  }
  writer.i32(static_cast<std::int32_t>(input.records.size()));
  writer.raw(input.records);
}

}  // namespace

StubBroker::StubBroker(const std::vector<Input>& inputs, std::atomic<std::size_t>& serving)
    : inputs_(inputs), serving_(serving), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), asked_(inputs.size()) {
  auto listener = net::listen_on(loopback());
  DUCTUS_ASSERT(listener.ok() && wake_.is_open());
  listener_ = *std::move(listener);
  port_ = net::local_address(listener_)->port();
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

StubBroker::~StubBroker() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  DUCTUS_ASSERT(::write(wake_.fd(), &one, sizeof one) == sizeof one);
}

std::int64_t StubBroker::next_offset(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return asked_[index].next_offset;
}

bool StubBroker::is_given_up(std::size_t index) const {
  constexpr std::uint64_t kMany = 100;
  const std::lock_guard lock(mutex_);
  const Asked& asked = asked_[index];
  return asked.answered && !asked.again && fetches_ > asked.in_fetch + kMany;
}

void StubBroker::serve(const std::stop_token& stop) {
  std::list<net::FrameStream> clients;
  while (!stop.stop_requested()) {
    std::vector<pollfd> polled{{wake_.fd(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    for (const auto& client : clients) {
      const auto events = static_cast<short>(POLLIN | (client.has_unsent() ? POLLOUT : 0));
      polled.push_back({client.socket().fd(), events, 0});
    }
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    auto place = polled.begin() + 2;
    for (auto client = clients.begin(); client != clients.end(); ++place) {
      const bool gone = place->revents != 0 && (!client->flush() || !read(*client));
      client = gone ? clients.erase(client) : std::next(client);
    }
    if (polled[1].revents == 0) continue;
    if (auto accepted = net::accept_from(listener_)) clients.emplace_back(*std::move(accepted), kMaxRequestBytes);
  }
}

bool StubBroker::read(net::FrameStream& client) {
  for (;;) {
    const auto request = client.read();
    if (!request) return false;
    if (!request->has_value()) return true;
    if (!client.write(answer((*request)->view()))) return false;
  }
}

std::vector<std::uint8_t> StubBroker::answer(base::ByteView request) {
  kafka::Reader reader(request);
  const std::int16_t api = reader.i16();
  const std::int16_t version = reader.i16();
  kafka::Writer writer;
  writer.i32(0);
  writer.i32(reader.i32());             // correlation_id
  (void)reader.nullable_string(false);  // client_id
  if (api == kApiVersions) write_versions(version, writer);
  if (api == kMetadata) write_metadata(writer);
  if (api == kFetch) write_fetched(reader, writer);
  writer.patch_i32(0, static_cast<std::int32_t>(writer.size() - sizeof(std::int32_t)));
  return std::move(writer).take();
}

void StubBroker::write_metadata(kafka::Writer& writer) const {
  writer.array_size(1, false);
  writer.i32(kNodeId);
  writer.string("127.0.0.1", false);
  writer.i32(port_);
  writer.null_string(false);  // rack
  writer.null_string(false);  // cluster_id
  writer.i32(kNodeId);        // controller_id
  writer.array_size(1, false);
  writer.i16(0);
  writer.string(kTopic, false);
  writer.boolean(false);  // is_internal
  writer.array_size(inputs_.size() + 1, false);
  for (std::size_t i = 0; i <= inputs_.size(); ++i) {
    writer.i16(0);
    writer.i32(static_cast<std::int32_t>(i));
    writer.i32(kNodeId);
    writer.array_size(0, false);  // replicas
    writer.array_size(0, false);  // in sync
  }
}

// Of the partitions that are asked for the first time one is answered, behind all others: what its bytes make of the
// reader's place is nobody else's trouble.
void StubBroker::write_fetched(kafka::Reader& request, kafka::Writer& writer) {
  constexpr std::size_t kLimitsBytes = 4 + 4 + 4 + 4 + 1;
  request.skip(kLimitsBytes);
  DUCTUS_ASSERT(request.array_size(false, 1) <= 1);
  (void)request.string(false);
  std::vector<std::int32_t> over;
  std::optional<std::int32_t> fresh;
  const std::lock_guard lock(mutex_);
  ++fetches_;
  for (std::size_t left = request.array_size(false, 1); left > 0; --left) {
    const std::int32_t partition = request.i32();
    const std::int64_t offset = request.i64();
    request.skip(sizeof(std::int32_t));  // partition_max_bytes
    if (static_cast<std::size_t>(partition) == inputs_.size()) continue;
    Asked& asked = asked_.at(static_cast<std::size_t>(partition));
    if (asked.answered) {
      over.push_back(partition);
      if (!asked.again) asked.next_offset = offset;
      asked.again = true;
    } else if (!fresh) {
      fresh = partition;
      serving_ = static_cast<std::size_t>(partition);
      asked.answered = true;
      asked.in_fetch = fetches_;
    }
  }
  writer.i32(0);  // throttle_time_ms
  writer.array_size(1, false);
  writer.string(kTopic, false);
  writer.array_size(over.size() + (fresh ? 1 : 0), false);
  constexpr std::int16_t kOffsetOutOfRange = 1;
  static const Input kNothing;
  for (const std::int32_t partition : over) write_partition(partition, kOffsetOutOfRange, kNothing, writer);
  if (fresh) write_partition(*fresh, 0, inputs_.at(static_cast<std::size_t>(*fresh)), writer);
}

}  // namespace ductus::differential
