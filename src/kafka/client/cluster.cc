#include "kafka/client/cluster.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace ductus::kafka {
namespace {

// A name or an address that can be shown and resolved: what a broker says of itself is not trusted.
bool usable(const MetadataResponse::Broker& broker) {
  constexpr std::size_t kMaxHostBytes = 255;  // RFC 1035
  const auto printable = [](char c) { return c > ' ' && c < '\x7f'; };
  return !broker.host.empty() && broker.host.size() <= kMaxHostBytes && broker.port > 0 && broker.port <= 65535 &&
         std::all_of(broker.host.begin(), broker.host.end(), printable);
}

// True if the partitions are 0 … n-1, each once.
bool gapless(std::vector<const MetadataResponse::Partition*>& by_index) {
  std::sort(by_index.begin(), by_index.end(), [](const auto* a, const auto* b) { return a->index < b->index; });
  for (std::size_t i = 0; i < by_index.size(); ++i) {
    if (by_index[i]->index != static_cast<std::int32_t>(i)) return false;
  }
  return true;
}

}  // namespace

Cluster::Cluster(const SourceSettings& settings, LinkHub& hub)
    : settings_(settings), hub_(hub), link_(hub, nullptr, 0), hurry_(settings.retry_min, settings.retry_max) {}

Cluster::TopicIndex Cluster::add_topic(const std::string& name, base::Time now) {
  const auto known = std::find_if(topics_.begin(), topics_.end(), [&](const Topic& t) { return t.name == name; });
  if (known != topics_.end()) {
    if (!std::exchange(known->asked, true)) urgent_at_ = now;
    return static_cast<TopicIndex>(known - topics_.begin());
  }
  topics_.emplace_back().name = name;
  urgent_at_ = now;
  return static_cast<TopicIndex>(topics_.size() - 1);
}

void Cluster::watch(const std::string& name, base::Time now, ports::SourceEffects& out) {
  Topic& topic = topics_[add_topic(name, now)];
  topic.watched = true;
  if (!topic.problem && !topic.leaders.empty()) return tell_found(topic, out);
  topic.told = Topic::Told::kNothing;
  refresh_soon(now);
}

void Cluster::unwatch(const std::string& name) {
  for (Topic& topic : topics_) {
    if (topic.name != name) continue;
    topic.asked = topic.watched = false;
    topic.problem.reset();
  }
}

Cluster::Leader Cluster::leader_of(TopicIndex topic, std::int32_t partition) const {
  const auto& leaders = topics_[topic].leaders;
  if (partition < 0 || static_cast<std::size_t>(partition) >= leaders.size()) return {};
  const Leader& leader = leaders[static_cast<std::size_t>(partition)];
  return brokers_.contains(leader.node_id) ? leader : Leader{};
}

Error Cluster::why_leaderless(TopicIndex index, std::int32_t partition) const {
  const Topic& topic = topics_[index];
  if (topic.problem) return *topic.problem;
  const std::string who = topic.name + "/" + std::to_string(partition);
  if (partition < 0 || static_cast<std::size_t>(partition) >= topic.leaders.size()) {
    return {ErrorCode::kNotFound,
            who + " is not there: the topic has " + std::to_string(topic.leaders.size()) + " partitions"};
  }
  return {ErrorCode::kUnreachable, who + " has no leader"};
}

const Endpoint* Cluster::endpoint_of(std::int32_t node_id) const {
  const auto broker = brokers_.find(node_id);
  return broker == brokers_.end() ? nullptr : &broker->second;
}

bool Cluster::names(const Endpoint& endpoint) const {
  return std::find(settings_.brokers.begin(), settings_.brokers.end(), endpoint) != settings_.brokers.end() ||
         std::any_of(brokers_.begin(), brokers_.end(), [&](const auto& broker) { return broker.second == endpoint; });
}

void Cluster::note_leader(TopicIndex topic, std::int32_t partition, const Leader& said,
                          const std::vector<MetadataResponse::Broker>& brokers) {
  auto& leaders = topics_[topic].leaders;
  if (partition < 0 || static_cast<std::size_t>(partition) >= leaders.size()) return;
  Leader& known = leaders[static_cast<std::size_t>(partition)];
  if (said.node_id < 0 || said.epoch <= known.epoch) return;
  for (const auto& broker : brokers) {
    if (broker.node_id != said.node_id || !usable(broker)) continue;
    brokers_.insert_or_assign(broker.node_id, Endpoint{broker.host, static_cast<std::uint16_t>(broker.port)});
    break;
  }
  if (!brokers_.contains(said.node_id)) return;
  known = said;
  moved_ = true;
}

void Cluster::refresh_soon(base::Time now) {
  if (topics_.empty()) return;
  urgent_at_ = std::min(urgent_at_, std::max(now, may_hurry_at_));
}

void Cluster::answered(const MetadataResponse& response, base::Time now, ports::SourceEffects& out) {
  take_brokers(response);
  std::unordered_map<std::string_view, const MetadataResponse::Topic*> by_name;
  for (const auto& topic : response.topics) by_name.emplace(topic.name, &topic);
  base::Duration next = settings_.metadata_max_age;
  bool refused = false;
  for (Topic& topic : topics_) {
    if (!topic.asked) continue;
    const auto found = by_name.find(topic.name);
    const KafkaError error = found == by_name.end() ? KafkaError::kUnknownTopicOrPartition : found->second->error;
    if (error == KafkaError::kNone)
      take_topic(topic, *found->second, out);
    else
      refuse_topic(topic, error, out);
    const ErrorAction action = action_of(error);
    refused = refused || action == ErrorAction::kReconnect;
    const bool slowly =
        action == ErrorAction::kSlowly || (action == ErrorAction::kReconnect && refusals_ >= kReconnectsInARow);
    if (topic.problem) next = std::min(next, slowly ? settings_.retry_slowly : settings_.missing_topic_retry);
  }
  aged_at_ = now + next;
  refusals_ = refused ? refusals_ + 1 : 0;
  if (refusals_ == 0 || refusals_ > kReconnectsInARow) return;
  ++candidate_;  // perhaps another one knows better
  link_.close(now, out);
}

void Cluster::take_brokers(const MetadataResponse& response) {
  std::map<std::int32_t, Endpoint> brokers;
  for (const auto& broker : response.brokers) {
    if (usable(broker)) brokers.try_emplace(broker.node_id, broker.host, static_cast<std::uint16_t>(broker.port));
  }
  brokers_ = std::move(brokers);
}

void Cluster::take_topic(Topic& topic, const MetadataResponse::Topic& found, ports::SourceEffects& out) {
  std::vector<const MetadataResponse::Partition*> by_index;
  by_index.reserve(found.partitions.size());
  for (const auto& partition : found.partitions) by_index.push_back(&partition);
  if (by_index.empty() || !gapless(by_index)) {
    return miss_topic(topic, KafkaError::kUnknownServerError,
                      {ErrorCode::kCorrupt, "topic " + topic.name + ": the broker's list of its partitions has holes"},
                      out);
  }
  // In a cluster under upgrade a broker may not know ids: what another one said stands.
  const ports::TopicId& id = found.topic_id == ports::TopicId{} ? topic.id : found.topic_id;
  const bool changed = topic.id != id || topic.leaders.size() != by_index.size();
  const bool same_topic = topic.id == id && id != ports::TopicId{};
  const std::vector<Leader> known = same_topic ? topic.leaders : std::vector<Leader>();
  topic.problem.reset();
  topic.id = id;
  topic.leaders.clear();
  for (const auto* partition : by_index) {
    const Leader said{partition->leader_id, partition->leader_epoch};
    const std::size_t i = topic.leaders.size();
    // A broker that lags behind tells of an epoch that is over. Source: KIP-320, Metadata.updateLatestMetadata().
    const bool over = i < known.size() && said.epoch >= 0 && said.epoch < known[i].epoch;
    topic.leaders.push_back(over ? known[i] : said);
  }
  if (topic.watched && (changed || topic.told != Topic::Told::kFound)) tell_found(topic, out);
}

void Cluster::refuse_topic(Topic& topic, KafkaError error, ports::SourceEffects& out) {
  const std::string who = "topic " + topic.name;
  const bool missing = error == KafkaError::kUnknownTopicOrPartition;
  miss_topic(topic, error, missing ? Error{ErrorCode::kNotFound, who + " does not exist"} : error_of(who, error), out);
}

void Cluster::miss_topic(Topic& topic, KafkaError code, Error problem, ports::SourceEffects& out) {
  topic.problem = std::move(problem);
  if (!topic.watched || (topic.told == Topic::Told::kMissing && topic.told_code == code)) return;
  topic.told = Topic::Told::kMissing;
  topic.told_code = code;
  out.emplace_back(ports::TopicMissing{topic.name, *topic.problem});
}

void Cluster::tell_found(Topic& topic, ports::SourceEffects& out) {
  topic.told = Topic::Told::kFound;
  out.emplace_back(ports::TopicFound{topic.name, topic.id, static_cast<std::int32_t>(topic.leaders.size())});
}

void Cluster::lost(base::Time now) {
  ++candidate_;
  urgent_at_ = std::min(urgent_at_, now);  // the link's own delay keeps the pace
}

Endpoint Cluster::next_candidate() {
  const std::size_t at = candidate_ % (settings_.brokers.size() + brokers_.size());
  if (at < settings_.brokers.size()) return settings_.brokers[at];
  return std::next(brokers_.begin(), static_cast<std::ptrdiff_t>(at - settings_.brokers.size()))->second;
}

void Cluster::flush(base::Time now, ports::SourceEffects& out) {
  if (topics_.empty() || now < due()) return;
  if (link_.down()) {
    link_.aim(next_candidate());
    link_.open(now, out);
  }
  if (!link_.idle()) return;
  MetadataRequest request;
  request.topics.reserve(topics_.size());
  for (const Topic& topic : topics_) {
    if (topic.asked) request.topics.push_back(topic.name);
  }
  link_.send(request, settings_.metadata_timeout, now, out);
  urgent_at_ = base::Time::max();
  aged_at_ = base::Time::max();  // set again by the answer; a loss makes it urgent
  if (hurried_at_ != base::Time::min() && now - hurried_at_ > 2 * settings_.retry_max) hurry_.reset();
  hurried_at_ = now;
  may_hurry_at_ = now + hurry_.next(hub_.jitter);
}

base::Time Cluster::next_tick() const {
  const base::Time deadline = link_.deadline();
  if (deadline != base::Time::max() || topics_.empty()) return deadline;  // nothing else can be done before
  return link_.down() ? std::max(due(), link_.reopen_at()) : due();
}

}  // namespace ductus::kafka
