#include "handlers/runner.h"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/escape.h"

namespace ductus::handlers {

struct Runner::Slot {
  std::uint32_t generation = 0;
  ports::TopicPartition partition;
  Logger log;
  std::unique_ptr<Handler> handler;
};

namespace {

Error callback_error(std::string_view what) {
  return {ErrorCode::kCallback, base::escaped(what, Runner::kMaxReasonBytes)};
}

/// Runs user code; what it throws becomes an Error that says `who` threw.
template <class Call>
auto guarded(Call&& call, const char* who = "the handler") -> Result<decltype(call())> {
  try {
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      return {};
    } else {
      return call();
    }
  } catch (const std::exception& error) {
    return callback_error(std::string(who) + " threw: " + error.what());
  } catch (...) {
    return callback_error(std::string(who) + " threw something that is no std::exception");
  }
}

/// An error that user code returned: its kind as it is, its text made harmless.
Error from_user(const Error& error) { return {error.code, base::escaped(error.message, Runner::kMaxReasonBytes)}; }

ports::Handled failed(Error error) {
  ports::Handled outcome;
  outcome.kind = ports::Handled::Kind::kFail;
  outcome.error = std::move(error);
  return outcome;
}

ports::Handled bad_bytes(Error error) {
  ports::Handled outcome = failed(std::move(error));
  outcome.kind = ports::Handled::Kind::kBadBytes;
  return outcome;
}

Error no_handler() { return {ErrorCode::kNotFound, "there is no handler of this incarnation"}; }

}  // namespace

Runner::Runner(Module& module, std::size_t batch_max_bytes, Logger log)
    : module_(module), batch_max_bytes_(batch_max_bytes), log_(std::move(log)) {}

Runner::~Runner() = default;

Runner::Slot& Runner::slot_of(ports::ChildRef child) {
  const std::lock_guard lock(mutex_);
  if (child.child >= slots_.size()) slots_.resize(child.child + std::size_t{1});
  auto& slot = slots_[child.child];
  if (slot == nullptr) slot = std::make_unique<Slot>();
  return *slot;
}

Runner::Slot* Runner::find(ports::ChildRef child) {
  const std::lock_guard lock(mutex_);
  if (child.child >= slots_.size()) return nullptr;
  Slot* slot = slots_[child.child].get();
  if (slot == nullptr || slot->generation != child.generation || slot->handler == nullptr) return nullptr;
  return slot;
}

Result<void> Runner::start(ports::ChildRef child, const ports::TopicPartition& partition, const Value& init_data,
                           std::stop_token stop) {
  Slot& slot = slot_of(child);
  if (child.generation < slot.generation) return no_handler();
  end_handler(slot);
  slot.generation = child.generation;
  slot.partition = partition;
  slot.log = [log = log_, prefix = partition.topic + "/" + std::to_string(partition.partition) + ": "](
                 LogLevel level, std::string_view line) { log(level, prefix + std::string(line)); };
  const Context context{
      .topic = partition.topic, .partition = partition.partition, .log = slot.log, .stop = std::move(stop)};
  auto made = guarded([&] { return module_.init(context, init_data); });
  if (!made) return std::move(made).error();
  if (!*made) return from_user(made->error());
  if (**made == nullptr) return callback_error("the module's init() gave no handler");
  slot.handler = std::move(**made);
  return {};
}

ports::Handled Runner::handle(ports::ChildRef child, const ports::FetchedSet& set, const ports::SetCursor& cursor,
                              ports::DecodeArena& arena) {
  Slot* slot = find(child);
  if (slot == nullptr) return failed(no_handler());
  auto decoded = set.decoder->decode(set, cursor, batch_max_bytes_, arena);
  while (decoded && arena.messages.empty() && !decoded->last) {
    auto more = set.decoder->decode(set, decoded->cursor, batch_max_bytes_, arena);
    if (!more) {  // what holds no message is passed: the next call meets the bad bytes
      arena.messages.clear();
      break;
    }
    decoded = *more;
  }
  if (!decoded) return bad_bytes(std::move(decoded).error());

  const std::int64_t next_offset =
      decoded->last ? std::max(decoded->cursor.next_offset, set.next_offset) : decoded->cursor.next_offset;
  ports::Handled outcome;
  if (!arena.messages.empty()) {
    outcome = offer(*slot, Batch(slot->partition.topic, slot->partition.partition, arena.messages, next_offset));
  }
  outcome.position = {next_offset, decoded->leader_epoch, set.topic_id};
  outcome.cursor = decoded->cursor;
  outcome.last = decoded->last;
  outcome.messages = arena.messages.size();
  outcome.bytes = decoded->decoded_bytes;
  if (!arena.messages.empty()) outcome.last_timestamp_ms = arena.messages[arena.messages.size() - 1].timestamp_ms();
  return outcome;
}

ports::Handled Runner::offer(Slot& slot, const Batch& batch) {
  const auto verdict = guarded([&] { return slot.handler->handle_messages(batch); });
  if (!verdict) return failed(verdict.error());
  if (const Verdict::Fail* fail = verdict->as_fail()) return failed(callback_error(fail->reason));
  ports::Handled outcome;
  if (const Verdict::Defer* defer = verdict->as_defer()) {
    outcome.kind = ports::Handled::Kind::kDefer;
    outcome.delay = std::clamp(defer->delay, kShortestDelay, kLongestDelay);
  }
  return outcome;
}

ports::Handled Runner::handle_idle(ports::ChildRef child, std::int64_t next_offset) {
  Slot* slot = find(child);
  if (slot == nullptr) return failed(no_handler());
  ports::Handled outcome = offer(*slot, Batch(slot->partition.topic, slot->partition.partition, {}, next_offset));
  outcome.position.next_offset = next_offset;
  return outcome;
}

Result<void> Runner::sync(ports::ChildRef child) {
  Slot* slot = find(child);
  if (slot == nullptr) return no_handler();
  auto outcome = guarded([&] { return slot->handler->sync(); });
  if (!outcome) return std::move(outcome).error();
  if (!*outcome) return from_user(outcome->error());
  return {};
}

Result<Value> Runner::aggregate_element(ports::ChildRef child) {
  Slot* slot = find(child);
  if (slot == nullptr) return no_handler();
  return guarded([&] { return slot->handler->aggregate_element(); });
}

Result<void> Runner::handle_periodic_aggregate(const Aggregate& aggregate) {
  return guarded([&] { module_.handle_periodic_aggregate(aggregate); }, "the module");
}

void Runner::stop(ports::ChildRef child) {
  if (Slot* slot = find(child); slot != nullptr) end_handler(*slot);
}

void Runner::end_handler(Slot& slot) {
  if (slot.handler == nullptr) return;
  const auto stopped = guarded([&] { slot.handler->stop(); });
  if (!stopped) slot.log(LogLevel::kWarn, "stop(): " + stopped.error().message);
  slot.handler.reset();
}

}  // namespace ductus::handlers
