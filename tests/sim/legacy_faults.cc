#include "sim/legacy_faults.h"

#include <algorithm>
#include <iterator>

namespace ductus::sim::legacy {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string ms_of(base::Duration duration) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(duration).count()) + " ms";
}
std::string name_of(const Place& place) { return place.topic + "/" + std::to_string(place.partition); }

}  // namespace

std::string hangs_up(FaultTools& it) {
  Broker& broker = it.any_broker();
  broker.hangs_up_until = it.until(milliseconds(100), minutes(2));
  return "the broker hangs up now and then for " + ms_of(broker.hangs_up_until - it.now());
}

std::string flushes_late(FaultTools& it) {
  Broker& broker = it.any_broker();
  it.world.legacy->keep_unflushed(broker, it.until(milliseconds(100), minutes(1)));
  it.world.checker.end_is_unclear();
  return "the broker flushes nothing for " + ms_of(broker.keeps_unflushed_until - it.now());
}

std::string error_code(FaultTools& it) {
  constexpr std::int16_t kCodes[] = {-1, 1, 2, 3, 4, 77};
  const Place place = it.any_place();
  const PlaceError error{it.until(milliseconds(50), minutes(2)), kCodes[it.random.below(std::size(kCodes))]};
  it.world.brokers.errors[place] = error;
  return name_of(place) + " is answered with error " + std::to_string(error.code) + " for " +
         ms_of(error.until - it.now());
}

std::string segments_deleted(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  if (log.end <= log.start) return {};
  const bool all = log.segments.size() == 1 || it.random.chance(0.3);
  it.world.logs.trim(log, all ? log.end : log.segments[1 + it.random.below(log.segments.size() - 1)]);
  return name_of(place) + " begins at offset " + std::to_string(log.start) + " of " + std::to_string(log.end);
}

std::string log_damaged(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  if (log.batches.empty()) return {};
  const std::size_t back = it.random.below(std::min<std::size_t>(log.batches.size(), 20));
  LogBatch& entry = log.batches[log.batches.size() - 1 - back];
  it.world.logs.damage(log, entry, it.random);
  return name_of(place) + " is damaged at offset " + std::to_string(entry.base);
}

std::string log_made_anew(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  const std::int64_t end = log.end;
  it.world.logs.make_anew(log);
  return name_of(place) + ", which ended at offset " + std::to_string(end) + ", is deleted and made anew";
}

std::string topic_deleted(FaultTools& it) {
  const Place place = it.any_place();
  const base::Time until = it.until(milliseconds(100), minutes(2));
  for (Log& log : it.world.logs.topic(place.topic).logs) {
    if (log.leader < 0) return {};
  }
  for (Log& log : it.world.logs.topic(place.topic).logs) {
    it.world.logs.make_anew(log);
    log.leader = -1;
  }
  it.world.timeline.at(until, 0, [&world = it.world, name = place.topic] {
    for (Log& log : world.logs.topic(name).logs) log.leader = 1;
  });
  return "topic " + place.topic + " is not there for " + ms_of(until - it.now());
}

std::string offset_misplaced(FaultTools& it) {
  if (it.node() == nullptr || it.node()->draining()) return {};
  const Place place = it.any_place();
  const Log& log = it.log_of(place);
  if (log.batches.empty()) return {};
  const LogBatch& entry = log.batches[it.random.below(log.batches.size())];
  const std::int64_t offset = it.random.between(entry.base + 1, entry.last);
  if (it.random.chance(0.5)) {
    it.node()->set_offset(place, {offset, -1, {}});
  } else {
    it.operator_resets(place, offset);
    it.node()->drain();
  }
  return "an operator sets " + name_of(place) + " to offset " + std::to_string(offset) + ", within an entry";
}

}  // namespace ductus::sim::legacy
