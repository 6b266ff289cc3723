// ApiConversation: a client that speaks today's protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sandbox/api/answering.h"
#include "sandbox/api/fetch.h"
#include "sandbox/conversation.h"

namespace ductus::sandbox {

/// A longer request ends its connection.
inline constexpr std::int32_t kMaxRequestBytes = 4 * 1024 * 1024;

class ApiConversation final : public Conversation {
 public:
  /// `brokers` must outlive it. `node_id`: the broker that the client has connected to.
  ApiConversation(const Brokers& brokers, std::int32_t node_id) : brokers_(brokers), node_id_(node_id) {}

  Result<bool> wants(std::int32_t length) const override;
  Result<void> hear(base::ByteView request, base::Time now) override;
  std::optional<Answer> answer(base::Time now) override;
  bool is_answering() const override { return answer_ || waiting_; }
  std::optional<base::Time> wake_at() const override;

 private:
  struct Waiting {
    FetchRequest request;
    base::Time deadline;
    std::optional<base::Time> grows_at;
  };
  void meet_faults(Moment moment, const std::vector<AskedPlace>& asked, base::Time now);
  Answering answering(base::Time now) const { return {brokers_, node_id_, fate_, now}; }

  const Brokers& brokers_;
  const std::int32_t node_id_;
  std::optional<Frame> answer_;
  std::optional<Waiting> waiting_;  // a Fetch, for messages
};

}  // namespace ductus::sandbox
