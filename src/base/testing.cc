#include "ductus/testing.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace ductus {
namespace {

// What `call` returns; an exception of user code as an Error.
auto caught(auto&& call) -> Result<decltype(call())> {
  try {
    return call();
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCallback, error.what()};
  } catch (...) {
    return Error{ErrorCode::kCallback, "an exception of an unknown type"};
  }
}

std::int32_t size_of(const std::optional<std::string>& text) {
  return text ? static_cast<std::int32_t>(text->size()) : -1;
}

void append_varint(std::string& bytes, std::int32_t number) {
  auto raw = (static_cast<std::uint32_t>(number) << 1) ^ (number < 0 ? ~0U : 0U);
  for (; raw >= 0x80; raw >>= 7) bytes.push_back(static_cast<char>(raw | 0x80));
  bytes.push_back(static_cast<char>(raw));
}

}  // namespace

TestBatch::TestBatch(const TestMessages& messages, std::int64_t first_offset, std::string topic, std::int32_t partition)
    : topic_(std::move(topic)), next_offset_(first_offset), partition_(partition) {
  for (const TestMessage& message : messages) append(message);
}

// As Kafka lays it out: key, value, and right behind it the headers.
void TestBatch::append(const TestMessage& message) {
  std::string& bytes = bytes_.emplace_back(message.key.value_or("") + message.value.value_or(""));
  if (!message.headers.empty()) append_varint(bytes, static_cast<std::int32_t>(message.headers.size()));
  for (const auto& [key, value] : message.headers) {
    append_varint(bytes, static_cast<std::int32_t>(key.size()));
    bytes += key;
    append_varint(bytes, size_of(value));
    bytes += value.value_or("");
  }
  const char* const value = bytes.data() + std::max(size_of(message.key), 0);
  messages_.emplace_back(next_offset_++, message.timestamp_ms, bytes.data(), size_of(message.key), value,
                         size_of(message.value), !message.headers.empty());
}

Handler& TestPartition::handler() {
  return handler_ ? *handler_ : throw std::logic_error("the handler has ended: restart() it first");
}

Verdict TestPartition::feed(const TestMessages& messages) {
  if (verdict_.as_defer() != nullptr) throw std::logic_error("a batch is deferred: advance() the clock first");
  (void)handler();
  unstored_.insert(unstored_.end(), messages.begin(), messages.end());
  return offer();
}

Result<void> TestPartition::sync() {
  Handler& syncing = handler();
  auto called = caught([&] { return syncing.sync(); });
  Result<void> synced = called ? *std::move(called) : Result<void>(called.error());
  if (synced || synced.error().code == ErrorCode::kNotNeeded) {
    unstored_.erase(unstored_.begin(), unstored_.begin() + (next_offset_ - stored_offset_));
    stored_offset_ = next_offset_;
    return {};
  }
  verdict_ = Verdict::fail(synced.error().message);
  stop();
  return synced;
}

Verdict TestPartition::restart() {
  stop();
  next_offset_ = stored_offset_;
  verdict_ = Verdict::ok();
  if (auto started = start(); !started) return verdict_ = Verdict::fail(started.error().message);
  return unstored_.empty() ? verdict_ : offer();
}

void TestPartition::stop() {
  if (!handler_) return;
  stop_.request_stop();
  (void)caught([&] { return handler_->stop(), true; });
  handler_.reset();
}

Result<void> TestPartition::start() {
  stop_ = std::stop_source();
  const Context context{topic_, partition_, node_.logger(), stop_.get_token()};
  auto called = caught([&] { return node_.module_->init(context, init_data_); });
  if (!called) return called.error();
  if (!*called) return called->error();
  handler_ = **std::move(called);
  if (!handler_) return Error{ErrorCode::kCallback, "init() returned no handler"};
  return {};
}

const Verdict& TestPartition::offer() {
  offered_at_ = node_.now_;
  const auto first = unstored_.begin() + (next_offset_ - stored_offset_);
  const TestBatch batch(std::vector(first, unstored_.end()), next_offset_, topic_, partition_);
  auto called = caught([&] { return handler_->handle_messages(batch); });
  verdict_ = called ? *std::move(called) : Verdict::fail(called.error().message);
  if (verdict_.is_ok()) next_offset_ = stored_offset_ + std::ssize(unstored_);
  if (verdict_.as_fail() != nullptr) stop();
  return verdict_;
}

std::optional<std::chrono::milliseconds> TestPartition::next_event() const {
  if (!handler_) return std::nullopt;
  auto wait = node_.module_->idle_interval();
  if (const auto* defer = verdict_.as_defer()) wait = defer->delay;
  if (!wait) return std::nullopt;
  return offered_at_ + std::clamp<Time>(*wait, Time(1), std::chrono::hours(24));
}

TestPartition& TestNode::open(const std::string& topic, std::int32_t partition, const Value& init_data) {
  auto opened = try_open(topic, partition, init_data);
  return opened ? **opened : throw std::runtime_error(opened.error().message);
}

Result<TestPartition*> TestNode::try_open(const std::string& topic, std::int32_t partition, const Value& init_data) {
  std::unique_ptr<TestPartition> opened(new TestPartition(*this, topic, partition, init_data));
  if (auto started = opened->start(); !started) return started.error();
  return partitions_.emplace_back(std::move(opened)).get();
}

Logger TestNode::logger() {
  return [this](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex_);
    log_.emplace_back(line);
  };
}

void TestNode::advance(std::chrono::milliseconds span) {
  const auto end = now_ + span;
  for (;;) {
    TestPartition* next = nullptr;
    auto first = end;
    for (const auto& partition : partitions_) {
      const auto event = partition->next_event();
      if (!event || *event > end || (next != nullptr && *event >= first)) continue;
      next = partition.get();
      first = *event;
    }
    if (next == nullptr) break;
    now_ = first;
    (void)next->offer();
  }
  now_ = end;
}

Aggregate TestNode::aggregate() {
  Aggregate elements;
  for (const auto& it : partitions_) {
    if (it->handler_) {
      elements[it->topic_][it->partition_] = it->handler_->aggregate_element();
    } else {
      elements.missing[it->topic_].insert(it->partition_);
    }
  }
  module_->handle_periodic_aggregate(elements);
  return elements;
}

bool TestNode::logged(std::string_view part) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(log_.begin(), log_.end(), [&](const auto& line) { return line.find(part) != line.npos; });
}

}  // namespace ductus
