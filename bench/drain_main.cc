// The floor: what it costs to get the bytes out of the socket and to find the record batches in them, and nothing
// else. No consumer can be cheaper.
//
//   bench_drain PORT TOPIC MESSAGES
//
// Reads partition 0 from its start by Fetch v4, each answer into the same buffer. The next request leaves as soon as
// the answer is in and its batch headers were hopped over. Prints `drain: messages=N`, the record counts of the
// batch headers summed up.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr std::int32_t kFetchBytes = 1024 * 1024;
constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;
constexpr std::size_t kBatchHeaderBytes = 61;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_drain: %s\n", what);
  std::exit(1);
}

template <class T>
T big_endian(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | at[i]);
  return value;
}

std::int32_t i32(const std::uint8_t* at) { return static_cast<std::int32_t>(big_endian<std::uint32_t>(at)); }
std::int64_t i64(const std::uint8_t* at) { return static_cast<std::int64_t>(big_endian<std::uint64_t>(at)); }

class FetchRequest {
 public:
  explicit FetchRequest(std::string_view topic) {
    put(0, 4);           // length, set below
    put(1, 2);           // api: Fetch
    put(4, 2);           // version
    put(0, 4);           // correlation id
    put(0xFFFF, 2);      // client id: null
    put(0xFFFFFFFF, 4);  // replica id: a consumer
    put(500, 4);         // max wait, ms
    put(1, 4);           // min bytes
    put(kFetchBytes, 4);
    put(0, 1);  // read uncommitted
    put(1, 4);  // one topic
    put(topic.size(), 2);
    bytes_.insert(bytes_.end(), topic.begin(), topic.end());
    put(1, 4);  // one partition
    put(0, 4);  // its index
    offset_at_ = bytes_.size();
    put(0, 8);
    put(kFetchBytes, 4);
    set(0, bytes_.size() - 4, 4);
  }

  void send(int fd, std::int64_t offset) {
    set(offset_at_, static_cast<std::uint64_t>(offset), 8);
    if (::send(fd, bytes_.data(), bytes_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes_.size())) fail("send");
  }

 private:
  void put(std::uint64_t value, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    set(bytes_.size() - size, value, size);
  }
  void set(std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_[at + i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t offset_at_ = 0;
};

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void receive(int fd, std::uint8_t* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(fd, to, size, MSG_WAITALL);
    if (got <= 0) fail("the broker hung up");
    to += got;
    size -= static_cast<std::size_t>(got);
  }
}

struct Place {
  std::int64_t offset = 0;
  std::int64_t messages = 0;
};

// Hops over the whole batches of an answer for one partition.
void hop(const std::uint8_t* answer, std::size_t size, std::size_t topic_size, Place& place) {
  // correlation id, throttle time, topics, topic, partitions, index; then error, high watermark, last stable offset
  const std::size_t error_at = 4 + 4 + 4 + 2 + topic_size + 4 + 4;
  const std::size_t aborted_at = error_at + 2 + 8 + 8;
  std::size_t at = aborted_at + 4 + 4;
  if (size < at) fail("a short answer");
  if (big_endian<std::uint16_t>(answer + error_at) != 0) fail("the broker answered with an error");
  while (size - at >= kBatchHeaderBytes) {
    const std::uint8_t* batch = answer + at;
    const std::size_t batch_size = 12 + big_endian<std::uint32_t>(batch + 8);
    if (batch_size > size - at) break;
    place.offset = i64(batch) + i32(batch + 23) + 1;
    place.messages += i32(batch + 57);
    at += batch_size;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: bench_drain PORT TOPIC MESSAGES");
  const std::string_view topic = argv[2];
  const std::int64_t messages = std::atoll(argv[3]);
  const int fd = connect_to(std::atoi(argv[1]));
  FetchRequest request(topic);
  std::vector<std::uint8_t> answer;
  Place place;
  request.send(fd, place.offset);
  for (;;) {
    std::uint8_t length[4];
    receive(fd, length, sizeof length);
    const std::size_t size = big_endian<std::uint32_t>(length);
    if (size > kMaxAnswerBytes) fail("an answer that is too large");
    if (answer.size() < size) answer.resize(size);
    receive(fd, answer.data(), size);
    hop(answer.data(), size, topic.size(), place);
    if (place.messages >= messages) break;
    request.send(fd, place.offset);
  }
  ::close(fd);
  std::printf("drain: messages=%lld\n", static_cast<long long>(place.messages));
  return 0;
}
