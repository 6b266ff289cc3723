#include "config/load.h"

#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "config/config_file.h"
#include "config/problems.h"
#include "config/toml/toml_text.h"

namespace ductus::config {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> config_dir_of(const LoadRequest& request, const Environment& environment) {
  if (request.config_dir) return request.config_dir;
  const auto variable = environment("DUCTUS_CONFIG_DIR");
  if (!variable || variable->empty()) return std::nullopt;
  return fs::path(*variable);
}

// A file that cannot be read or is no TOML is a problem among the others.
void add_file(const fs::path& path, const fs::path& cwd, Layers& layers, std::vector<Error>& unreadable) {
  auto text = read_file(cwd / path, path);
  if (!text) return unreadable.push_back(std::move(text).error());
  auto document = parse_toml(*text, std::make_shared<const std::string>(path.string()));
  if (!document) return unreadable.push_back(std::move(document).error());
  layers.add_document(*document);
}

void fill_in(const Files& files, NodeConfig& config, const Layers& layers, Problems& problems) {
  const Origin whole_file{std::make_shared<const std::string>(files.main.string())};
  if (!layers.has("source.brokers")) {
    problems.add(whole_file, "source.brokers is missing: write brokers = [\"host:9092\"] under [source]");
  }
  if (!layers.has("topics")) {
    problems.add(whole_file, "topics are missing: write [[topics]] and name = \"…\" for each");
  }
  if (config.reset_source == ResetSource::kTarget && !layers.has("target.brokers")) {
    problems.add(whole_file, "target.brokers is missing: offsets.reset_source = \"target\" reads offsets there");
  }
  if (!layers.has("handler_name")) config.handler_name = files.name;
  config.dir = config.base_dir / (layers.has("node.dir") ? config.dir : fs::path("run") / files.name);
  config.dir = config.dir.lexically_normal();
  if (!layers.has("store.url")) config.store_path = config.dir / "offsets.db";
  if (!config.store_path.empty()) config.store_path = config.store_path.lexically_normal();
  if (!config.log_file.empty()) config.log_file = (config.base_dir / config.log_file).lexically_normal();
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): see the header
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Result<NodeConfig> load(const LoadRequest& request) {
  const Environment environment =
      request.environment ? request.environment : [](const std::string&) { return std::optional<std::string>(); };
  auto files = find_files(request.config, config_dir_of(request, environment), request.cwd);
  if (!files) return std::move(files).error();

  Problems problems;
  Layers layers(problems);
  std::vector<Error> unreadable;
  if (files->defaults) add_file(*files->defaults, request.cwd, layers, unreadable);
  add_file(files->main, request.cwd, layers, unreadable);
  layers.add_environment(environment);
  for (const std::string& argument : request.sets) layers.add_argument(argument);

  NodeConfig config;
  config.name = files->name;
  config.base_dir = files->base_dir;
  layers.apply_to(config, environment);
  // What an unreadable file would have said is not missing.
  if (unreadable.empty()) fill_in(*files, config, layers, problems);
  if (unreadable.empty() && problems.empty()) return config;

  if (!problems.empty()) unreadable.push_back(problems.to_error());
  Error all = std::move(unreadable.front());
  for (std::size_t i = 1; i < unreadable.size(); ++i) {
    if (unreadable[i].code != all.code) all.code = ErrorCode::kInvalid;
    all.message += '\n' + unreadable[i].message;
  }
  return all;
}

}  // namespace ductus::config
