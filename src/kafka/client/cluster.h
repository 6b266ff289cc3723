// Cluster: the brokers, the topics and who leads which partition, as the metadata last said; and when to ask again.
//
//   quiet ──due──▶ asking ──answer──▶ quiet            due: a topic was attached · somebody saw an error or lost a
//     ▲              │                                      broker (100 ms doubling to 1 s apart) · a topic is
//     └─── lost ─────┘ the next candidate is asked          missing (1 s, or 5 s) · metadata_max_age
//
// It has a connection of its own. Candidates are the configured brokers and all known ones, in rotation.
// A topic that was known and is missing in an answer keeps its leaders: the leaders themselves tell if it is gone.
// Of two leaders of a partition the one of the later epoch counts.
// Never creates a topic.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/retry_delay.h"
#include "kafka/client/link.h"

namespace ductus::kafka {

class Cluster {
 public:
  struct Leader {
    std::int32_t node_id = -1;  ///< -1: none, or of no known address
    std::int32_t epoch = -1;
  };
  using TopicIndex = std::uint32_t;

  Cluster(const SourceSettings& settings, LinkHub& hub);

  /// The index of a topic, which from now on is asked for.
  TopicIndex add_topic(const std::string& name, base::Time now);
  /// Adds it; TopicFound and TopicMissing tell of it. What is known already is told again.
  void watch(const std::string& name, base::Time now, ports::SourceEffects& out);
  /// Nothing is told of it any more, and it is not asked for.
  void unwatch(const std::string& name);

  const std::string& topic_name(TopicIndex topic) const { return topics_[topic].name; }
  /// All zero: not known.
  const ports::TopicId& topic_id(TopicIndex topic) const { return topics_[topic].id; }
  Leader leader_of(TopicIndex topic, std::int32_t partition) const;
  /// Why a partition has no leader, for a person.
  Error why_leaderless(TopicIndex topic, std::int32_t partition) const;
  /// nullptr: not in the cluster.
  const Endpoint* endpoint_of(std::int32_t node_id) const;
  /// Configured, or the address of a broker.
  bool names(const Endpoint& endpoint) const;

  /// A broker that refused a partition says who leads it; counts where it is news. `brokers`: addresses that it told.
  void note_leader(TopicIndex topic, std::int32_t partition, const Leader& said,
                   const std::vector<MetadataResponse::Broker>& brokers);
  /// Since the last call, note_leader() learned something.
  bool take_moved() noexcept { return std::exchange(moved_, false); }

  /// Something points to old metadata.
  void refresh_soon(base::Time now);

  void answered(const MetadataResponse& response, base::Time now, ports::SourceEffects& out);
  /// Its link was lost or closed.
  void lost(base::Time now);
  /// Asks if it is due.
  void flush(base::Time now, ports::SourceEffects& out);
  base::Time next_tick() const;
  Link& link() noexcept { return link_; }

 private:
  struct Topic {
    std::string name;
    bool asked = true;
    bool watched = false;
    enum class Told : std::uint8_t { kNothing, kFound, kMissing } told = Told::kNothing;
    std::optional<Error> problem;  ///< why the last answer did not have it
    KafkaError told_code = KafkaError::kNone;
    ports::TopicId id{};
    std::vector<Leader> leaders;  ///< by partition
  };

  Endpoint next_candidate();
  void take_brokers(const MetadataResponse& response);
  void take_topic(Topic& topic, const MetadataResponse::Topic& found, ports::SourceEffects& out);
  void refuse_topic(Topic& topic, KafkaError error, ports::SourceEffects& out);
  void miss_topic(Topic& topic, KafkaError code, Error problem, ports::SourceEffects& out);
  void tell_found(Topic& topic, ports::SourceEffects& out);
  base::Time due() const noexcept { return std::min(urgent_at_, aged_at_); }

  const SourceSettings& settings_;
  LinkHub& hub_;
  Link link_;
  std::map<std::int32_t, Endpoint> brokers_;
  std::vector<Topic> topics_;
  std::size_t candidate_ = 0;
  bool moved_ = false;
  std::uint32_t refusals_ = 0;  ///< answers in a row that led to a new connection, or would have
  base::Time urgent_at_ = base::Time::max();
  base::Time aged_at_ = base::Time::max();
  base::Time may_hurry_at_ = base::Time::min();  ///< before it, nobody's hurry counts
  base::Time hurried_at_ = base::Time::min();
  base::RetryDelay hurry_;
};

}  // namespace ductus::kafka
