// A callback program for the end-to-end tests: writes down all that a message has, as kcat prints it with
//   -f '%o|%k|%h|%T|%s\n'        offset, key, headers (name=value,…), timestamp, value
// into FOLDER/TOPIC-PARTITION, and beside it the size of each batch: into .calls when it comes, into .batches when it
// is written down.
// A topic's init: {folder = …, pause_ms = how long each callback blocks, deaf = whether also when it is asked to end,
// crash = whether the first callback is the end of the process}. Its settings: {last_words = what the factory says
// before it ends the process}.
#include <ductus/app.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

namespace {

bool is_set(const ductus::Value& table, const char* key) {
  const ductus::Value* const flag = table.find(key);
  return flag != nullptr && *flag->as_bool();
}

class Ledger final : public ductus::Handler {
 public:
  Ledger(const std::filesystem::path& path, std::chrono::milliseconds pause, bool crash, std::stop_token stop)
      : pause_(pause),
        crash_(crash),
        stop_(std::move(stop)),
        messages_(path, std::ios::app | std::ios::binary),
        calls_(path.string() + ".calls"),
        batches_(path.string() + ".batches") {}

  ductus::Verdict handle_messages(const ductus::Batch& batch) override {
    calls_ << batch.size() << '\n' << std::flush;
    if (crash_) std::raise(SIGSEGV);
    block();
    for (const ductus::Message& message : batch) write(message);
    batches_ << batch.size() << '\n';
    return messages_.flush() && batches_.flush() ? ductus::Verdict::ok() : ductus::Verdict::fail("cannot write");
  }

 private:
  // As a callback should: it does not hold up the end.
  void block() {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop_, pause_, [] { return false; });
  }

  void write(const ductus::Message& message) {
    messages_ << message.offset() << '|' << message.key() << '|';
    const char* comma = "";
    for (const ductus::Header& header : message.headers()) {
      messages_ << std::exchange(comma, ",") << header.key << '=' << header.value.value_or("NULL");
    }
    messages_ << '|' << message.timestamp_ms() << '|' << message.value() << '\n';
  }

  std::chrono::milliseconds pause_;
  bool crash_;
  std::stop_token stop_;
  std::ofstream messages_;
  std::ofstream calls_;
  std::ofstream batches_;
};

class LedgerModule final : public ductus::Module {
 public:
  ductus::Result<std::unique_ptr<ductus::Handler>> init(const ductus::Context& context,
                                                        const ductus::Value& init) override {
    const auto name = context.topic + "-" + std::to_string(context.partition);
    const auto path = std::filesystem::path(*init.find("folder")->as_string()) / name;
    const std::stop_token stop = is_set(init, "deaf") ? std::stop_token() : context.stop;
    const std::chrono::milliseconds pause(*init.find("pause_ms")->as_int());
    return std::make_unique<Ledger>(path, pause, is_set(init, "crash"), stop);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto make = [](const ductus::Value& settings) {
    if (const ductus::Value* const words = settings.find("last_words")) {
      std::fprintf(stderr, "%s\n", std::string(*words->as_string()).c_str());
      std::abort();
    }
    return std::make_unique<LedgerModule>();
  };
  return ductus::run(argc, argv, {{"ledger", make}});
}
