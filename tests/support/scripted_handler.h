// Sets made of pieces, and a module whose handlers do as they are told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ductus/module.h"
#include "ports/batch_source.h"

namespace ductus::test {

inline Message message(std::int64_t offset, std::string_view value) {
  return {offset, 0, nullptr, -1, value.data(), static_cast<std::int32_t>(value.size()), false};
}

/// Log lines, kept.
class LogLines {
 public:
  Logger logger() {
    return [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
  }
  bool contain(std::string_view part) {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A set of which each piece is a batch: "ab" two messages, "" none, "!" bad bytes.
class ScriptedSet final : public ports::SetDecoder {
 public:
  explicit ScriptedSet(std::vector<std::string> pieces, std::int64_t first_offset = 0)
      : pieces_(std::move(pieces)), first_offset_(first_offset) {}

  ports::FetchedSet fetched() const {
    ports::FetchedSet set;
    set.decoder = this;
    set.asked_offset = first_offset_;
    set.next_offset = offset_of(pieces_.size());
    set.topic_id = {1, 2, 3};
    return set;
  }
  ports::SetCursor begin() const { return {0, first_offset_}; }

  Result<ports::DecodedBatch> decode(const ports::FetchedSet&, const ports::SetCursor& cursor, std::size_t,
                                     ports::DecodeArena& arena) const override {
    arena.messages.clear();
    const std::string& piece = pieces_.at(cursor.bytes);
    if (piece == "!") return Error{ErrorCode::kCorrupt, "the checksum does not match"};
    for (std::size_t i = 0; i < piece.size(); ++i) {
      arena.messages.push_back(message(cursor.next_offset + static_cast<std::int64_t>(i), {&piece[i], 1}));
    }
    return ports::DecodedBatch{.cursor = {cursor.bytes + 1, offset_of(cursor.bytes + 1)},
                               .leader_epoch = 7,
                               .decoded_bytes = piece.size(),
                               .last = cursor.bytes + 1 == pieces_.size()};
  }

 private:
  // A piece without messages stands for one offset (a control record).
  std::int64_t offset_of(std::size_t piece) const {
    std::int64_t offset = first_offset_;
    for (std::size_t i = 0; i < piece; ++i)
      offset += static_cast<std::int64_t>(std::max<std::size_t>(pieces_[i].size(), 1));
    return offset;
  }
  std::vector<std::string> pieces_;
  std::int64_t first_offset_;
};

/// What handlers of a ScriptedModule do, and what they saw.
struct Script {
  std::function<Verdict(const Batch&)> handle = [](const Batch&) { return Verdict::ok(); };
  std::function<Result<void>()> sync = [] { return Result<void>(); };
  std::function<void()> stop = [] {};
  std::function<Value()> aggregate = [] { return Value(); };
  std::vector<std::string> seen;  ///< "ab@2": the values of a batch and its next offset; "stop", "destroyed"
};

class ScriptedModule final : public Module {
 public:
  Result<std::unique_ptr<Handler>> init(const Context& context, const Value& init_data) override {
    contexts.push_back(context);
    inits.push_back(init_data);
    return init_result(script);
  }

  class ScriptedHandler final : public Handler {
   public:
    explicit ScriptedHandler(Script& script) : script_(script) {}
    ~ScriptedHandler() override { script_.seen.emplace_back("destroyed"); }
    Verdict handle_messages(const Batch& batch) override {
      std::string values;
      for (const Message& it : batch) values += it.value();
      script_.seen.push_back(values + "@" + std::to_string(batch.next_offset()));
      return script_.handle(batch);
    }
    Result<void> sync() override { return script_.sync(); }
    Value aggregate_element() override { return script_.aggregate(); }
    void stop() override {
      script_.seen.emplace_back("stop");
      script_.stop();
    }

   private:
    Script& script_;
  };

  void handle_periodic_aggregate(const Aggregate& aggregate) override {
    aggregates.push_back(aggregate);
    on_aggregate();
  }

  Script script;
  std::vector<Aggregate> aggregates;
  std::function<void()> on_aggregate = [] {};
  std::vector<Context> contexts;
  std::vector<Value> inits;
  std::function<Result<std::unique_ptr<Handler>>(Script&)> init_result =
      [](Script& it) -> Result<std::unique_ptr<Handler>> { return std::make_unique<ScriptedHandler>(it); };
};

}  // namespace ductus::test
