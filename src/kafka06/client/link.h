// Link: one connection to the broker: is it up, and what is outstanding on it.
//
//             open()             opened()              MULTIFETCH of nothing answered
//     down ───────────▶ opening ──────────▶ greeting ─────────────────────────────────▶ ready ⇄ requests outstanding
//      ▲ after a delay     │                   │
//      └───────────────────┴───────────────────┴─ lost, closed, or a deadline passed
//
// The greeting reads no log and makes no topic, and nothing but a broker of this line answers it so. The delay is that
// of the broker, for all its links: 50 ms doubling to 1 s, reset by the first answer to a real question. A pure state
// machine, entered under the node's baton.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/clock.h"
#include "base/retry_delay.h"
#include "kafka06/client/settings.h"
#include "kafka06/requests.h"
#include "ports/batch_source.h"

namespace ductus::kafka06 {

class Link;

/// What all links of a source share.
struct LinkHub {
  explicit LinkHub(const SourceSettings& the_settings)
      : settings(the_settings),
        jitter(the_settings.seed),
        delay(the_settings.reconnect_min, the_settings.reconnect_max) {}
  const SourceSettings& settings;
  base::Jitter jitter;
  base::RetryDelay delay;
  base::Time reopen_at = base::Time::min();  ///< when open() will do something
  ports::ConnectionId last_connection = 0;
  std::size_t ready_links = 0;
  std::unordered_map<ports::ConnectionId, Link*> by_connection;
};

class Link {
 public:
  explicit Link(LinkHub& hub) : hub_(hub) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool down() const noexcept { return state_ == State::kDown; }
  bool ready() const noexcept { return state_ == State::kReady; }
  /// Neither down nor ready.
  bool coming() const noexcept { return !down() && !ready(); }
  /// Ready, and nothing is outstanding.
  bool idle() const noexcept { return ready() && outstanding_.empty(); }

  /// Opens the connection if it is down and the delay after the last failure is over.
  void open(base::Time now, ports::SourceEffects& out);
  void opened(base::Time now, ports::SourceEffects& out);
  /// An answer came. False: it is not that of the oldest request, and the connection must be ended.
  [[nodiscard]] bool take(const ports::RequestTag& tag, base::Time now);
  /// After the first take(): the broker speaks this protocol.
  void greeted();
  /// Only while it is ready.
  void send(Request request, base::Time now, ports::SourceEffects& out);
  void lost(base::Time now);
  /// Ends the connection, if there is one.
  void close(base::Time now, ports::SourceEffects& out);

  /// What is outstanding (the opening itself counts) must be answered by then; Time::max(): nothing is.
  base::Time deadline() const noexcept { return deadline_; }
  /// "no answer to OFFSETS in time", for an expired deadline.
  Error timeout_error() const;
  /// `why` it ended, with what that means where it had not even been greeted.
  Error explained(const Error& why) const;

 private:
  enum class State : std::uint8_t { kDown, kOpening, kGreeting, kReady };

  LinkHub& hub_;
  State state_ = State::kDown;
  ports::ConnectionId connection_ = 0;
  base::Time deadline_ = base::Time::max();
  std::deque<ports::RequestTag> outstanding_;  ///< oldest first
};

}  // namespace ductus::kafka06
