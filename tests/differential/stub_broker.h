// StubBroker: speaks as much of Kafka's protocol as a simple consumer of librdkafka needs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "differential/outcome.h"
#include "kafka/wire.h"
#include "net/frame_stream.h"
#include "net/socket.h"

namespace ductus::differential {

/// A broker on a free port of the loopback device, with a thread of its own. Partition i of topic `kTopic` answers the
/// first fetch with inputs[i], and each further one with OFFSET_OUT_OF_RANGE, so that its reader stops there. The one
/// behind the last is always empty: so there is always a next fetch.
class StubBroker {
 public:
  static constexpr std::string_view kTopic = "mutated";

  /// `serving` is set to the index of the input that is answered last. Both must outlive it.
  StubBroker(const std::vector<Input>& inputs, std::atomic<std::size_t>& serving);
  ~StubBroker();

  std::uint16_t port() const { return port_; }
  /// The offset that partition `index` was asked for after its answer; -1: not yet.
  std::int64_t next_offset(std::size_t index) const;
  /// Whether partition `index` was answered and then left out of many fetches: its reader has given it up in silence.
  bool is_given_up(std::size_t index) const;

 private:
  struct Asked {
    bool answered = false;
    bool again = false;
    std::int64_t next_offset = -1;
    std::uint64_t in_fetch = 0;  ///< the number of the one that was answered
  };

  void serve(const std::stop_token& stop);
  /// False: it hung up.
  bool read(net::FrameStream& client);
  std::vector<std::uint8_t> answer(base::ByteView request);
  void write_metadata(kafka::Writer& writer) const;
  void write_fetched(kafka::Reader& request, kafka::Writer& writer);

  const std::vector<Input>& inputs_;
  std::atomic<std::size_t>& serving_;
  net::Socket listener_;
  net::Socket wake_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  std::uint64_t fetches_ = 0;
  std::jthread thread_;
};

}  // namespace ductus::differential
