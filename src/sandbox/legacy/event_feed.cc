#include "sandbox/legacy/event_feed.h"

#include <algorithm>
#include <string>

#include "kafka/wire.h"
#include "sandbox/legacy/message_set.h"

namespace ductus::sandbox::legacy {

void EventFeed::append_due(base::Time now, ByteLog& log) {
  const std::int64_t end = events_.end_offset(now);
  while (appended_ < end) {
    const std::int64_t set_end = std::min(appended_ + events_.records_per_batch(), end);
    kafka::Writer set;
    for (; appended_ < set_end; ++appended_) {
      const std::string event = EventLog::value(partition_, appended_);
      write_entry(line_, Codec::kNone, {reinterpret_cast<const std::uint8_t*>(event.data()), event.size()}, set);
    }
    log.append(set.bytes(), events_.timestamp_ms(set_end - 1));
  }
}

}  // namespace ductus::sandbox::legacy
