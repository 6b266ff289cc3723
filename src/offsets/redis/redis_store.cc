#include "offsets/redis/redis_store.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/escape.h"
#include "offsets/journal.h"
#include "offsets/redis/act_text.h"
#include "offsets/redis/layout.h"
#include "offsets/round.h"

namespace ductus::offsets {
namespace {

using ports::KnownTopic;
using ports::OperatorChange;
using ports::Position;
using ports::StoredPosition;
using ports::StoredTopic;
using ports::TopicPartition;

constexpr std::size_t kMaxShownBytes = 64;

// What a script says of a value that is longer than any of ours.
constexpr std::size_t kTooLongBytes = 65;

bool outcome_unknown(const Error& error) {
  return error.code == ErrorCode::kTimedOut || error.code == ErrorCode::kUnreachable ||
         error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kLimit;
}

// A name for the lock: 64 bits of FNV-1a keep it short. Source: RFC draft-eastlake-fnv.
std::string lock_name(const RedisSettings& server, const std::string& handler_name, const std::string& machine) {
  std::uint64_t hash = 0xCBF29CE484222325;
  const std::string text = server.server.to_text() + "/" + std::to_string(server.database) + "/" + handler_name;
  for (const char c : text + "@" + machine) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return "ductus.redis." + std::to_string(hash);
}

}  // namespace

RedisStore::RedisStore(net::NameLock lock, RedisSettings server, const std::string& handler_name, RedisOwner owner,
                       std::function<void(const std::string&)> warn)
    : lock_(std::move(lock)), session_(std::move(server), handler_name, std::move(owner), std::move(warn)) {}

Result<std::unique_ptr<RedisStore>> RedisStore::open(RedisStoreSettings settings) {
  const std::string name = lock_name(settings.server, settings.handler_name, settings.machine);
  const std::string what = "the offsets of '" + base::escaped(settings.handler_name, 255) + "' in Redis at " +
                           settings.server.server.to_text();
  auto lock = net::NameLock::acquire(name, what, settings.owner);
  if (!lock) return std::move(lock).error();
  std::unique_ptr<RedisStore> store(new RedisStore(
      *std::move(lock), std::move(settings.server), settings.handler_name,
      {settings.owner, std::move(settings.machine), name, std::move(settings.owner_name)}, std::move(settings.warn)));
  auto opened = store->session_.renew();
  if (opened) return store;
  const ErrorCode code = opened.error().code;
  const bool may_pass = code == ErrorCode::kUnreachable || code == ErrorCode::kTimedOut || code == ErrorCode::kIo;
  if (settings.owner == base::LockOwner::kNode && may_pass) return store;
  return std::move(opened).error();
}

std::optional<std::chrono::milliseconds> RedisStore::keep_alive_every() const { return kKeepAliveEvery; }

Error RedisStore::damaged(const std::string& key, const std::string& field, const std::string& found) const {
  const std::string shown =
      found.size() == kTooLongBytes ? "more than 64 bytes" : "'" + base::escaped(found, kMaxShownBytes) + "'";
  return {ErrorCode::kCorrupt, "Redis at " + session_.name() + ": hash '" + base::escaped(key, 255) + "' field '" +
                                   base::escaped(field, 255) + "' holds " + shown +
                                   ", which ductus did not write and cannot read; set it right or delete it"};
}

Error RedisStore::answer_cut() const {
  return {ErrorCode::kCorrupt, "Redis at " + session_.name() + ": not the answer of a script of ours"};
}

Result<Position> RedisStore::position_at(const std::string& field, const std::string& place) const {
  if (auto position = position_in(place)) return *position;
  // The script has put " -1 -" behind what stands in the hash alone.
  const std::string found = place.ends_with(" -1 -") ? place.substr(0, place.size() - 5) : place;
  return damaged(session_.hash(), field, found);
}

// ---- reading ---------------------------------------------------------------------------------------------

Result<std::vector<std::string>> RedisStore::read_places(std::span<const TopicPartition> partitions) {
  std::vector<std::string> fields;
  for (const TopicPartition& partition : partitions) fields.push_back(field_of(partition));
  auto answer = session_.call(session_.scripts().load, fields);
  if (!answer) return std::move(answer).error();
  if (answer->size() != fields.size() + 1) return answer_cut();
  std::vector<std::string> places;
  for (std::size_t i = 1; i < answer->size(); ++i) places.push_back(std::move((*answer)[i].text));
  return places;
}

Result<std::vector<std::optional<Position>>> RedisStore::load(std::span<const TopicPartition> partitions) {
  auto places = read_places(partitions);
  if (!places) return std::move(places).error();
  std::vector<std::optional<Position>> found;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    std::string& place = (*places)[i];
    std::optional<Position> position;
    if (place != "-") {
      auto valid = position_at(field_of(partitions[i]), place);
      if (!valid) return std::move(valid).error();
      position = *valid;
    }
    found.push_back(position);
  }
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    known_[partitions[i]] = std::move((*places)[i]);
    unsure_.erase(partitions[i]);
  }
  return found;
}

Result<std::vector<std::optional<KnownTopic>>> RedisStore::load_topics(std::span<const std::string> topics) {
  auto answer = session_.call(session_.scripts().load_topics, {topics.begin(), topics.end()});
  if (!answer) return std::move(answer).error();
  if (answer->size() != topics.size() + 1) return answer_cut();
  std::vector<std::optional<KnownTopic>> found;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const RedisReply& text = (*answer)[i + 1];
    found.emplace_back();
    if (text.kind == RedisReply::Kind::kNil) continue;
    found.back() = topic_in(text.text);
    if (!found.back()) return damaged(session_.hash() + ":meta", "topic/" + topics[i], text.text);
  }
  return found;
}

Result<ports::StoreEntries> RedisStore::entries() {
  const std::string most = std::to_string(ports::kMaxStoreEntries);
  auto answer = session_.call(session_.scripts().entries, {most, most});
  if (!answer) return std::move(answer).error();
  if ((*answer)[0].text == "limit") return too_many_entries();
  const auto positions = answer->size() < 2 ? -1 : (*answer)[1].integer;
  if (positions < 0 || answer->size() % 2 != 0 || static_cast<std::size_t>(positions) > answer->size() / 2 - 1) {
    return answer_cut();
  }
  ports::StoreEntries all;
  for (std::size_t i = 2; i < answer->size(); i += 2) {
    const std::string& field = (*answer)[i].text;
    const std::string& text = (*answer)[i + 1].text;
    if (i >= 2 + 2 * static_cast<std::size_t>(positions)) {
      const auto known = topic_in(text);
      if (!known) return damaged(session_.hash() + ":meta", "topic/" + field, text);
      all.topics.push_back({field, *known});
    } else if (auto partition = partition_of(field)) {
      auto position = position_at(field, text);
      if (!position) return std::move(position).error();
      all.positions.push_back({*std::move(partition), *position});
    }
  }
  std::ranges::sort(all.positions, {}, &StoredPosition::partition);
  std::ranges::sort(all.topics, {}, &StoredTopic::topic);
  return all;
}

Result<std::vector<ports::JournalAct>> RedisStore::journal(std::size_t limit) {
  auto answer = session_.call(session_.scripts().journal,
                              {std::to_string(std::min(limit, ports::kMaxJournalActs)),
                               std::to_string(ports::kMaxStoreEntries), std::to_string(kMaxActBytes)});
  if (!answer) return std::move(answer).error();
  std::vector<ports::JournalAct> acts;
  for (std::size_t i = 1; i < answer->size(); ++i) {
    auto act = act_in((*answer)[i].text);
    if (!act) {
      return Error{ErrorCode::kCorrupt, "Redis at " + session_.name() + ": list '" +
                                            base::escaped(session_.hash(), 255) + ":journal' element -" +
                                            std::to_string(i) + " is no act that ductus wrote; delete it"};
    }
    acts.push_back(*std::move(act));
  }
  return acts;
}

// ---- writing ---------------------------------------------------------------------------------------------

// The lease has a new fence by now, so that what was sent before can happen no more.
Result<void> RedisStore::read_back() {
  if (auto opened = session_.open(); !opened) return opened;
  if (unsure_.empty()) return {};
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, tried] : unsure_) partitions.push_back(partition);
  const auto places = read_places(partitions);
  if (!places) return places.error();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    // What is neither the old nor the tried place is somebody else's: the next write meets it as a conflict.
    if ((*places)[i] == unsure_.at(partitions[i])) known_[partitions[i]] = (*places)[i];
  }
  unsure_.clear();
  return {};
}

Result<void> RedisStore::store(std::span<const StoredPosition> round) {
  conflicts_.clear();
  if (auto valid = check_round(round); !valid) return valid;
  if (auto read = read_back(); !read) return read;
  std::vector<Write> writes;
  for (const auto& [partition, position] : round) {
    const auto known = known_.find(partition);
    writes.push_back({partition, known == known_.end() ? "" : known->second, place_text(position)});
  }
  return write(writes, {}, nullptr);
}

Result<void> RedisStore::store_topics(std::span<const StoredTopic> topics) {
  conflicts_.clear();
  if (auto valid = check_topics(topics); !valid) return valid;
  return write({}, topics, nullptr);
}

Result<void> RedisStore::change(const OperatorChange& change) {
  conflicts_.clear();
  if (auto valid = check_change(change); !valid) return valid;
  if (auto read = read_back(); !read) return read;
  std::vector<Write> writes;
  for (const auto& [partition, before, after] : change.positions) {
    writes.push_back({partition, place_text(before), place_text(after)});
  }
  auto written = write(writes, change.topics, &change);
  if (written || conflicts_.empty()) return written;
  const ports::PositionChange& first = change.positions[conflicts_.front()];
  const auto found = read_places({&first.partition, 1});
  if (!found) return found.error();
  return changed_meanwhile(first, position_in(found->front()));
}

Result<void> RedisStore::write(const std::vector<Write>& writes, std::span<const StoredTopic> topics,
                               const OperatorChange* noted) {
  std::vector<std::string> arguments{"", std::to_string(writes.size()), std::to_string(ports::kMaxJournalActs),
                                     std::to_string(writes.size())};
  if (noted != nullptr && !writes.empty()) arguments[0] = act_body(journal_act(0, *noted));
  if (arguments[0].size() >= kMaxActBytes) return Error{ErrorCode::kLimit, "a change too large for the journal"};
  for (const auto& [partition, expected, place] : writes) {
    arguments.push_back(field_of(partition));
    arguments.push_back(expected);
    arguments.push_back(place);
  }
  for (const auto& [topic, known] : topics) {
    arguments.push_back(topic);
    arguments.push_back(topic_text(known));
  }
  auto answer = session_.call(session_.scripts().write, arguments);
  if (!answer) {
    if (outcome_unknown(answer.error())) {
      for (const Write& one : writes) unsure_[one.partition] = one.place;
    }
    return std::move(answer).error();
  }
  if ((*answer)[0].text == "ok") {
    for (const Write& one : writes) known_[one.partition] = one.place;
    return {};
  }
  for (std::size_t i = 1; i < answer->size(); ++i) {
    const std::int64_t index = (*answer)[i].integer;
    if (index >= 0 && static_cast<std::size_t>(index) < writes.size())
      conflicts_.push_back(static_cast<std::size_t>(index));
  }
  if (conflicts_.empty()) return answer_cut();
  return Error{ErrorCode::kRefused, "Redis at " + session_.name() + ": hash '" + base::escaped(session_.hash(), 255) +
                                        "' field '" + base::escaped(field_of(writes[conflicts_[0]].partition), 255) +
                                        "'" + (conflicts_.size() > 1 ? " and others" : "") +
                                        ": somebody else changed it; nothing was written"};
}

}  // namespace ductus::offsets
