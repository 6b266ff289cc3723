// TopicBook: the topics that are named, and whether the broker has them.
//
// The line has no metadata. A broker of 0.6 makes what it is asked about, so it is not asked: every named topic is
// taken to be there, with as many partitions as the configuration names. One of 0.7 answers a FETCH far behind the end
// of a log with an error; where there is no log, with nothing. A topic none of whose partitions has a log is missing.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "kafka06/answer_cutter.h"
#include "kafka06/client/settings.h"
#include "ports/batch_source.h"

namespace ductus::kafka06 {

/// An offset that lies behind the end of every log.
inline constexpr std::int64_t kFarOffset = std::int64_t{1} << 62;

/// Partitions that a topic may be said to have.
inline constexpr std::int32_t kMaxNamedPartitions = 10'000;

class TopicBook {
 public:
  explicit TopicBook(const SourceSettings& settings) : settings_(settings) {}

  /// The number of a topic: counted from 0, the same for ever.
  std::uint32_t add(const std::string& name);
  const std::string& name(std::uint32_t topic) const { return topics_[topic].name; }
  std::size_t size() const noexcept { return topics_.size(); }

  void watch(const std::string& name, std::int32_t named_partitions, base::Time now, ports::SourceEffects& out);
  void unwatch(const std::string& name);

  /// Whether the broker may be asked about it.
  bool may_ask(std::uint32_t topic) const noexcept { return topics_[topic].may_ask; }
  /// Somebody reads it from a stored offset: so it was there.
  void permit(std::uint32_t topic) noexcept { topics_[topic].may_ask = topics_[topic].is_possible; }

  /// A question whether some partitions of a topic have a log.
  struct Check {
    std::uint32_t topic = 0;
    std::int32_t first = 0;
    std::int32_t count = 0;
  };
  /// What is due; count 0: nothing. Out until answered() or given_up().
  Check take_due(base::Time now);
  /// When something will be due that is not at `now`.
  base::Time next_due(base::Time now) const noexcept;
  void answered(const Check& check, std::span<const FetchedPart> parts, const std::string& broker, base::Time now,
                ports::SourceEffects& out);
  /// The connection was lost.
  void given_up(const Check& check) noexcept;

 private:
  struct Topic {
    std::string name;
    bool is_possible = true;  ///< its name goes into a request
    bool may_ask = false;
    bool watched = false;
    std::int32_t named_partitions = 1;
    base::Time check_at = base::Time::max();  ///< max(): not due, or out
    std::int32_t next_partition = 0;          ///< to be checked
    std::optional<BrokerError> refusal;       ///< of some partition in this round; kNone: there is no log
    std::optional<std::string> told_missing;
  };
  void found(Topic& topic, ports::SourceEffects& out);
  void missing(Topic& topic, const Error& why, ports::SourceEffects& out);

  const SourceSettings& settings_;
  std::deque<Topic> topics_;
  std::unordered_map<std::string, std::uint32_t> by_name_;
};

}  // namespace ductus::kafka06
