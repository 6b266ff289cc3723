// World: everything around the node that outlives it, and what a seed chose of it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "config/node_config.h"
#include "kafka06/client/settings.h"
#include "node/brain/paused.h"
#include "sim/checker.h"
#include "sim/world/brokers.h"
#include "sim/world/legacy_broker.h"
#include "sim/world/logs.h"
#include "sim/world/module.h"
#include "sim/world/random.h"
#include "sim/world/store.h"
#include "sim/world/timeline.h"

namespace ductus::sim {

/// What happened last, for the story of a seed that failed. Off, it costs nothing.
class Trace {
 public:
  static constexpr std::size_t kKept = 400;
  bool on = false;
  template <class Text>
  void say(const Timeline& timeline, Text&& text) {
    if (!on) return;
    lines_.push_back({timeline.now(), std::string(text())});
    if (lines_.size() > kKept) lines_.pop_front();
  }
  struct Line {
    base::Time time;
    std::string text;
  };
  const std::deque<Line>& lines() const noexcept { return lines_; }

 private:
  std::deque<Line> lines_;
};

/// What a seed is like, apart from its faults.
struct Settings {
  config::NodeConfig config;
  Versions versions = kModern;
  int brokers = 3;
  std::vector<int> partitions;  ///< of each topic
  base::Duration append_every{0};
  bool transactions = false;
  bool has_sync = false;
  std::optional<std::chrono::milliseconds> idle_interval;
  std::optional<kafka06::SourceSettings> legacy;  ///< the broker is of Kafka 0.6 or 0.7
  std::int64_t segment_bytes = 0;
};

struct World {
  World(std::uint64_t seed, Settings the_settings);

  Random random;
  Timeline timeline;
  Settings settings;
  Logs logs;
  Brokers brokers;
  std::optional<LegacyBroker> legacy;
  SimStore store;
  node::Paused paused;  ///< the file in the node's folder
  Behaviours behaviours;
  Checker checker;
  Trace trace;
  std::uint64_t lives = 0;
  /// Nothing that goes wrong lasts longer.
  base::Time faults_end = base::Time::max();

  /// As the store knows it.
  ports::TopicPartition key(const Place& place) const { return checker.key_of(place); }
  void note_request(base::ByteView request) { legacy ? legacy->note_request(request) : brokers.note_request(request); }
  Reply answer(Broker& broker, base::ByteView request, bool last_try) {
    return legacy ? legacy->answer(broker, request) : brokers.answer(broker, request, last_try);
  }
  static std::string topic_name(std::size_t index) { return "t" + std::to_string(index); }
};

Settings choose_settings(Random& random);
/// The same with one broker of Kafka 0.6 or 0.7.
void make_legacy(Settings& settings, Random& random);

}  // namespace ductus::sim
