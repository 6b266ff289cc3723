// LineProbe: which line of Kafka's protocol a broker speaks, found out without leaving a trace on it.
//
//   connect ─ ApiVersions v0 ─┬─ answered ──────────────────────────────────────────────▶ modern
//                             └─ hung up ─ connect ─ MULTIFETCH of nothing ─┬─ answered ─ FETCH of a null topic
//                                                                           │               ├─ error −1 ──▶ 0.6
//                                                                           │               └─ hung up ───▶ 0.7
//                                                                           └─ anything else ─▶ neither
//
// To a broker of 0.6 and 0.7 ApiVersions is an unknown request: it hangs up at once, and logs a line. Neither of the
// other two reads a log or makes a topic. Metadata is never asked: an old broker takes it for something to store and
// says nothing; nor is TLS tried: a broker of 0.6 would wait for the 369 MB that a ClientHello seems to announce. A
// pure state machine: events in, effects out; no socket, no clock. Source: KIP-511 (ApiVersions); the old brokers'
// answers were seen (tests/golden/kafka-legacy).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ductus/result.h"
#include "kafka06/client/settings.h"
#include "ports/batch_source.h"

namespace ductus::kafka06 {

struct ProbeOutcome {
  enum class Found : std::uint8_t {
    kModern,  ///< Kafka 0.10 or newer
    k06,
    k07,
    kUnreachable,  ///< nobody could be asked, this time: worth another try
    kNeither,      ///< whoever listens there is none of them
  } found = Found::kNeither;
  std::string because;                     ///< one sentence for a person: what was found, and from what
  ErrorCode code = ErrorCode::kNotNeeded;  ///< of kUnreachable and kNeither
};

class LineProbe {
 public:
  /// `last_used`: its connections count on from it. `connect_timeout`, `answer_timeout`: of each step.
  explicit LineProbe(Endpoint broker, ports::ConnectionId last_used = 0,
                     base::Duration connect_timeout = std::chrono::seconds(10),
                     base::Duration answer_timeout = std::chrono::seconds(5));

  /// Once, and first of all. Effects of all these are OpenConnection, Send and CloseConnection.
  void start(base::Time now, ports::SourceEffects& out);
  void opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out);
  /// `frame`: a whole answer, without its size.
  void answered(ports::ConnectionId connection, base::ByteView frame, base::Time now, ports::SourceEffects& out);
  /// The connection could not be opened or broke (kUnreachable, kTimedOut), or carried what is no frame.
  void lost(ports::ConnectionId connection, const Error& why, base::Time now, ports::SourceEffects& out);
  void tick(base::Time now, ports::SourceEffects& out);
  /// When tick() is wanted next; Time::max() once there is an outcome.
  base::Time next_tick() const noexcept { return deadline_; }

  /// The number of its newest connection.
  ports::ConnectionId last_connection() const noexcept { return connection_; }
  /// nullopt: not known yet.
  const std::optional<ProbeOutcome>& outcome() const noexcept { return outcome_; }

 private:
  enum class Step : std::uint8_t { kConnect, kApiVersions, kConnectAgain, kMultiFetch, kNullTopic };

  void connect(Step step, base::Time now, ports::SourceEffects& out);
  void ask(Step step, std::vector<std::uint8_t> request, base::Time now, ports::SourceEffects& out);
  void late(base::Time now, ports::SourceEffects& out);
  void hung_up(const Error& why, base::Time now, ports::SourceEffects& out);
  void conclude(ProbeOutcome::Found found, const std::string& because, ports::SourceEffects& out,
                ErrorCode code = ErrorCode::kNotNeeded);
  void neither(const std::string& then, ErrorCode code, ports::SourceEffects& out);

  const Endpoint broker_;
  const std::string where_;
  const base::Duration connect_timeout_;
  const base::Duration answer_timeout_;
  Step step_ = Step::kConnect;
  ports::ConnectionId connection_;  ///< the last one that was opened
  bool is_open_ = false;            ///< a connection is open, or being opened
  base::Time deadline_ = base::Time::max();
  std::optional<ProbeOutcome> outcome_;
};

}  // namespace ductus::kafka06
