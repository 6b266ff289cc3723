// The floor: what it costs to get the bytes out of the socket and to find the record batches in them, and nothing
// else. No consumer can be cheaper.
//
//   bench_drain PORT TOPIC MESSAGES
//
// Reads partition 0 from its start by Fetch v4, each answer into the same buffer. The next request leaves as soon as
// the answer is in and its batch headers were hopped over. Prints `drain: messages=N`, the record counts of the
// batch headers summed up.
#include <string_view>

#include "drain_socket.h"

namespace {

using drain::big_endian;
using drain::fail;

constexpr std::int32_t kFetchBytes = 1024 * 1024;
constexpr std::size_t kBatchHeaderBytes = 61;

std::int32_t i32(const std::uint8_t* at) { return static_cast<std::int32_t>(big_endian<std::uint32_t>(at)); }
std::int64_t i64(const std::uint8_t* at) { return static_cast<std::int64_t>(big_endian<std::uint64_t>(at)); }

drain::Request fetch_request(std::string_view topic) {
  drain::Request request;
  request.put(0, 4);           // length
  request.put(1, 2);           // api: Fetch
  request.put(4, 2);           // version
  request.put(0, 4);           // correlation id
  request.put(0xFFFF, 2);      // client id: null
  request.put(0xFFFFFFFF, 4);  // replica id: a consumer
  request.put(500, 4);         // max wait, ms
  request.put(1, 4);           // min bytes
  request.put(kFetchBytes, 4);
  request.put(0, 1);  // read uncommitted
  request.put(1, 4);  // one topic
  request.put(topic.size(), 2);
  request.put(topic);
  request.put(1, 4);  // one partition
  request.put(0, 4);  // its index
  request.put_offset();
  request.put(kFetchBytes, 4);
  request.close();
  return request;
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
  const int fd = drain::connect_to(std::atoi(argv[1]));
  drain::Request request = fetch_request(topic);
  std::vector<std::uint8_t> answer;
  Place place;
  for (request.send(fd, place.offset);; request.send(fd, place.offset)) {
    const std::size_t size = drain::receive_answer(fd, answer);
    hop(answer.data(), size, topic.size(), place);
    if (place.messages >= messages) break;
  }
  ::close(fd);
  std::printf("drain: messages=%lld\n", static_cast<long long>(place.messages));
  return 0;
}
