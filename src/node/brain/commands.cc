// What operators tell a running node: pause, resume, restart, and other offsets.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "node/brain/brain.h"

namespace ductus::node {

namespace {

constexpr base::Duration kSaveRetryDelay = std::chrono::seconds(5);

Error stopping() { return {ErrorCode::kRefused, "the node is stopping: nothing was changed"}; }

}  // namespace

// ---- commands and their outcomes -------------------------------------------------------------------------

CommandNumber Brain::new_command() {
  commands_.emplace(++last_command_, std::nullopt);
  if (commands_.size() > kMaxCommands) commands_.erase(commands_.begin());
  return last_command_;
}

void Brain::end_command(CommandNumber command, Result<void> outcome) {
  const auto found = commands_.find(command);
  if (found != commands_.end()) found->second = std::move(outcome);
}

const CommandOutcome* Brain::outcome_of(CommandNumber command) const {
  const auto found = commands_.find(command);
  return found == commands_.end() ? nullptr : &found->second;
}

Result<std::vector<Partition*>> Brain::partitions_named(const std::string& topic,
                                                        std::optional<std::int32_t> partition) {
  if (draining_) return stopping();
  const auto known = topics_.find(topic);
  if (known == topics_.end() || !known->second.read) {
    return Error{ErrorCode::kNotFound, "'" + topic + "' is none of this node's topics"};
  }
  if (!partition) {
    std::vector<Partition*> all = partitions_of(known->second);
    std::erase_if(all, [](const Partition* one) { return one->left; });
    return all;
  }
  const auto child = known->second.children.find(*partition);
  if (child != known->second.children.end() && !partitions_[child->second].left) {
    return std::vector{&partitions_[child->second]};
  }
  return Error{ErrorCode::kNotFound,
               topic + " has no partition " + std::to_string(*partition) + " that is known by now"};
}

std::vector<Partition*> Brain::partitions_of(const Topic& topic) {
  std::vector<Partition*> found;
  for (const auto& [number, child] : topic.children) found.push_back(&partitions_[child]);
  return found;
}

// ---- pause, resume, restart ------------------------------------------------------------------------------

void Brain::hold(Partition& partition) { supervisor_.stop_adapter(partition.child.child, supervise_out_); }

/// It starts, where nothing else holds it.
void Brain::let_go(Partition& partition) {
  if (partition.paused || partition.changing || partition.left || partition.halted || draining_) return;
  supervisor_.start_adapter(partition.child.child, supervise_out_);
}

Result<CommandNumber> Brain::pause(const std::string& topic, std::optional<std::int32_t> partition, base::Time now,
                                   Effects& out) {
  auto named = partitions_named(topic, partition);
  if (!named) return std::move(named).error();
  paused_.add(topic, partition);
  for (Partition* one : *named) {
    if (std::exchange(one->paused, true)) continue;
    log(LogLevel::kInfo, one->name() + " is paused by an operator", out);
    hold(*one);
  }
  const CommandNumber command = note_paused();
  settle(now, out);
  return command;
}

Result<CommandNumber> Brain::resume(const std::string& topic, std::optional<std::int32_t> partition, base::Time now,
                                    Effects& out) {
  auto named = partitions_named(topic, partition);
  if (!named) return std::move(named).error();
  paused_.remove(topic, partition, topics_.at(topic).partition_count);
  for (Partition* one : *named) {
    if (!std::exchange(one->paused, false)) continue;
    log(LogLevel::kInfo, one->name() + " is resumed by an operator", out);
    one->halted.reset();
    let_go(*one);
  }
  const CommandNumber command = note_paused();
  settle(now, out);
  return command;
}

Result<void> Brain::restart(const std::string& topic, std::optional<std::int32_t> partition, base::Time now,
                            Effects& out) {
  auto named = partitions_named(topic, partition);
  if (!named) return std::move(named).error();
  for (const Partition* one : *named) {
    if (one->paused) return Error{ErrorCode::kRefused, one->name() + " is paused: resume it"};
  }
  for (Partition* one : *named) {
    log(LogLevel::kInfo, one->name() + " is restarted by an operator", out);
    hold(*one);
    one->halted.reset();
    let_go(*one);
  }
  settle(now, out);
  return {};
}

/// The next save carries it.
CommandNumber Brain::note_paused() {
  unsaved_.push_back(new_command());
  return unsaved_.back();
}

void Brain::save_paused(base::Time now, Effects& out) {
  if (saving_ || (unsaved_.empty() && now < save_again_at_)) return;
  saving_ = true;
  save_again_at_ = base::Time::max();
  saving_for_ = std::exchange(unsaved_, {});
  out.emplace_back(SavePaused{paused_});
}

void Brain::saved(const Result<void>& outcome, base::Time now, Effects& out) {
  saving_ = false;
  if (!outcome) {
    save_again_at_ = now + kSaveRetryDelay;
    log(LogLevel::kError, "what is paused could not be noted, and is tried again: " + outcome.error().message, out);
  }
  for (const CommandNumber command : std::exchange(saving_for_, {})) {
    end_command(command, outcome ? Result<void>()
                                 : Error{outcome.error().code,
                                         "done, but only until the node ends, unless it can be noted later: " +
                                             outcome.error().message});
  }
  settle(now, out);
}

// ---- other offsets ---------------------------------------------------------------------------------------

Result<CommandNumber> Brain::change_offsets(ports::OperatorChange change, base::Time now, Effects& out) {
  if (draining_) return stopping();
  Change wanted{.change = std::move(change), .children = {}};
  for (const ports::PositionChange& one : wanted.change.positions) {
    auto named = partitions_named(one.partition.topic, one.partition.partition);
    if (!named) return std::move(named).error();
    const Partition& partition = *named->front();
    if (one.partition.unit != partition.id.unit) {
      return Error{ErrorCode::kInvalid, partition.name() + ": its offsets count " +
                                            std::string(name_of(partition.id.unit)) + ", the change is in " +
                                            std::string(name_of(one.partition.unit))};
    }
    if (partition.changing) {
      return Error{ErrorCode::kRefused, partition.name() + " is being put at another offset already: try again"};
    }
    wanted.children.push_back(partition.child.child);
  }
  for (const std::uint32_t child : wanted.children) {
    partitions_[child].changing = true;
    hold(partitions_[child]);
  }
  wanted.command = new_command();
  changes_.push_back(std::move(wanted));
  settle(now, out);
  return last_command_;
}

/// The first one goes to the store once its partitions stand still.
void Brain::pump_changes(Effects& out) {
  if (changes_.empty() || changes_.front().submitted) return;
  Change& change = changes_.front();
  for (const std::uint32_t child : change.children) {
    if (supervisor_.state(child) != supervise::ChildState::kStopped) return;
  }
  change.submitted = true;
  out.emplace_back(ChangePositions{change.command, std::move(change.change)});
}

void Brain::changed(CommandNumber command, const Result<void>& outcome, base::Time now, Effects& out) {
  end_change(outcome, out);
  end_command(command, outcome);
  settle(now, out);
}

void Brain::end_change(const Result<void>& outcome, Effects& out) {
  for (const std::uint32_t child : changes_.front().children) {
    Partition& partition = partitions_[child];
    partition.changing = false;
    if (outcome) partition.halted.reset();
    log(outcome ? LogLevel::kInfo : LogLevel::kWarn,
        partition.name() +
            (outcome ? " is put at another offset by an operator" : " stays where it was: " + outcome.error().message),
        out);
    let_go(partition);
  }
  changes_.pop_front();
}

/// Those that have not gone to the store do not go there any more.
void Brain::give_up_changes() {
  for (std::size_t i = changes_.size(); i-- > 0;) {
    if (changes_[i].submitted) continue;
    for (const std::uint32_t child : changes_[i].children) partitions_[child].changing = false;
    end_command(changes_[i].command, stopping());
    changes_.erase(changes_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// ---- another configuration -------------------------------------------------------------------------------

/// New, there again, or changed. Handlers that are up are made anew; who is held for another reason stays so.
void Brain::read_topic(const config::TopicConfig& config, base::Time now) {
  const auto [entry, fresh] = topics_.try_emplace(config.name);
  Topic& topic = entry->second;
  if (fresh) {
    topic.number = calls_of_topic_.size();
    calls_of_topic_.push_back(0);
    ++idle_topics_;
  }
  topic.config = config;
  topic.init = std::make_shared<const Value>(config.init);
  if (!std::exchange(topic.read, true)) ++topics_missing_;
  for (Partition* partition : partitions_of(topic)) {
    partition->init = topic.init;
    partition->left = !config.reads(partition->id.partition);
    hold(*partition);
    let_go(*partition);
  }
  source_.attach_topic(config.name, config.named_partitions(), now,
                       source_out_);  // tells again which partitions there are
}

void Brain::leave_topic(Topic& topic, base::Time now) {
  topic.read = false;
  if (!std::exchange(topic.found, false)) --topics_missing_;
  for (Partition* partition : partitions_of(topic)) {
    partition->left = true;
    hold(*partition);
  }
  source_.detach_topic(topic.config.name, now, source_out_);
}

void Brain::follow(config::NodeConfig config, const std::vector<std::string>& changed_topics, base::Time now,
                   Effects& out) {
  if (draining_) return;
  config_ = std::move(config);
  adapter_settings_ = adapter_settings();
  for (Partition& partition : partitions_) partition.adapter.configure(adapter_settings_);
  supervisor_.configure(supervision(config_), supervise_out_);
  std::set<std::string_view> named;
  for (const config::TopicConfig& topic : config_.topics) named.insert(topic.name);
  for (auto& [name, topic] : topics_) {
    if (topic.read && !named.contains(name)) leave_topic(topic, now);
  }
  const std::set<std::string_view> changed(changed_topics.begin(), changed_topics.end());
  for (const config::TopicConfig& topic : config_.topics) {
    const auto known = topics_.find(topic.name);
    if (known == topics_.end() || !known->second.read || changed.contains(topic.name)) read_topic(topic, now);
  }
  settle(now, out);
}

// ---- what the store refuses ------------------------------------------------------------------------------

/// Another node owns the places: each that wanted to store begins anew, at what the store will hold then. Or somebody
/// else has moved some of them: those stop, for only an operator knows why.
void Brain::on_refused(StoreRound& round, const Error& why, base::Time now, Effects& out) {
  std::vector<pipeline::RoundEntry> kept;
  for (std::size_t i = 0; i < round.entries.size(); ++i) {
    const bool moved = std::ranges::find(round.conflicts, i) != round.conflicts.end();
    if (!round.conflicts.empty() && !moved) {
      kept.push_back(round.entries[i]);
      continue;
    }
    refuse(round.entries[i].child, why, moved, now, out);
  }
  if (round.conflicts.empty()) note_store_away(why, now, out);
  std::erase_if(kept, [&](const pipeline::RoundEntry& entry) { return !may_be_written(entry.child); });
  ledger_.give_back(round.topics);
  rounds_.written(kept, false, now);
}

void Brain::refuse(ports::ChildRef child, const Error& why, bool halt, base::Time now, Effects& out) {
  Partition& partition = partitions_[child.child];
  pipeline::AdapterEffects effects;
  const bool took_it = partition.child == child && partition.adapter.refuse(why, halt, effects);
  run_adapter(partition, std::move(effects), now, out);
  if (took_it || !halt) return;
  // It has ended meanwhile: it must not begin where somebody else has put it.
  partition.halted = why.message;
  log(LogLevel::kError, partition.name() + " stopped: " + why.message, out);
  hold(partition);
}

}  // namespace ductus::node
