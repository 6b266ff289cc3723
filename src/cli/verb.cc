#include "cli/verb.h"

#include <utility>

#include "base/escape.h"
#include "config/load.h"

namespace ductus::cli {
namespace {

constexpr std::size_t kMaxTalkBytes = 2'000;

}  // namespace

void say(Surroundings& around, std::string_view text) {
  around.err << "ductus: " << base::escaped(text, kMaxTalkBytes) << "\n";
}

std::function<Result<config::NodeConfig>()> reload_of(const Call& call, const Surroundings& around) {
  return [request = config::LoadRequest{call.config, call.config_dir, call.sets, around.environment, around.cwd}] {
    return config::load(request);
  };
}

std::optional<config::NodeConfig> load_config(const Call& call, Surroundings& around) {
  auto config = reload_of(call, around)();
  if (config) return *std::move(config);
  say_problems(around, config.error().message);
  return std::nullopt;
}

void say_problems(Surroundings& around, std::string_view problems) {
  while (!problems.empty()) {
    const auto end = problems.find('\n');
    around.err << "ductus: " << base::escaped(problems.substr(0, end)) << "\n";
    problems.remove_prefix(end == std::string_view::npos ? problems.size() : end + 1);
  }
}

Action with_config(std::function<int(const Call&, const config::NodeConfig&, Surroundings&)> act) {
  return [act = std::move(act)](const Call& call, Surroundings& around) {
    const auto config = load_config(call, around);
    return config ? act(call, *config, around) : to_int(ExitCode::kConfigInvalid);
  };
}

ExitCode exit_code_of(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::kUnreachable:
    case ErrorCode::kTimedOut:
      return ExitCode::kUnreachable;
    case ErrorCode::kRefused:
      return ExitCode::kRefused;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace ductus::cli
