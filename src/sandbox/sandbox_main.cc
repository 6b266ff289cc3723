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
#include <vector>

#include "base/clock.h"
#include "sandbox/catalog.h"
#include "sandbox/server.h"

namespace {

using ductus::Error;
using ductus::ErrorCode;
using ductus::Result;

struct Options {
  std::vector<std::string> prebuilt;
  std::vector<std::string> topics;
  std::uint16_t port = 0;
  std::int32_t listeners = 1;
  std::string faults;
  std::string port_file;
  std::string expect_file;
  bool spin = false;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--prebuilt", options.prebuilt, "A topic of ready-made batches, endless without MESSAGES")
      ->type_name("NAME:PARTITIONS:VALUE_BYTES:none|gzip|snappy|lz4|zstd[:MESSAGES]");
  app.add_option("--topic", options.topics, "A topic of generated events; MESSAGES and rate count per partition")
      ->type_name("NAME:PARTITIONS:MESSAGES[:RATE_PER_S]");
  app.add_option("--port", options.port, "Where to listen on 127.0.0.1; 0: on a free port");
  app.add_option("--listeners", options.listeners, "How many brokers to be, each with a port of its own")
      ->check(CLI::Range(1, ductus::sandbox::kMaxListeners));
  app.add_option("--faults", options.faults, "What goes wrong, by a script")->type_name("FILE");
  app.add_option("--port-file", options.port_file, "Write the ports into FILE, one a line, once it listens")
      ->type_name("FILE");
  app.add_option("--expect-file", options.expect_file, "Write what readers of the finite partitions must see, as JSON")
      ->type_name("FILE");
  app.add_flag("--spin", options.spin, "Never sleep: for measurements with a processor to spare");
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

Result<void> fill(ductus::sandbox::Catalog& catalog, const Options& options, const ductus::base::Clock& clock) {
  for (const std::string& words : options.prebuilt) {
    if (auto added = catalog.add_prebuilt(words); !added) return added;
  }
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const ductus::sandbox::EventLog::Start start{
      clock.now(), std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count()};
  for (const std::string& words : options.topics) {
    if (auto added = catalog.add_events(words, start); !added) return added;
  }
  if (catalog.topics().empty()) return Error{ErrorCode::kInvalid, "no topic: give --topic or --prebuilt"};
  return {};
}

Result<std::vector<ductus::sandbox::FaultRule>> read_script(const Options& options) {
  if (options.faults.empty()) return std::vector<ductus::sandbox::FaultRule>();
  std::ifstream file(options.faults, std::ios::binary);
  const std::string script{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ErrorCode::kIo, "cannot read " + options.faults};
  auto rules = ductus::sandbox::read_faults(script, options.listeners);
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

Result<void> run(const Options& options) {
  const int stop_fd = stop_signals();
  const ductus::base::SystemClock clock;
  ductus::sandbox::Catalog catalog;
  if (auto filled = fill(catalog, options, clock); !filled) return filled;
  if (!options.expect_file.empty()) {
    auto written = write_whole_file(options.expect_file, ductus::sandbox::expectations_json(catalog));
    if (!written) return written;
  }
  auto faults = read_script(options);
  if (!faults) return faults.error();
  const auto server =
      ductus::sandbox::Server::listen({options.port, options.listeners, *std::move(faults)}, catalog, clock);
  if (!server) return server.error();
  if (auto watched = (*server)->stop_when_readable(stop_fd); !watched) return watched;
  std::string lines;
  for (const std::uint16_t port : (*server)->ports()) lines += std::to_string(port) + "\n";
  if (!options.port_file.empty()) {
    if (auto written = write_whole_file(options.port_file, lines); !written) return written;
  }
  std::cout << "ductus-sandbox: a practice broker, not Kafka; serving";
  for (const std::uint16_t port : (*server)->ports()) std::cout << " 127.0.0.1:" << port;
  std::cout << '\n' << std::flush;
  std::optional<std::chrono::milliseconds> max_wait;
  if (options.spin) max_wait = std::chrono::milliseconds(0);
  for (;;) {
    const Result<bool> served = (*server)->serve(max_wait);
    if (!served) return served.error();
    if (!*served) return {};
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app(
        "A practice broker for demos, benches and fault tests: serves topics from memory over Kafka's protocol.",
        "ductus-sandbox");
    Options options;
    declare(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    const Result<void> outcome = run(options);
    if (outcome) return 0;
    std::cerr << "ductus-sandbox: " << outcome.error().message << "\n";
    return outcome.error().code == ErrorCode::kInvalid ? 2 : 1;
  } catch (const std::exception& error) {
    std::cerr << "ductus-sandbox: " << error.what() << "\n";
    return 1;
  }
}
