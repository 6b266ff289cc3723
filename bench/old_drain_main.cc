// The floor on the protocol of Kafka 0.6 and 0.7: the bytes out of the socket, the messages found by their sizes, and
// nothing else.
//
//   bench_old_drain PORT TOPIC MESSAGES
//
// Reads partition 0 from its start by FETCH, each answer into the same buffer. The next request leaves as soon as the
// answer is in and its messages were hopped over. Prints `old_drain: messages=N`.
#include <string_view>

#include "drain_socket.h"

namespace {

using drain::big_endian;
using drain::fail;

constexpr std::int32_t kFetchBytes = 1024 * 1024;

drain::Request fetch_request(std::string_view topic) {
  drain::Request request;
  request.put(0, 4);  // length
  request.put(1, 2);  // FETCH
  request.put(topic.size(), 2);
  request.put(topic);
  request.put(0, 4);  // partition
  request.put_offset();
  request.put(kFetchBytes, 4);
  request.close();
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: bench_old_drain PORT TOPIC MESSAGES");
  const std::int64_t messages = std::atoll(argv[3]);
  const int fd = drain::connect_to(std::atoi(argv[1]));
  drain::Request request = fetch_request(argv[2]);
  std::vector<std::uint8_t> answer;
  std::int64_t seen = 0;
  std::int64_t offset = 0;
  for (request.send(fd, offset);; request.send(fd, offset)) {
    const std::size_t size = drain::receive_answer(fd, answer);
    if (size < 2 || big_endian<std::uint16_t>(answer.data()) != 0) fail("the broker answered with an error");
    std::size_t at = 2;
    while (size - at >= 4) {
      const std::size_t entry = 4 + std::size_t{big_endian<std::uint32_t>(answer.data() + at)};
      if (entry > size - at) break;
      at += entry;
      ++seen;
    }
    offset += static_cast<std::int64_t>(at) - 2;
    if (seen >= messages) break;
  }
  ::close(fd);
  std::printf("old_drain: messages=%lld\n", static_cast<long long>(seen));
  return 0;
}
