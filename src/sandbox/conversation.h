// Conversation: what a protocol makes of the requests of one client, one after the other.
//
// Every protocol of Kafka puts the length of a request in front of it, as an int32. Blocking: never. Thread: one.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "ductus/result.h"
#include "sandbox/faults/faults.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

struct Answer {
  Frame frame;        ///< sealed; empty where the protocol gives no answer
  bool ends = false;  ///< then the connection ends
};

class Conversation {
 public:
  virtual ~Conversation() = default;

  /// Whether the rest of a request of so many bytes is read; false: from now on nothing is, and nothing is answered.
  /// Errors: kLimit, kCorrupt. A broker hangs up on both.
  virtual Result<bool> wants(std::int32_t length) const = 0;
  /// Starts on a request (behind its length), after the last one was answered. Any error: the broker hangs up.
  virtual Result<void> hear(base::ByteView request, base::Time now) = 0;
  /// The answer to what was heard last, once; nullopt: there is none yet.
  virtual std::optional<Answer> answer(base::Time now) = 0;
  /// An answer is still due.
  virtual bool is_answering() const = 0;
  /// When answer() is to be called again, where it had none; nullopt: never.
  virtual std::optional<base::Time> wake_at() const = 0;

  /// What the script of faults wants of the answer to what was heard last.
  const Fate& fate() const noexcept { return fate_; }

 protected:
  Fate fate_;
};

}  // namespace ductus::sandbox
