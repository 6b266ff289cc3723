// The node's own parts in one bare loop: no brain, no workers, no adapter, no store. What the node costs beyond this is
// what its threads, its lock and its state machines cost.
//
//   bench_single_loop PORT TOPIC MESSAGES
//
// Reads partition 0 from its start, the next request leaving as soon as an answer is in and cut. Prints what the
// handler `null` prints, as `single_loop: …`.
#include <poll.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "handlers/null.h"
#include "handlers/runner.h"
#include "kafka/answer_cutter.h"
#include "kafka/api/frame.h"
#include "kafka/set_decoder.h"
#include "net/address.h"
#include "net/frame_stream.h"

namespace {

namespace base = ductus::base;
namespace handlers = ductus::handlers;
namespace kafka = ductus::kafka;
namespace net = ductus::net;
namespace ports = ductus::ports;
using ductus::Result;

constexpr std::int16_t kVersion = 12;

template <class T>
T or_die(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "bench_single_loop: %s\n", result.error().message.c_str());
  std::exit(1);
}

class Loop {
 public:
  Loop(std::uint16_t port, std::string topic)
      : topic_(std::move(topic)), stream_(connect(port), std::size_t{64} << 20) {}

  void run(std::int64_t messages) {
    const ports::ChildRef child{0, 1};
    if (!runner_.start(child, {topic_, 0}, ductus::Value(), {})) std::exit(1);
    ask(0);
    for (std::int64_t next = 0; next < messages;) {
      ports::FetchedSet set = read_set();
      set.asked_offset = next;
      next = set.next_offset;
      if (next < messages) ask(next);
      handle(child, set);
    }
    runner_.stop(child);
  }

 private:
  static net::Socket connect(std::uint16_t port) {
    net::Socket socket = or_die(net::start_connect(or_die(net::resolve("127.0.0.1", port)).front()));
    pollfd writable{socket.fd(), POLLOUT, 0};
    ::poll(&writable, 1, -1);
    return socket;
  }

  void ask(std::int64_t offset) {
    kafka::FetchRequest request;
    request.max_wait_ms = 20;
    request.max_bytes = 1 << 20;
    request.partitions = {{.topic = topic_, .partition = 0, .fetch_offset = offset, .max_bytes = 1 << 20}};
    if (!stream_.write(kafka::encode_frame(request, kVersion, ++correlation_id_, "bench"))) std::exit(1);
  }

  ports::FetchedSet read_set() {
    std::optional<base::Buffer> frame = or_die(stream_.read());
    while (!frame) {
      pollfd readable{stream_.socket().fd(), POLLIN, 0};
      ::poll(&readable, 1, -1);
      frame = or_die(stream_.read());
    }
    const auto api_key = static_cast<std::int16_t>(kafka::ApiKey::kFetch);
    auto answer = or_die(cutter_.cut({correlation_id_, api_key, kVersion}, std::move(*frame)));
    auto& fetched = static_cast<kafka::FetchAnswer&>(*answer);
    const kafka::Hop& hop = fetched.hops.at(0);
    ports::FetchedSet set;
    set.body = fetched.body;
    set.records = fetched.response.partitions.at(0).records.first(hop.bytes);
    set.decoder = &decoder_;
    set.next_offset = hop.next_offset;
    return set;
  }

  void handle(ports::ChildRef child, const ports::FetchedSet& set) {
    ports::SetCursor cursor{0, set.asked_offset};
    for (bool last = false; !last;) {
      const ports::Handled handled = runner_.handle(child, set, cursor, arena_);
      if (handled.kind != ports::Handled::Kind::kOk) std::exit(1);
      cursor = handled.cursor;
      last = handled.last;
    }
  }

  std::string topic_;
  net::FrameStream stream_;
  std::uint32_t correlation_id_ = 0;
  kafka::KafkaAnswerCutter cutter_;
  kafka::RecordSetDecoder decoder_;
  ports::DecodeArena arena_;
  std::unique_ptr<ductus::Module> module_ = handlers::make_null_module();
  handlers::Runner runner_{*module_, 1 << 20, [](ductus::LogLevel, std::string_view) {}};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  Loop(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]).run(std::atoll(argv[3]));
  return 0;
}
