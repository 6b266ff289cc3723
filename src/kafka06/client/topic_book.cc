#include "kafka06/client/topic_book.h"

#include <algorithm>
#include <utility>

namespace ductus::kafka06 {
namespace {

bool is_possible(const std::string& name) { return !name.empty() && name.size() <= kMaxTopicBytes; }

// A name that no broker takes, or a number of partitions that none has.
std::optional<Error> why_impossible(const std::string& name, std::int32_t named_partitions) {
  if (!is_possible(name)) {
    return Error{ErrorCode::kInvalid, "a topic's name has from 1 to " + std::to_string(kMaxTopicBytes) +
                                          " bytes, this one " + std::to_string(name.size())};
  }
  if (named_partitions > kMaxNamedPartitions) {
    return Error{ErrorCode::kLimit, "topic " + name + ": " + std::to_string(named_partitions) +
                                        " partitions are named, at most " + std::to_string(kMaxNamedPartitions) +
                                        " can be: correct `partitions` of the topic"};
  }
  return std::nullopt;
}

Error why_missing(const std::string& name, std::int32_t partitions, BrokerError refusal, const std::string& broker) {
  const std::string where = "topic " + name + " at " + broker;
  if (refusal != BrokerError::kNone) return error_of(where, refusal);
  return {ErrorCode::kNotFound, where + ": none of its partitions 0 to " + std::to_string(partitions - 1) +
                                    " has a log: the name is wrong, or nothing was written to it yet"};
}

}  // namespace

std::uint32_t TopicBook::add(const std::string& name) {
  const auto [entry, is_new] = by_name_.try_emplace(name, static_cast<std::uint32_t>(topics_.size()));
  if (is_new) {
    Topic& topic = topics_.emplace_back();
    topic.name = name;
    topic.is_possible = is_possible(name);
    topic.may_ask = topic.is_possible && (settings_.line == Line::k07 || settings_.may_create_topics);
  }
  return entry->second;
}

void TopicBook::watch(const std::string& name, std::int32_t named_partitions, base::Time now,
                      ports::SourceEffects& out) {
  Topic& topic = topics_[add(name)];
  topic.watched = true;
  topic.named_partitions = std::max(named_partitions, 1);
  topic.next_partition = 0;
  topic.refusal.reset();
  topic.told_missing.reset();
  if (const auto problem = why_impossible(name, named_partitions)) return missing(topic, *problem, out);
  if (settings_.line == Line::k06) return found(topic, out);
  topic.check_at = now;
}

void TopicBook::unwatch(const std::string& name) {
  Topic& topic = topics_[add(name)];
  topic.watched = false;
  topic.check_at = base::Time::max();
}

TopicBook::Check TopicBook::take_due(base::Time now) {
  for (std::uint32_t index = 0; index < topics_.size(); ++index) {
    Topic& topic = topics_[index];
    if (topic.check_at > now) continue;
    topic.check_at = base::Time::max();
    const std::int32_t left = topic.named_partitions - topic.next_partition;
    return {index, topic.next_partition, std::min(left, static_cast<std::int32_t>(settings_.partitions_per_request))};
  }
  return {};
}

base::Time TopicBook::next_due(base::Time now) const noexcept {
  base::Time next = base::Time::max();
  for (const Topic& topic : topics_) {
    if (topic.check_at > now) next = std::min(next, topic.check_at);
  }
  return next;
}

void TopicBook::answered(const Check& check, std::span<const FetchedPart> parts, const std::string& broker,
                         base::Time now, ports::SourceEffects& out) {
  Topic& topic = topics_[check.topic];
  if (!topic.watched || topic.next_partition != check.first) return;  // watched anew since
  for (const FetchedPart& part : parts) {
    if (part.error == BrokerError::kOffsetOutOfRange) return found(topic, out);
    // That there is no log says more than that there can be none.
    if (part.error == BrokerError::kNone || !topic.refusal) topic.refusal = part.error;
  }
  topic.next_partition += check.count;
  if (topic.next_partition < topic.named_partitions) {
    topic.check_at = now;
    return;
  }
  topic.next_partition = 0;
  topic.check_at = now + settings_.missing_topic_retry;
  const BrokerError refusal = std::exchange(topic.refusal, std::nullopt).value_or(BrokerError::kNone);
  missing(topic, why_missing(topic.name, topic.named_partitions, refusal, broker), out);
}

void TopicBook::given_up(const Check& check) noexcept {
  Topic& topic = topics_[check.topic];
  if (topic.watched && topic.next_partition == check.first) topic.check_at = base::Time::min();
}

void TopicBook::found(Topic& topic, ports::SourceEffects& out) {
  topic.check_at = base::Time::max();
  topic.told_missing.reset();
  out.emplace_back(ports::TopicFound{topic.name, {}, topic.named_partitions, ports::OffsetUnit::kBytes});
}

void TopicBook::missing(Topic& topic, const Error& why, ports::SourceEffects& out) {
  if (topic.told_missing == why.message) return;
  topic.told_missing = why.message;
  out.emplace_back(ports::TopicMissing{topic.name, why});
}

}  // namespace ductus::kafka06
