// LegacyConversation: a client that speaks the protocol of 0.6 and 0.7.
//
//   request   := length int32 · key int16 · body          no version, no correlation id, no client id
//   key       := 0 PRODUCE | 1 FETCH | 2 MULTIFETCH | 3 MULTIPRODUCE | 4 OFFSETS
//   PRODUCE   := topic · partition int32 · set_length int32 · set                    no answer
//   FETCH     := topic · partition int32 · offset int64 · max_size int32
//   OFFSETS   := topic · partition int32 · time int64 · max_offsets int32
//   MULTIx    := count int16 · count times x
//   topic     := length int16 · bytes                     a negative length: null
//   answer    := length int32 · error int16 · (FETCH: bytes of the log | MULTIFETCH: answers to FETCH
//                | OFFSETS: count int32, offsets int64)
// What follows the fields in a request is not looked at.
// Source: kafka.api.*, kafka.network.*, kafka.server.MessageSetSend, MultiMessageSetSend (0.6.1, 0.7.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kafka/wire.h"
#include "sandbox/conversation.h"
#include "sandbox/legacy/broker.h"

namespace ductus::sandbox::legacy {

/// 0.7 hangs up on a longer request (max.socket.request.bytes). 0.6 waits for all of it; of such a length the sandbox
/// does without reading it.
inline constexpr std::int32_t kMaxRequestBytes = 100 * 1024 * 1024;
/// The heap of the 0.6 that is played here: it hangs up on a request that is longer.
inline constexpr std::int32_t kHeapBytes = 512 * 1024 * 1024;

class LegacyConversation final : public Conversation {
 public:
  /// Both must outlive it. `node_id`: the number of the broker, from 1 on.
  LegacyConversation(Broker& broker, Faults& faults, std::int32_t node_id)
      : broker_(broker), faults_(faults), node_id_(node_id) {}

  Result<bool> wants(std::int32_t length) const override;
  Result<void> hear(base::ByteView request, base::Time now) override;
  std::optional<Answer> answer(base::Time now) override;
  bool is_answering() const override { return answer_.has_value(); }
  std::optional<base::Time> wake_at() const override { return std::nullopt; }

 private:
  struct Produce {
    std::string_view topic;
    std::int32_t partition;
    base::ByteView set;
  };
  struct Fetch {
    std::string_view topic;  // data() == nullptr: null
    std::int32_t partition;
    std::int64_t offset;
    std::int32_t max_bytes;
  };
  // What the answer to a FETCH, or its part in one to a MULTIFETCH, is made of.
  struct Part {
    WireError error = WireError::kNone;
    ByteLog::Slice slice = {};
  };
  static Produce read_produce(kafka::Reader& reader);
  static Fetch read_fetch(kafka::Reader& reader);

  Result<void> hear_produces(std::size_t count, kafka::Reader& reader, base::Time now);
  Result<void> hear_fetches(std::size_t count, bool multi, kafka::Reader& reader, base::Time now);
  Result<void> hear_offsets(kafka::Reader& reader, base::Time now);
  Result<Part> read_part(const Fetch& fetch, base::Time now);
  /// Everything that the script does at this request.
  void meet_faults(Moment moment, const std::vector<AskedPlace>& asked, base::Time now);

  Broker& broker_;
  Faults& faults_;
  const std::int32_t node_id_;
  std::optional<Answer> answer_;
};

}  // namespace ductus::sandbox::legacy
