// EventFeed: for the old line what EventLog is for today's: the same events, appended to a log as they become due.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "sandbox/legacy/byte_log.h"
#include "sandbox/legacy/line.h"
#include "sandbox/logs/event_log.h"

namespace ductus::sandbox::legacy {

class EventFeed {
 public:
  EventFeed(Line line, EventLog::Plan plan, EventLog::Start start)
      : line_(line), partition_(plan.partition), events_(plan, start) {}

  /// Appends what is due and not there yet, in the sets and at the times that EventLog has for its record batches.
  void append_due(base::Time now, ByteLog& log);
  Expectation expectation() const { return *events_.expectation(); }

 private:
  Line line_;
  std::int32_t partition_;
  EventLog events_;  // tells what is due when; its record batches are not made
  std::int64_t appended_ = 0;
};

}  // namespace ductus::sandbox::legacy
