// Link: one connection to a broker: is it up, which versions are spoken on it, what is outstanding.
//
//              open()             opened()              ApiVersions answered
//     down ────────────▶ opening ──────────▶ greeting ───────────────────────▶ ready ⇄ one request outstanding
//      ▲  after a delay     │                    │ (asked again as v0 where the    │
//      └────────────────────┴────────────────────┴─ broker does not know v3) ──────┘
//                     lost, closed, or a deadline passed: 50 ms doubling to 1 s, reset by the first answer;
//                     5 s where an error in the greeting is kSlowly
//
// A pure state machine, entered under the node's baton. Source: KIP-35, KIP-511 (ApiVersions).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/retry_delay.h"
#include "kafka/answer_cutter.h"
#include "kafka/api/frame.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

struct Endpoint {
  std::string host;
  std::uint16_t port = 9092;
  bool operator==(const Endpoint&) const = default;
};

/// "host:port", with brackets around an IPv6 address.
std::string to_string(const Endpoint& endpoint);

/// What a KafkaSource is told. The defaults are those of docs/configuration.md, or were found by measuring.
struct SourceSettings {
  std::vector<Endpoint> brokers;  ///< where to ask first; at least one
  std::string client_id = "ductus";
  std::string software_version = "0.1.0";  ///< told to the broker
  bool read_committed = true;

  base::Duration fetch_max_wait = std::chrono::milliseconds(500);  ///< the long poll of partitions that are caught up
  base::Duration behind_max_wait =
      std::chrono::milliseconds(20);           ///< of partitions that are behind; never 0: that would spin
  std::int32_t response_max_bytes = 1 << 20;   ///< one large record batch may exceed it
  std::int32_t partition_max_bytes = 1 << 20;  ///< the same
  std::size_t behind_per_request = 32;         ///< partitions named in one request for partitions that are behind

  base::Duration metadata_max_age = std::chrono::seconds(60);
  base::Duration connect_timeout = std::chrono::seconds(10);  ///< until a connection is ready
  base::Duration metadata_timeout = std::chrono::seconds(5);  ///< another broker may know as well
  base::Duration request_timeout = std::chrono::seconds(30);  ///< on top of the time that the broker is asked to wait
  base::Duration slow_answer = std::chrono::seconds(3);       ///< on top of the same: has the leader moved?
  base::Duration reconnect_min = std::chrono::milliseconds(50);
  base::Duration reconnect_max = std::chrono::seconds(1);
  base::Duration retry_min = std::chrono::milliseconds(100);  ///< after an error in an answer
  base::Duration retry_max = std::chrono::seconds(1);
  base::Duration retry_slowly = std::chrono::seconds(5);  ///< after an error that only an operator can mend
  base::Duration missing_topic_retry = std::chrono::seconds(1);
  base::Duration trouble_after = std::chrono::seconds(1);  ///< what heals sooner is not told
  std::uint64_t seed = 1;                                  ///< of the jitter
};

class Link;
class Planner;

/// What all links of a source share.
struct LinkHub {
  explicit LinkHub(const SourceSettings& the_settings) : settings(the_settings), jitter(the_settings.seed) {}
  const SourceSettings& settings;
  base::Jitter jitter;
  ports::ConnectionId last_connection = 0;
  std::uint32_t last_correlation = 0;
  std::size_t ready_links = 0;
  std::unordered_map<ports::ConnectionId, Link*> by_connection;
};

class Link {
 public:
  /// `owner`: the planner that it serves; nullptr: the metadata of the cluster.
  Link(LinkHub& hub, Planner* owner, std::size_t lane)
      : hub_(hub), owner_(owner), lane_(lane), delay_(hub.settings.reconnect_min, hub.settings.reconnect_max) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  Planner* owner() const noexcept { return owner_; }
  std::size_t lane() const noexcept { return lane_; }

  /// Where the next open() goes. Only while it is down.
  void aim(const Endpoint& endpoint) { endpoint_ = endpoint; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

  bool down() const noexcept { return state_ == State::kDown; }
  bool ready() const noexcept { return state_ == State::kReady; }
  bool idle() const noexcept { return ready() && !outstanding_; }
  bool busy() const noexcept { return ready() && outstanding_; }

  /// Opens the connection if it is down and the delay after the last failure is over.
  void open(base::Time now, ports::SourceEffects& out);
  /// The version spoken here; -1: none. Only while it is ready.
  std::int16_t version_of(ApiKey key) const noexcept;
  /// When open() will do something.
  base::Time reopen_at() const noexcept { return reopen_at_; }

  void opened(base::Time now, ports::SourceEffects& out);
  /// An answer came. False: it answers nothing that is outstanding, and the connection must be ended.
  [[nodiscard]] bool take(const ports::RequestTag& tag);
  /// The answer to ApiVersions. An error: the connection is of no use and must be ended.
  Result<void> greeted(const ApiVersionsResponse& response, base::Time now, ports::SourceEffects& out);
  void lost(base::Time now);
  /// Ends the connection, if there is one.
  void close(base::Time now, ports::SourceEffects& out);

  /// The link is idle(). `patience`: how long the answer may take. In no version beyond `newest`.
  template <class Request>
  void send(const Request& request, base::Duration patience, base::Time now, ports::SourceEffects& out,
            std::int16_t newest = Request::kMaxVersion) {
    send_as(request, std::min(version_of(Request::kApiKey), newest), patience, now, out);
  }

  /// What is outstanding (the opening itself counts) must be done by then; Time::max(): nothing is.
  base::Time deadline() const noexcept { return deadline_; }
  /// "no answer to Fetch from a:9092 within 30 s", for an expired deadline.
  Error timeout_error() const;

 private:
  enum class State : std::uint8_t { kDown, kOpening, kGreeting, kReady };

  template <class Request>
  void send_as(const Request& request, std::int16_t version, base::Duration patience, base::Time now,
               ports::SourceEffects& out) {
    const ports::RequestTag tag{++hub_.last_correlation, static_cast<std::int16_t>(Request::kApiKey), version};
    outstanding_ = tag;
    if (ready()) deadline_ = now + patience;
    out.emplace_back(
        ports::Send{connection_, tag, encode_frame(request, version, tag.correlation_id, hub_.settings.client_id)});
  }
  void greet(std::int16_t version, base::Time now, ports::SourceEffects& out);

  LinkHub& hub_;
  Planner* owner_;
  std::size_t lane_;
  Endpoint endpoint_;
  State state_ = State::kDown;
  ports::ConnectionId connection_ = 0;
  base::RetryDelay delay_;
  base::Time reopen_at_ = base::Time::min();
  base::Time deadline_ = base::Time::max();
  std::optional<ports::RequestTag> outstanding_;
  bool plain_greeting_ = false;  ///< ApiVersions v0 was sent: v3 is not known there
  bool rarely_ = false;  ///< for what the broker said, the next connection can wait; another one has no part in it
  std::int16_t fetch_version_ = -1;
  std::int16_t list_offsets_version_ = -1;
  std::int16_t metadata_version_ = -1;
  std::int16_t offset_for_leader_epoch_version_ = -1;  ///< stays so below Kafka 2.3
};

}  // namespace ductus::kafka
