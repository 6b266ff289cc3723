#include "sim/simulation.h"

#include <algorithm>
#include <utility>

namespace ductus::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Of kLiveness: until then faults begin.
constexpr base::Duration kFaultsLast = kHour - kRecoveryLimit - seconds(10);
/// By which a seed goes on that has delivered too little.
constexpr base::Duration kFurther = minutes(10);
constexpr base::Duration kLookEvery = seconds(5);
/// An operator has seen by then that a partition has stopped.
constexpr base::Duration kOperatorComes = seconds(20);

std::string policy_name(config::OffsetPolicy policy) {
  return policy == config::OffsetPolicy::kStop       ? "stop"
         : policy == config::OffsetPolicy::kEarliest ? "earliest"
                                                     : "latest";
}

// One seed in four, of either mode: the broker is of Kafka 0.6 or 0.7.
Settings settings_of(std::uint64_t seed, Random& random) {
  Settings settings = choose_settings(random);
  if (seed % 8 == 3 || seed % 8 == 6) make_legacy(settings, random);
  return settings;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, Mode mode, const std::set<std::size_t>& without, bool trace)
    : mode_(mode), choices_(seed), world_(seed ^ 0x5151'5151'5151'5151u, settings_of(seed, choices_)) {
  const base::Duration length = mode == Mode::kSafety ? kHour : kFaultsLast;
  plan_ = plan_faults(choices_, length, world_.legacy.has_value());
  // Some end in the middle of the worst, so that every level has a way back.
  if (mode == Mode::kLiveness && choices_.chance(0.3)) {
    plan_.push_back({length - choices_.duration(seconds(10), minutes(5)), fault_kind("cluster down"), choices_.next()});
  }
  world_.trace.on = trace;
  began_ = world_.timeline.now();
  end_ = began_ + kHour;
  if (mode == Mode::kLiveness) world_.faults_end = began_ + kFaultsLast;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    if (!without.contains(i)) after(plan_[i].at, [this, i] { happen(plan_[i]); });
  }
  add_producers();
  after(seconds(1), [this] { start_node(); });
  after(kLookEvery, [this] { look(); });
  if (mode == Mode::kLiveness) after(kFaultsLast + milliseconds(1), [this] { end_faults(); });
}

Simulation::~Simulation() = default;

void Simulation::after(base::Duration delay, std::function<void()> event) {
  world_.timeline.after(delay, 0, std::move(event));
}

Outcome Simulation::run() {
  bool more = true;
  while (more && !world_.checker.violation() && !(outcome_.recovery && mode_ == Mode::kLiveness)) {
    try {
      more = world_.timeline.step(end_);
      if (!more && mode_ == Mode::kSafety && has_delivered_too_little()) {
        end_ += kFurther;
        resume_what_is_paused();
        more = true;
      }
    } catch (const Killed&) {
      world_.trace.say(world_.timeline, [] { return std::string("the node is killed"); });
      end_node();
    }
    if (node_ && node_->finished()) on_finished();
  }
  std::string what;
  if (mode_ == Mode::kLiveness && !outcome_.recovery && !world_.checker.violation()) {
    world_.checker.all_is_read(&what);
    world_.checker.violated("it moves on", "faults have ended, and " + what);
  }
  outcome_.violation = world_.checker.violation();
  outcome_.at = world_.timeline.now() - began_;
  outcome_.events = world_.timeline.events();
  outcome_.batches = world_.checker.batches;
  outcome_.messages = world_.checker.messages;
  outcome_.lives = world_.lives;
  outcome_.levels_b = world_.checker.levels_b;
  outcome_.levels_c = world_.checker.levels_c;
  return outcome_;
}

// ---- the node and its operator ---------------------------------------------------------------------------

void Simulation::start_node() {
  const bool until_end = producing_ && choices_.chance(0.15);
  world_.trace.say(world_.timeline, [&] { return until_end ? "the node starts, to the end" : "the node starts"; });
  node_ = std::make_unique<SimNode>(world_, until_end);
  node_->start();
}

void Simulation::end_node() {
  node_.reset();
  stopped_since_.clear();
  for (const auto& [place, offset] : std::exchange(to_reset_, {})) {
    Topic& topic = world_.logs.topic(place.topic);
    const Log& log = topic.logs[static_cast<std::size_t>(place.partition)];
    const std::int64_t within = std::clamp(offset, log.start, log.stable_end());
    world_.trace.say(world_.timeline, [&] {
      return "an operator sets " + place.topic + "/" + std::to_string(place.partition) + " to " +
             std::to_string(within);
    });
    world_.checker.on_operator_set(place, within);
    const ports::TopicId id = world_.brokers.versions.topic_ids ? topic.id : ports::TopicId{};
    world_.store.put({world_.key(place), {within, -1, id}});
  }
  after(choices_.duration(milliseconds(50), seconds(20)), [this] { start_node(); });
}

void Simulation::on_finished() {
  const node::Finished how = *node_->finished();
  world_.trace.say(world_.timeline, [&] { return "the node ends with " + std::to_string(how.exit_code); });
  if (!how.forced) world_.checker.on_ended(how.exit_code);
  end_node();
}

// What an operator sees now and then, and does about it.
void Simulation::look() {
  after(kLookEvery, [this] { look(); });
  if (!node_) return;
  const operate::StatusReport report = node_->status();
  world_.checker.on_status(report);
  std::map<Place, base::Time> stopped;
  bool long_ago = false;
  for (const operate::PartitionStatus& partition : report.partitions) {
    if (report.state == "draining" || partition.state != "stopped") continue;
    const Place place{partition.topic, partition.partition};
    const auto before = stopped_since_.find(place);
    stopped[place] = before == stopped_since_.end() ? world_.timeline.now() : before->second;
    long_ago = long_ago || world_.timeline.now() - stopped[place] > kOperatorComes;
  }
  stopped_since_ = std::move(stopped);
  if (long_ago) reset_what_stopped();
}

void Simulation::reset_what_stopped() {
  for (const auto& [place, since] : stopped_since_) {
    const Topic& topic = world_.logs.topic(place.topic);
    if (static_cast<std::size_t>(place.partition) >= topic.logs.size()) continue;
    const Log& log = topic.logs[static_cast<std::size_t>(place.partition)];
    const std::int64_t start = std::max(log.start, log.damaged_to);
    to_reset_[place] = choices_.chance(0.5) ? start : log.any_place(start, log.stable_end(), choices_);
  }
  node_->drain();
}

// ---- faults ----------------------------------------------------------------------------------------------

void Simulation::happen(const PlannedFault& fault) {
  const FaultKind& kind = fault_kinds()[fault.kind];
  FaultTools tools(*this, world_, fault.seed);
  note_states(kind.name);
  const std::string what = kind.inject(tools);
  if (what.empty()) return;
  ++outcome_.faults;
  outcome_.kinds.insert(kind.name);
  world_.trace.say(world_.timeline, [&] { return "FAULT " + what; });
}

void Simulation::note_states(const std::string& kind) {
  if (!node_) {
    ++outcome_.met[{kind, "not running"}];
    return;
  }
  const operate::StatusReport report = node_->status();
  if (report.state != "running") ++outcome_.met[{kind, report.state}];
  std::set<std::string> states;
  for (const operate::PartitionStatus& partition : report.partitions) states.insert(partition.state);
  for (const std::string& state : states) ++outcome_.met[{kind, state}];
}

bool Simulation::has_delivered_too_little() const {
  return world_.checker.batches < kLeastDeliveries && world_.timeline.now() < began_ + kLongest;
}

void Simulation::end_faults() {
  if (!has_delivered_too_little()) return mend_everything();
  end_ += kFurther;
  resume_what_is_paused();
  world_.faults_end += kFurther;
  after(kFurther, [this] { end_faults(); });
}

void Simulation::mend_everything() {
  producing_ = false;
  outcome_.recovered_from = world_.checker.level;
  for (const std::string& name : world_.logs.names()) {
    for (Log& log : world_.logs.topic(name).logs) {
      // Something more is to be found; what stands last is a message, or the end of a transaction.
      world_.legacy ? world_.logs.append_entry(log, 1, {}) : world_.logs.append(log, 1, 0);
      if (!world_.legacy && world_.random.chance(0.5)) world_.logs.append_in_transaction(log, ++last_producer_id_, 1);
      while (!log.open.empty()) world_.logs.end_transaction(log, log.open.begin()->first, false);
    }
  }
  world_.trace.say(world_.timeline, [] { return std::string("from now on all is well"); });
  if (node_) node_->wake_fetches();
  after(milliseconds(500), [this] { check_recovery(); });
}

void Simulation::check_recovery() {
  std::string what;
  if (world_.checker.all_is_read(&what)) {
    outcome_.recovery = world_.timeline.now() - world_.faults_end;
    if (node_) world_.checker.on_all_read(node_->budget_used(), node_->connections());
    return;
  }
  resume_what_is_paused();
  if (world_.timeline.now() - world_.faults_end < kRecoveryLimit)
    after(milliseconds(500), [this] { check_recovery(); });
}

// Whoever paused it was killed with the node before the end of the pause could be noted.
void Simulation::resume_what_is_paused() {
  if (!node_) return;
  for (const std::string& name : world_.logs.names()) {
    const auto count = static_cast<std::int32_t>(world_.logs.topic(name).logs.size());
    for (std::int32_t partition = 0; partition < count; ++partition) {
      if (world_.paused.contains(world_.key({name, partition}))) node_->resume({name, partition});
    }
  }
}

// ---- producers -------------------------------------------------------------------------------------------

void Simulation::add_producers() {
  for (const std::string& name : world_.logs.names()) {
    const auto count = static_cast<std::int32_t>(world_.logs.topic(name).logs.size());
    for (std::int32_t partition = 0; partition < count; ++partition) {
      if (!producers_.insert({name, partition}).second) continue;
      after(world_.random.gap(world_.settings.append_every),
            [this, name, partition] { append_now_and_then(name, partition); });
    }
  }
}

// So often that each seed delivers enough; more often after an outage.
base::Duration Simulation::next_append() {
  constexpr double kDeliveriesPerHour = 6500;
  const double hours = std::chrono::duration<double, std::ratio<3600>>(world_.timeline.now() - began_).count();
  const bool is_late = static_cast<double>(world_.checker.batches) < kDeliveriesPerHour * hours;
  return world_.random.gap(is_late ? world_.settings.append_every / 4 : world_.settings.append_every);
}

void Simulation::append_now_and_then(const std::string& topic, std::int32_t partition) {
  if (!producing_) return;
  after(next_append(), [this, topic, partition] { append_now_and_then(topic, partition); });
  Topic& now = world_.logs.topic(topic);
  if (static_cast<std::size_t>(partition) >= now.logs.size()) return;
  append(now.logs[static_cast<std::size_t>(partition)]);
  if (node_) node_->wake_fetches();
}

void Simulation::append(Log& log) {
  if (log.leader < 0) return;
  if (world_.legacy) return append_to_legacy(log);
  Random& random = world_.random;
  if (world_.settings.transactions && random.chance(0.1)) {
    return begin_transaction(log, random.duration(milliseconds(50), seconds(10)), random.chance(0.7));
  }
  const auto count = static_cast<int>(random.between(1, 8));
  // Who has begun a transaction goes on with it, now and then.
  if (!log.open.empty() && random.chance(0.5)) {
    return world_.logs.append_in_transaction(log, log.open.begin()->first, count);
  }
  constexpr std::int16_t kLz4 = 3;
  world_.logs.append(log, count, random.chance(0.2) ? kLz4 : std::int16_t{0});
}

// A set of one message for each entry, as producers of 0.6 send it, or compressed into one.
void Simulation::append_to_legacy(Log& log) {
  Random& random = world_.random;
  auto count = static_cast<int>(random.between(1, 8));
  if (world_.settings.legacy->line == kafka06::Line::k06) {
    for (; count > 0; --count) world_.logs.append_entry(log, 1, {.magic = 0});
  } else if (random.chance(0.4)) {
    world_.logs.append_entry(log, random.chance(0.05) ? 0 : count, any_form(true, random));
  } else {
    for (; count > 0; --count) world_.logs.append_entry(log, 1, any_form(false, random));
  }
}

void Simulation::begin_transaction(Log& log, base::Duration lasts, bool commits) {
  if (log.leader < 0) return;
  const std::int64_t producer = ++last_producer_id_;
  world_.logs.append_in_transaction(log, producer, 2);
  after(lasts, [this, &log, producer, commits] {
    world_.logs.end_transaction(log, producer, commits);
    if (node_) node_->wake_fetches();
  });
}

// ---- telling ---------------------------------------------------------------------------------------------

std::string Simulation::describe_settings() const {
  const Settings& settings = world_.settings;
  const config::NodeConfig& config = settings.config;
  std::string text = settings.versions.topic_ids ? "Kafka of today" : "Kafka before 2.7";
  if (const auto& legacy = settings.legacy) {
    text = legacy->line == kafka06::Line::k07 ? "Kafka 0.7" : "Kafka 0.6";
    text += ", segments of " + std::to_string(settings.segment_bytes) + " bytes, " +
            std::to_string(legacy->partition_max_bytes) + " bytes a partition and " +
            std::to_string(legacy->response_max_bytes) + " an answer, " + std::to_string(legacy->connections) +
            " connections";
    if (!legacy->may_create_topics) text += ", no topics are made";
  }
  text += ", " + std::to_string(settings.brokers) + " brokers, topics of";
  for (const int partitions : settings.partitions) text += " " + std::to_string(partitions);
  text += config.read_committed ? " partitions, read_committed" : " partitions, read_uncommitted";
  text += settings.has_sync ? ", handlers sync" : ", handlers need no sync";
  text += ", max_uncommitted_batches " + std::to_string(config.max_uncommitted_batches);
  text += "\n  when_missing " + policy_name(config.when_missing) + ", when_out_of_range " +
          policy_name(config.when_out_of_range) + ", when_truncated " + policy_name(config.when_truncated) +
          ", when_recreated " + policy_name(config.when_recreated);
  text += ", max_threads " + std::to_string(config.max_threads) + ", budget " +
          std::to_string(config.memory_budget_bytes) + " bytes";
  return text;
}

}  // namespace ductus::sim
