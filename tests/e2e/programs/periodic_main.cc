// A callback program for the end-to-end tests: writes down each call of handle_periodic_aggregate().
//
// [handler] settings: {calls = FILE, gate = FILE, slow = N, slow_ms = how long the Nth call lasts, throws = N}. Into
// `calls` comes a line for each call: {"at_ms": since the module was made, "others": calls that run at the same time,
// "elements": {topic: [partitions]}, "missing": …}. The handlers of partition 0 hold their first batch until `gate` is
// there.
#include <ductus/app.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t number(const ductus::Value& settings, const char* key) { return *settings.find(key)->as_int(); }
std::string text(const ductus::Value& settings, const char* key) { return *settings.find(key)->as_string(); }

/// Asleep, unless `stop` is requested, until `done` or the end of `time`.
void wait(const std::stop_token& stop, std::chrono::milliseconds time, auto&& done) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any changed;
  for (const auto end = Clock::now() + time; !done() && !stop.stop_requested() && Clock::now() < end;) {
    changed.wait_for(lock, stop, std::chrono::milliseconds(10), [] { return false; });
  }
}

class Gated final : public ductus::Handler {
 public:
  Gated(std::filesystem::path gate, std::stop_token stop) : gate_(std::move(gate)), stop_(std::move(stop)) {}

  ductus::Verdict handle_messages(const ductus::Batch& batch) override {
    if (batch.partition() == 0) {
      wait(stop_, std::chrono::hours(1), [&] { return std::filesystem::exists(gate_); });
    }
    messages_ += static_cast<std::int64_t>(batch.size());
    return ductus::Verdict::ok();
  }
  ductus::Value aggregate_element() override { return messages_; }

 private:
  const std::filesystem::path gate_;
  const std::stop_token stop_;
  std::int64_t messages_ = 0;
};

class PeriodicModule final : public ductus::Module {
 public:
  explicit PeriodicModule(ductus::Value settings) : settings_(std::move(settings)), calls_(text(settings_, "calls")) {}

  ductus::Result<std::unique_ptr<ductus::Handler>> init(const ductus::Context& context, const ductus::Value&) override {
    return std::make_unique<Gated>(text(settings_, "gate"), context.stop);
  }

  void handle_periodic_aggregate(const ductus::Aggregate& aggregate) override {
    const int others = running_++;
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - made_).count();
    calls_ << "{\"at_ms\": " << at << ", \"others\": " << others << ", \"elements\": {";
    write_partitions(aggregate, [](const auto& element) { return element.first; });
    calls_ << "}, \"missing\": {";
    write_partitions(aggregate.missing, [](std::int32_t partition) { return partition; });
    calls_ << "}}\n" << std::flush;
    ++count_;
    if (count_ == number(settings_, "slow")) {
      wait({}, std::chrono::milliseconds(number(settings_, "slow_ms")), [] { return false; });
    }
    --running_;
    if (count_ == number(settings_, "throws")) throw std::runtime_error("no aggregate today");
  }

 private:
  void write_partitions(const auto& by_topic, auto&& partition_of) {
    const char* topic_comma = "";
    for (const auto& [topic, partitions] : by_topic) {
      calls_ << std::exchange(topic_comma, ", ") << '"' << topic << "\": [";
      const char* comma = "";
      for (const auto& one : partitions) calls_ << std::exchange(comma, ", ") << partition_of(one);
      calls_ << ']';
    }
  }

  const Clock::time_point made_ = Clock::now();
  const ductus::Value settings_;
  std::ofstream calls_;
  std::atomic<int> running_{0};
  std::int64_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto make = [](const ductus::Value& settings) { return std::make_unique<PeriodicModule>(settings); };
  return ductus::run(argc, argv, {{"periodic", make}});
}
