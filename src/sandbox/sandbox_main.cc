// ductus-sandbox: the practice broker. See docs/sandbox.md.
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sandbox/catalog.h"
#include "sandbox/legacy/broker.h"
#include "sandbox/server.h"
#include "sandbox/topic_words.h"

namespace {

namespace sandbox = ductus::sandbox;
using ductus::Error;
using ductus::ErrorCode;
using ductus::Result;

struct Options {
  std::string protocol = "kafka";
  std::vector<std::string> prebuilt;
  std::vector<std::string> topics;
  std::uint16_t port = 0;
  std::int32_t listeners = 1;
  std::string faults;
  std::string port_file;
  std::string expect_file;
  bool spin = false;
  sandbox::legacy::Broker::Settings legacy;

  bool is_legacy() const { return protocol != "kafka"; }
};

constexpr const char* kLegacyGroup = "For --protocol 0.7 and 0.6";

void declare_legacy(CLI::App& app, Options& options) {
  app.add_option("--segment-bytes", options.legacy.segment_bytes, "A larger segment of a log is the last no longer")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->group(kLegacyGroup);
  app.add_option("--flush-ms", options.legacy.flush_after_ms, "How long messages stay invisible; 0: not at all")
      ->check(CLI::Range(0, 3'600'000))
      ->group(kLegacyGroup);
  app.add_option("--max-message-bytes", options.legacy.max_message_bytes, "Of 0.7: larger ones are dropped in silence")
      ->check(CLI::Range(0, INT32_MAX))
      ->group(kLegacyGroup);
  app.add_option("--default-partitions", options.legacy.default_partitions, "Of topics that were not given")
      ->check(CLI::Range(std::int64_t{1}, sandbox::kMaxPartitions))
      ->group(kLegacyGroup);
}

void declare(CLI::App& app, Options& options) {
  app.add_option("--protocol", options.protocol, "Today's, or what brokers of 0.7 (0.7.2) or 0.6 (0.6.1) speak")
      ->type_name("PROTOCOL")
      ->check(CLI::IsMember({"kafka", "0.7", "0.6"}));
  app.add_option("--prebuilt", options.prebuilt, "A topic of ready-made batches, endless without MESSAGES")
      ->type_name("NAME:PARTITIONS:VALUE_BYTES:none|gzip|snappy|lz4|zstd[:MESSAGES][:start=OFFSET]");
  app.add_option("--topic", options.topics, "A topic of generated events; MESSAGES and rate count per partition")
      ->type_name("NAME:PARTITIONS:MESSAGES[:RATE_PER_S][:start=OFFSET]");
  app.add_option("--port", options.port, "Where to listen on 127.0.0.1; 0: on a free port");
  app.add_option("--listeners", options.listeners, "How many brokers to be, each with a port of its own")
      ->check(CLI::Range(1, sandbox::kMaxListeners));
  app.add_option("--faults", options.faults, "What goes wrong, by a script")->type_name("FILE");
  app.add_option("--port-file", options.port_file, "Write the ports into FILE, one a line, once it listens")
      ->type_name("FILE");
  app.add_option("--expect-file", options.expect_file, "Write what readers of the finite partitions must see, as JSON")
      ->type_name("FILE");
  app.add_flag("--spin", options.spin, "Never sleep: for measurements with a processor to spare");
  declare_legacy(app, options);
}

// Error: kInvalid, an option that the protocol has no use for.
Result<void> check(const CLI::App& app, const Options& options) {
  if (options.is_legacy()) return {};
  const auto is_given_for_nothing = [](const CLI::Option* option) {
    return option->get_group() == kLegacyGroup && option->count() > 0;
  };
  for (const CLI::Option* option : app.get_options(is_given_for_nothing)) {
    return Error{ErrorCode::kInvalid, option->get_name() + " is for --protocol 0.7 and 0.6"};
  }
  return {};
}

// Readers of the file never see half of it.
Result<void> write_whole_file(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".tmp";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Error{ErrorCode::kIo, "cannot write " + path};
  }
  return {};
}

// The beginning of generated events.
sandbox::EventLog::Start start_now(const ductus::base::Clock& clock) {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {clock.now(), std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count()};
}

Result<void> fill(sandbox::Catalog& catalog, const Options& options, const ductus::base::Clock& clock) {
  for (const std::string& words : options.prebuilt) {
    if (auto added = catalog.add_prebuilt(words); !added) return added;
  }
  const sandbox::EventLog::Start start = start_now(clock);
  for (const std::string& words : options.topics) {
    if (auto added = catalog.add_events(words, start); !added) return added;
  }
  if (catalog.topics().empty()) return Error{ErrorCode::kInvalid, "no topic: give --topic or --prebuilt"};
  return {};
}

Result<void> fill(sandbox::legacy::Broker& broker, const Options& options) {
  for (const std::string& words : options.prebuilt) {
    const auto read = sandbox::read_prebuilt_words(words);
    if (!read) return read.error();
    if (auto added = broker.add_prebuilt(*read); !added) return added;
  }
  for (const std::string& words : options.topics) {
    const auto read = sandbox::read_event_words(words);
    if (!read) return read.error();
    if (auto added = broker.add_events(*read); !added) return added;
  }
  return {};
}

Result<std::vector<sandbox::FaultRule>> read_script(const Options& options) {
  if (options.faults.empty()) return std::vector<sandbox::FaultRule>();
  std::ifstream file(options.faults, std::ios::binary);
  const std::string script{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ErrorCode::kIo, "cannot read " + options.faults};
  const auto dialect = options.is_legacy() ? sandbox::Dialect::kLegacy : sandbox::Dialect::kToday;
  auto rules = sandbox::read_faults(script, options.listeners, dialect);
  if (!rules) return Error{rules.error().code, options.faults + ", " + rules.error().message};
  return rules;
}

// A descriptor that is readable once SIGTERM or SIGINT has come.
int stop_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// They are made only where they are asked for: that takes a look at every message.
template <class Topics>
Result<void> write_expectations(const Options& options, const Topics& topics) {
  if (options.expect_file.empty()) return {};
  return write_whole_file(options.expect_file, sandbox::expectations_json(topics.expectations()));
}

// Until a signal says stop.
Result<void> serve(sandbox::Server& server, const Options& options, int stop_fd) {
  if (auto watched = server.stop_when_readable(stop_fd); !watched) return watched;
  std::string lines;
  for (const std::uint16_t port : server.ports()) lines += std::to_string(port) + "\n";
  if (!options.port_file.empty()) {
    if (auto written = write_whole_file(options.port_file, lines); !written) return written;
  }
  std::cout << "ductus-sandbox: a practice broker, not Kafka; serving";
  for (const std::uint16_t port : server.ports()) std::cout << " 127.0.0.1:" << port;
  std::cout << '\n' << std::flush;
  std::optional<std::chrono::milliseconds> max_wait;
  if (options.spin) max_wait = std::chrono::milliseconds(0);
  for (;;) {
    const Result<bool> served = server.serve(max_wait);
    if (!served) return served.error();
    if (!*served) return {};
  }
}

Result<void> run_today(const Options& options, sandbox::Server::Options listening, int stop_fd) {
  const ductus::base::SystemClock clock;
  sandbox::Catalog catalog;
  if (auto filled = fill(catalog, options, clock); !filled) return filled;
  if (auto written = write_expectations(options, catalog); !written) return written;
  const auto server = sandbox::Server::listen(std::move(listening), catalog, clock);
  if (!server) return server.error();
  return serve(**server, options, stop_fd);
}

// Each of the brokers has all topics, with logs of its own.
Result<void> run_legacy(const Options& options, sandbox::Server::Options listening, int stop_fd) {
  const ductus::base::SystemClock clock;
  sandbox::legacy::Broker::Settings settings = options.legacy;
  settings.line = options.protocol == "0.6" ? sandbox::legacy::Line::k06 : sandbox::legacy::Line::k07;
  std::vector<sandbox::legacy::Broker> brokers;
  brokers.reserve(static_cast<std::size_t>(options.listeners));
  for (std::int32_t i = 0; i < options.listeners; ++i) {
    if (auto filled = fill(brokers.emplace_back(settings, start_now(clock)), options); !filled) return filled;
  }
  if (auto written = write_expectations(options, brokers.front()); !written) return written;
  const auto server = sandbox::Server::listen(std::move(listening), brokers, clock);
  if (!server) return server.error();
  return serve(**server, options, stop_fd);
}

Result<void> run(const Options& options) {
  const int stop_fd = stop_signals();
  auto faults = read_script(options);
  if (!faults) return faults.error();
  sandbox::Server::Options listening{options.port, options.listeners, *std::move(faults)};
  return options.is_legacy() ? run_legacy(options, std::move(listening), stop_fd)
                             : run_today(options, std::move(listening), stop_fd);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app(
        "A practice broker for demos, benches and fault tests: serves topics from memory over Kafka's protocols.",
        "ductus-sandbox");
    Options options;
    declare(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    const Result<void> checked = check(app, options);
    const Result<void> outcome = checked ? run(options) : checked;
    if (outcome) return 0;
    std::cerr << "ductus-sandbox: " << outcome.error().message << "\n";
    return outcome.error().code == ErrorCode::kInvalid ? 2 : 1;
  } catch (const std::exception& error) {
    std::cerr << "ductus-sandbox: " << error.what() << "\n";
    return 1;
  }
}
