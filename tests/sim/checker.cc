#include "sim/checker.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace ductus::sim {

void Checker::violated(std::string promise, std::string what) {
  if (!violation_) violation_ = Violation{std::move(promise), std::move(what)};
}

bool Checker::visible(const Record& record) const {
  if (!rules.read_committed) return record.fate != Record::Fate::kControl;
  return record.fate == Record::Fate::kPlain || record.fate == Record::Fate::kCommitted;
}

Log& Checker::log_of(const Place& place, const ports::TopicId& id) {
  return logs_.incarnation(place.topic, id).logs.at(static_cast<std::size_t>(place.partition));
}

const Record* Checker::first_missing(const Log& log, std::int64_t from, std::int64_t to, std::int32_t epoch,
                                     bool unless_durable) const {
  for (std::size_t i = log.batch_at(from); i < log.batches.size() && log.batches[i].base < to; ++i) {
    for (const Uid uid : log.batches[i].records) {
      const Record& record = logs_.records[uid];
      if (record.offset < from || record.offset >= to || !record.there || record.excused) continue;
      if (!visible(record) || !record.on_branch(epoch)) continue;
      if (unless_durable && record.durable) continue;
      return &record;
    }
  }
  return nullptr;
}

// ---- the data path ---------------------------------------------------------------------------------------

// An offset that a policy chose is stored before the first fetch, and no log is read without an offset of its own.
void Checker::on_fetch(const AskedSet& asked) {
  const Place place{asked.topic->name, asked.partition};
  const auto durable = store_.durable(key_of(place));
  if (!durable) return violated("fail closed", name_of(place) + " is fetched, and no offset of it is stored");
  const bool knows_id = durable->topic_id != ports::TopicId{};
  if (knows_id && durable->topic_id != asked.topic->id) {
    return violated("fail closed", name_of(place) + ": the stored offset is of another topic of that name");
  }
  for (const HandlerView* handler : handlers) {
    if (handler->place == place && handler->deferred_at && asked.offset <= *handler->deferred_at) {
      violated("order", name_of(place) + ": the batch at offset " + std::to_string(*handler->deferred_at) +
                            " is deferred, and fetched again");
    }
  }
  if (asked.offset < durable->next_offset) {
    violated("order", name_of(place) + " is fetched from offset " + std::to_string(asked.offset) +
                          ", below the stored " + std::to_string(durable->next_offset));
  }
}

void Checker::on_offered(HandlerView& handler, const Batch& batch) {
  ++batches;
  handler.deferred_at.reset();
  if (paused_before_.contains(handler.place)) {
    return violated("operators", name_of(handler.place) + " is offered, though it was paused before the node began");
  }
  if (views_[handler.place].begins_moved) {
    return violated("fail closed", name_of(handler.place) + " is read on, though somebody else has moved its offset");
  }
  const HandlerView before = {handler.place, handler.has_sync, handler.log, handler.delivered, handler.last, {}, {}};
  for (const Message& message : batch) {
    Uid uid = 0;
    const std::string_view value = message.value();
    if (value.size() >= sizeof uid) std::memcpy(&uid, value.data(), sizeof uid);
    if (uid >= logs_.records.size() || value != Logs::value_of(uid)) {
      return violated("order", name_of(handler.place) + ": a message at offset " + std::to_string(message.offset()) +
                                   " that nobody wrote");
    }
    const Record& record = logs_.records[uid];
    const std::string where = name_of(handler.place) + ": the message of offset " + std::to_string(record.offset);
    if (record.offset != message.offset()) {
      return violated("order", where + " is offered as " + std::to_string(message.offset()));
    }
    if (!visible(record)) return violated("order", where + " is offered: a marker, or of no committed transaction");
    counts_bytes() ? check_next_entry(handler, *record.log, record) : check_order(handler, *record.log, record);
    handler.last = uid;
  }
  if (!batch.empty() && !violation_ && !logs_.records[handler.last].ends_entry) {
    violated("order",
             name_of(handler.place) + ": a batch ends within the entry of offset " + std::to_string(handler.delivered));
  }
  handler.log = before.log;
  handler.delivered = before.delivered;
  handler.last = before.last;
}

void Checker::check_order(HandlerView& handler, Log& log, const Record& record) {
  const std::optional<Position>& begins_at = views_[handler.place].begins_at;
  if (!begins_at) return violated("fail closed", name_of(handler.place) + " is offered, and no offset of it is stored");
  const bool goes_on = handler.log == &log && handler.delivered >= 0;
  const bool is_stored_log = &log_of(handler.place, begins_at->topic_id) == &log;
  const std::int64_t floor = goes_on ? handler.delivered + 1 : is_stored_log ? begins_at->next_offset : 0;
  const std::string where = name_of(handler.place) + ": offset " + std::to_string(record.offset);
  if (record.offset < floor) {
    return violated("order", where + " is offered, though all below " + std::to_string(floor) +
                                 (goes_on ? " was accepted" : " is stored"));
  }
  if (const Record* skipped = first_missing(log, floor, record.offset, record.epoch, false)) {
    return violated("order", where + " is offered, and " + std::to_string(skipped->offset) + " before it was not");
  }
  handler.log = &log;
  handler.delivered = record.offset;
}

// Where the log was lost or made anew below it and has grown since, nothing tells a reader so: if an entry begins there
// by chance, it goes on.
void Checker::check_next_entry(HandlerView& handler, Log& log, const Record& record) {
  const std::optional<Position>& begins_at = views_[handler.place].begins_at;
  if (!begins_at) return violated("fail closed", name_of(handler.place) + " is offered, and no offset of it is stored");
  const bool goes_on = handler.delivered >= 0;
  const std::int32_t known_epoch =
      goes_on ? logs_.records[handler.last].epoch : views_[handler.place].begins_before_cut;
  const Record& last = logs_.records[handler.last];
  const std::string where = name_of(handler.place) + ": message " + std::to_string(record.part + 1) +
                            " of the entry of offset " + std::to_string(record.offset) + " is offered";
  if (goes_on && !last.ends_entry) {
    if (record.offset == last.offset && record.part == last.part + 1) {
      return;
    }
    return violated("order", where + " within that of " + std::to_string(last.offset));
  }
  std::int64_t place = goes_on ? last.offset + last.entry_bytes : begins_at->next_offset;
  for (auto hollow = log.hollows.find(place); hollow != log.hollows.end() && place < record.offset;
       hollow = log.hollows.find(place)) {
    place = hollow->second;
  }
  if (record.offset != place || record.part != 0) {
    return violated("order", where + ", and what comes next is at " + std::to_string(place));
  }
  // A log that was made anew may have grown past the place between the load of the offset and the first answer.
  const bool may_be_another_log = known_epoch < log.cut_epoch || (!goes_on && log.cut_epoch > 0);
  if (may_be_another_log && record.epoch >= log.cut_epoch) excuse_below(log, record.offset);
  handler.log = &log;
  handler.delivered = record.offset;
}

void Checker::on_ok(HandlerView& handler, const Batch& batch) {
  View& view = views_[handler.place];
  for (const Message& message : batch) {
    Uid uid = 0;
    std::memcpy(&uid, message.value().data(), sizeof uid);
    Record& record = logs_.records[uid];
    record.accepted = true;
    handler.log = record.log;
    handler.delivered = record.offset;
    handler.last = uid;
    view.read_epoch = record.epoch;
    view.read_end = record.offset + record.entry_bytes;
    ++messages;
    if (handler.has_sync) {
      handler.unsynced.push_back(uid);
    } else {
      record.durable = true;
    }
  }
  view.unstored.push_back(batch.next_offset());
  const std::size_t limit = std::max(rules.max_uncommitted_batches, 1u);
  if (view.unstored.size() > limit) {
    violated("bounded repeats", name_of(handler.place) + ": " + std::to_string(view.unstored.size()) +
                                    " accepted batches are not stored; the limit is " + std::to_string(limit));
  }
}

void Checker::on_deferred(HandlerView& handler, const Batch& batch) { handler.deferred_at = batch.begin()->offset(); }

void Checker::on_synced(HandlerView& handler) {
  for (const Uid uid : handler.unsynced) logs_.records[uid].durable = true;
  handler.unsynced.clear();
}

void Checker::on_loaded(const ports::TopicPartition& partition, const std::optional<Position>& position) {
  const Place place{partition.topic, partition.partition};
  View& view = views_[place];
  view.begins_at = view.last = position;
  view.begins_moved = view.conflict;
  view.jumps = false;  // what a policy chose was not stored
  view.read_epoch = -1;
  if (counts_bytes() && position) {
    // What has been written below it since the log was lost there, it does not know.
    Log& log = log_of(place, {});
    view.begins_before_cut = log.cut_epoch;
    if (log.cut_epoch > 0) excuse_below(log, position->next_offset);
  }
  const auto set_live = std::exchange(view.set_live, std::nullopt);
  if (set_live && (!position || position->next_offset != *set_live)) {
    violated("operators", name_of(place) + " was set to offset " + std::to_string(*set_live) + ", and is loaded at " +
                              (position ? std::to_string(position->next_offset) : std::string("none")));
  }
}

void Checker::on_stored(const ports::StoredPosition& stored) {
  const Place place{stored.partition.topic, stored.partition.partition};
  const Position& position = stored.position;
  View& view = views_[place];
  Log& log = log_of(place, position.topic_id);
  if (stored.partition != key_of(place)) {
    return violated("order", name_of(place) + " is stored in " + std::string(ports::name_of(stored.partition.unit)));
  }
  if (counts_bytes() && !log.boundaries.contains(position.next_offset)) {
    return violated("order", name_of(place) + ": offset " + std::to_string(position.next_offset) +
                                 " is stored, where no entry begins");
  }
  const std::optional<Position> before = store_.durable(stored.partition);
  if (!before && rules.may_begin_at_latest) excuse_below(log, position.next_offset);
  const std::optional<Position> last = std::exchange(view.last, position);
  // An operator's offset says nothing of the branch: it is taken as it is, whatever has been written below it since.
  const bool may_be_of_other_branch = !counts_bytes() && last && last->leader_epoch < 0;
  if (may_be_of_other_branch && last->topic_id == position.topic_id) excuse_below(log, last->next_offset);
  const bool goes_on = last && last->topic_id == position.topic_id && position.next_offset >= last->next_offset;
  const bool jumps = std::exchange(view.jumps, false);
  if (jumps || !goes_on) moved(place, position);
  if (jumps && counts_bytes()) view.begins_before_cut = view.jumped_before_cut;  // what was looked up was that log's
  while (!view.unstored.empty() && view.unstored.front() <= position.next_offset) view.unstored.pop_front();

  const std::int32_t epoch = claimed_epoch(view, log, position);
  const bool is_newest = epoch >= log.cut_epoch;
  const Record* missing = first_missing(log, log.checked, position.next_offset, epoch, true);
  // An entry without a message behind those of a branch that is gone may be of either.
  const bool knows_branch = counts_bytes() ? !is_newest && view.read_epoch >= 0 && position.next_offset <= view.read_end
                                           : position.leader_epoch >= 0;
  for (const Uid uid : log.cut) {
    const Record& record = logs_.records[uid];
    const bool claimed = knows_branch && record.offset < position.next_offset;
    if (claimed && record.on_branch(epoch) && visible(record) && !record.durable && !record.excused) missing = &record;
  }
  if (missing != nullptr) {
    return violated("no loss", name_of(place) + ": offset " + std::to_string(position.next_offset) +
                                   " is stored, and the message of " + std::to_string(missing->offset) +
                                   (missing->accepted ? " is not synced" : " was not accepted"));
  }
  if (is_newest) log.checked = std::max(log.checked, position.next_offset);
}

std::int32_t Checker::claimed_epoch(const View& view, const Log& log, const Position& position) const {
  if (position.leader_epoch >= 0) return position.leader_epoch;
  if (counts_bytes() && view.read_epoch >= 0) return view.read_epoch;
  // Nothing with a message was read since the log was lost: whoever goes on over entries without one does not know.
  return counts_bytes() && view.begins_before_cut < log.cut_epoch ? view.begins_before_cut : log.epoch;
}

void Checker::moved(const Place& place, const Position& to) {
  views_[place].begins_at = to;
  views_[place].begins_before_cut = log_of(place, to.topic_id).cut_epoch;
  views_[place].read_epoch = -1;
  for (HandlerView* handler : handlers) {
    if (handler->place != place) continue;
    handler->delivered = -1;
    handler->deferred_at.reset();
  }
}

void Checker::excuse_below(Log& log, std::int64_t below, std::int64_t from) {
  for (const Uid uid : log.cut) {
    Record& record = logs_.records[uid];
    if (record.offset >= from && record.offset < below) record.excused = true;
  }
  for (std::size_t i = log.batch_at(from); i < log.batches.size() && log.batches[i].base < below; ++i) {
    for (const Uid uid : log.batches[i].records) {
      Record& record = logs_.records[uid];
      if (record.offset >= from && record.offset < below) record.excused = true;
    }
  }
}

// ---- what the log says -----------------------------------------------------------------------------------

// "events/0: lost offsets 12 to 40: …", "… 12 to the end: …"
void Checker::on_log_line(std::string_view line) {
  if (line.starts_with("supervision: back to level A")) level = 'A';
  if (line.starts_with("supervision: level B")) level = 'B', ++levels_b;
  if (line.starts_with("supervision: level C")) level = 'C', ++levels_c;
  constexpr std::string_view kLost = ": lost offsets ";
  const std::size_t at = line.find(kLost);
  if (at == std::string_view::npos) return;
  const std::string_view name = line.substr(0, at);
  const std::size_t slash = name.rfind('/');
  Place place{std::string(name.substr(0, slash)), 0};
  std::from_chars(name.data() + slash + 1, name.data() + name.size(), place.partition);
  std::int64_t from = 0;
  const char* const end = line.data() + line.size();
  const char* next = std::from_chars(line.data() + at + kLost.size(), end, from).ptr;
  constexpr std::string_view kTo = " to ";
  std::int64_t to = 0;
  const bool has_to = std::from_chars(next + kTo.size(), end, to).ec == std::errc();
  views_[place].jumps = true;
  views_[place].jumped_before_cut = log_of(place, {}).cut_epoch;
  if (has_to) excuse_below(log_of(place, {}), to, from);
  // The rest of a topic that is gone; or of one that is gone already, though who looked up its offset did not know.
  for (Topic* topic : logs_.former(place.topic)) {
    if (static_cast<std::size_t>(place.partition) >= topic->logs.size()) continue;
    Log& log = topic->logs[static_cast<std::size_t>(place.partition)];
    excuse_below(log, has_to ? to : log.end, from);
  }
}

// ---- the node's life -------------------------------------------------------------------------------------

void Checker::on_handler_gone(HandlerView& handler) {
  for (const Uid uid : handler.unsynced) logs_.records[uid].accepted = false;
  views_[handler.place].unstored.clear();
  std::erase(handlers, &handler);
}

void Checker::on_ended(int exit_code) {
  for (const HandlerView* handler : handlers) {
    violated("no loss", name_of(handler->place) + ": the node has ended, and its handler was not stopped");
  }
  if (!until_end_ || exit_code != 0) return;
  for (const auto& [place, view] : views_) {
    if (view.end_log == nullptr || view.end_log->cut_epoch > 0) continue;
    const auto durable = store_.durable(key_of(place));
    if (&log_of(place, {}) != view.end_log || (durable && durable->next_offset >= view.end_at)) continue;
    violated("until the end", name_of(place) + " is said to be read to the end, which was at offset " +
                                  std::to_string(view.end_at) + ", and is stored at " +
                                  (durable ? std::to_string(durable->next_offset) : std::string("none")));
  }
}

void Checker::on_handler_stop(const HandlerView& handler, bool in_a_drain) {
  const View& view = views_[handler.place];
  if (in_a_drain && !view.unstored.empty() && store_.refusals == refusals_before_) {
    violated("bounded repeats", name_of(handler.place) + ": its handler is stopped in a drain, and " +
                                    std::to_string(view.unstored.size()) + " accepted batches are not stored");
  }
}

void Checker::on_operator_set(const Place& place, std::int64_t offset) {
  Log& log = log_of(place, {});
  excuse_below(log, offset);
  if (counts_bytes() && !log.boundaries.contains(offset)) log.is_sound = false;
  views_[place].unstored.clear();
  views_[place].set_live.reset();
}

void Checker::on_operator_set_live(const Place& place, std::int64_t offset) {
  on_operator_set(place, offset);
  View& view = views_[place];
  view.conflict = false;
  view.set_live = offset;
}

void Checker::on_moved(const Place& place) {
  end_is_unclear();
  views_[place].set_live.reset();
}

void Checker::on_rewound() {
  end_is_unclear();
  for (auto& [place, view] : views_) view.set_live.reset();
}

void Checker::on_resumed(const Place& place) {
  paused_.erase(place);
  paused_before_.erase(place);
  views_[place].conflict = false;
}

// ---- stalls ----------------------------------------------------------------------------------------------

void Checker::on_status(const operate::StatusReport& report) {
  if (report.state != "running") {  // a name of its own
    for (auto& [place, view] : views_) view.stuck_at.reset();
    return;
  }
  std::set<Place> told;
  for (const operate::PartitionStatus& partition : report.partitions) {
    if (partition.partition < 0) continue;
    const Place place{partition.topic, partition.partition};
    told.insert(place);
    check_stop(place, partition);
    View& view = views_[place];
    const Topic& topic = logs_.topic(place.topic);
    const bool is_there = static_cast<std::size_t>(place.partition) < topic.logs.size();
    const std::int64_t next = partition.next_offset.value_or(-1);
    const bool behind =
        is_there && topic.logs[static_cast<std::size_t>(place.partition)].readable_end(rules.read_committed) > next;
    const bool unnamed = partition.state == "ok" || partition.state == "behind" ||
                         (partition.state == "starting" && partition.reason.empty());
    if (!behind || !unnamed || view.stuck_at != next) {
      view.stuck_at = next;
      view.stuck_since = timeline_.now();
      continue;
    }
    // Who asks an old leader that answers as ever, and is told of no other one, cannot know better.
    const base::Time hidden_until =
        std::min(topic.logs[static_cast<std::size_t>(place.partition)].old_leader_until, logs_.leaders_hidden_until);
    view.stuck_since = std::max(view.stuck_since, std::min(hidden_until, timeline_.now()));
    if (timeline_.now() - view.stuck_since > 2 * rules.stall_after + std::chrono::seconds(45)) {
      violated("no silent stall", name_of(place) + " does not move from offset " + std::to_string(next) +
                                      ", and status says \"" + partition.state + "\"");
    }
  }
  for (auto& [place, view] : views_) {
    if (!told.contains(place)) view.stuck_at.reset();  // it is not configured
  }
}

void Checker::check_stop(const Place& place, const operate::PartitionStatus& partition) {
  if (!counts_bytes() || partition.state != "stopped" || !log_of(place, {}).is_sound) return;
  if (partition.reason.find("no message that can be read") == std::string::npos) return;
  violated("no false stop", name_of(place) + " is stopped, and its log is sound: " + partition.reason);
}

void Checker::node_is_new(bool until_end) {
  until_end_ = until_end;
  level = 'A';
  paused_before_ = paused_;
  refusals_before_ = store_.refusals;
  for (auto& [place, view] : views_) {
    view.stuck_at.reset();
    view.jumps = view.conflict = view.begins_moved = false;
    view.end_log = nullptr;
  }
  for (const std::string& name : logs_.names()) {
    const Topic& topic = logs_.topic(name);
    for (std::size_t i = 0; i < topic.logs.size() && until_end; ++i) {
      View& view = views_[{name, static_cast<std::int32_t>(i)}];
      view.end_log = &topic.logs[i];
      view.end_at = topic.logs[i].readable_end(rules.read_committed);
    }
  }
}

void Checker::on_all_read(std::size_t budget_used, std::size_t connections) {
  constexpr std::size_t kReservedByRequest = 1 << 20;
  if (budget_used <= connections * kReservedByRequest) return;
  violated("byte budget", "everything is read and stored, and " + std::to_string(budget_used) + " bytes are held");
}

bool Checker::all_is_read(std::string* what_is_not) {
  for (const std::string& name : logs_.names()) {
    Topic& topic = logs_.topic(name);
    for (std::size_t i = 0; i < topic.logs.size(); ++i) {
      const Log& log = topic.logs[i];
      const Place place{name, static_cast<std::int32_t>(i)};
      const auto durable = store_.durable(key_of(place));
      const bool is_its_own = durable && (durable->topic_id == topic.id || durable->topic_id == ports::TopicId{});
      const std::int64_t end = log.readable_end(rules.read_committed);
      const Record* missing = first_missing(log, 0, end, log.epoch, true);
      if (is_its_own && durable->next_offset >= end && missing == nullptr) continue;
      *what_is_not = name_of(place) + " is read to offset " +
                     (durable ? std::to_string(durable->next_offset) : std::string("none")) + " of " +
                     std::to_string(end);
      if (missing != nullptr) *what_is_not += ", without the message of " + std::to_string(missing->offset);
      return false;
    }
  }
  return true;
}

}  // namespace ductus::sim
