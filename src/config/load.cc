#include "config/load.h"

#include <cstdlib>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "base/escape.h"
#include "config/config_file.h"
#include "config/erlang/document.h"
#include "config/erlang/terms.h"
#include "config/problems.h"
#include "config/shown/secrets.h"
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

// Lays the settings of the files. One that cannot be read, or is no TOML and no term, is a problem among the others.
class FileReader {
 public:
  FileReader(const fs::path& cwd, Layers& layers, Problems& problems)
      : cwd_(cwd), layers_(layers), problems_(problems) {}

  void read(const Files& files) {
    if (files.defaults) add(*files.defaults);
    // Two files in Erlang terms are one document: a port may stand in one and its host in the other.
    if (!holds_erlang_terms(files.main)) lay_terms();
    add(files.main);
    lay_terms();
  }

  std::vector<Error>& unreadable() { return unreadable_; }
  std::vector<std::string>& warnings() { return warnings_; }
  bool is_read_by_others(const Origin& place) const { return read_by_others_.contains(*place.source); }
  /// Else what they would have said may be missing.
  bool all_understood() const { return unreadable_.empty() && understood_; }

 private:
  void add(const fs::path& path) {
    auto content = read_file(cwd_ / path, path);
    if (!content) return unreadable_.push_back(std::move(content).error());
    const auto name = std::make_shared<const std::string>(path.string());
    if (content->others_write) warnings_.push_back(base::escaped(*name) + ": everybody may write to it: chmod o-w");
    if (content->others_read) read_by_others_.insert(*name);
    if (holds_erlang_terms(path)) {
      auto term = erlang::parse_term(content->text, name);
      if (!term) return unreadable_.push_back(std::move(term).error());
      terms_.push_back(*std::move(term));
    } else {
      auto document = parse_toml(content->text, name);
      if (!document) return unreadable_.push_back(std::move(document).error());
      layers_.add_document(*document);
    }
  }

  void lay_terms() {
    if (terms_.empty()) return;
    const std::size_t problems_before = problems_.size();
    layers_.add_document(erlang::document_of(terms_, problems_, warnings_));
    understood_ = understood_ && problems_.size() == problems_before;
    terms_.clear();
  }

  const fs::path& cwd_;
  Layers& layers_;
  Problems& problems_;
  std::vector<erlang::Term> terms_;
  std::vector<Error> unreadable_;
  std::vector<std::string> warnings_;
  std::set<std::string> read_by_others_;
  bool understood_ = true;
};

// In Redis the side data of handler_name X lie under X:meta and X:journal (docs/configuration.md).
void check_handler_name(const NodeConfig& config, const Layers& layers, Problems& problems) {
  for (const std::string_view end : {":meta", ":journal"}) {
    if (!config.redis || !config.handler_name.ends_with(end)) continue;
    problems.add(layers.find(*find_key("handler_name"))->value.at,
                 "handler_name: with a Redis store it must not end in \"" + std::string(end) +
                     "\": there another handler_name may have its own data");
  }
}

void check_whole(const Files& files, const NodeConfig& config, const Layers& layers, Problems& problems) {
  const Origin whole_file{std::make_shared<const std::string>(files.main.string())};
  const bool erlang = holds_erlang_terms(files.main);
  if (!layers.has("source.brokers")) {
    problems.add(whole_file, erlang ? "source_host and source_port are missing in 'ductus'"
                                    : "source.brokers is missing: write brokers = [\"host:9092\"] under [source]");
  }
  if (!layers.has("topics")) {
    problems.add(whole_file, erlang ? "topics are missing in 'ductus': write {topics, [{\"…\", Init}]}"
                                    : "topics are missing: write [[topics]] and name = \"…\" for each");
  }
  const bool old_line = config.protocol == SourceProtocol::kKafka07 || config.protocol == SourceProtocol::kKafka06;
  if (old_line && config.brokers.size() > 1) {
    problems.add(whole_file, "source.brokers: a node reads one broker of Kafka 0.6 or 0.7, not " +
                                 std::to_string(config.brokers.size()) +
                                 ": each has partitions and offsets of its own; write a configuration for each");
  }
  if (config.reset_source == ResetSource::kTarget && !layers.has("target.brokers")) {
    problems.add(whole_file,
                 erlang ? "target_host and target_port are missing in 'ductus': initial_offset_source is target"
                        : "target.brokers is missing: offsets.reset_source = \"target\" reads offsets there");
  }
  if (config.store_cert_file.empty() != config.store_key_file.empty()) {
    problems.add(whole_file, "store.cert_file and store.key_file: one is of no use without the other");
  }
  check_handler_name(config, layers, problems);
}

void fill_in(const Files& files, NodeConfig& config, const Layers& layers) {
  if (!layers.has("handler_name")) config.handler_name = files.name;
  config.dir = config.base_dir / (layers.has("node.dir") ? config.dir : fs::path("run") / files.name);
  config.dir = config.dir.lexically_normal();
  if (!layers.has("store.url")) config.store_path = config.dir / "offsets.db";
  if (!config.store_path.empty()) config.store_path = config.store_path.lexically_normal();
  for (fs::path* file : {&config.log_file, &config.store_password_file, &config.store_ca_file, &config.store_cert_file,
                         &config.store_key_file}) {
    if (!file->empty()) *file = (config.base_dir / *file).lexically_normal();
  }
}

// One line for each problem.
Error to_error(std::vector<Error> unreadable, const Problems& problems) {
  if (!problems.empty()) unreadable.push_back(problems.to_error());
  Error all = std::move(unreadable.front());
  for (std::size_t i = 1; i < unreadable.size(); ++i) {
    if (unreadable[i].code != all.code) all.code = ErrorCode::kInvalid;
    all.message += '\n' + unreadable[i].message;
  }
  return all;
}

Environment environment_of(const LoadRequest& request) {
  if (request.environment) return request.environment;
  return [](const std::string&) { return std::optional<std::string>(); };
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
  const Environment environment = environment_of(request);
  auto files = find_files(request.config, config_dir_of(request, environment), request.cwd);
  if (!files) return std::move(files).error();

  Problems problems;
  Layers layers(problems);
  FileReader reader(request.cwd, layers, problems);
  reader.read(*files);
  layers.add_environment(environment);
  for (const std::string& argument : request.sets) layers.add_argument(argument);

  NodeConfig config;
  config.name = files->name;
  config.base_dir = files->base_dir;
  layers.apply_to(config, environment);
  if (reader.all_understood()) check_whole(*files, config, layers, problems);
  if (!reader.unreadable().empty() || !problems.empty()) return to_error(std::move(reader.unreadable()), problems);
  fill_in(*files, config, layers);
  config.warnings = std::move(reader.warnings());

  Settings written;
  for (const Key& key : keys()) {
    const auto* const set = layers.find(key);
    if (set == nullptr) continue;
    if (reader.is_read_by_others(set->value.key_at) && holds_secret(set->written_as, set->value)) {
      config.warnings.push_back(set->value.key_at.to_text() +
                                ": a secret that everybody may read: chmod o-r, or take it from ${NAME}");
    }
    written.emplace(key.path, Setting{set->written_as, set->value, set->value.key_at.to_text()});
  }
  config.written = std::make_shared<const Settings>(std::move(written));
  return config;
}

Result<Conversion> convert(const LoadRequest& request) {
  auto files = find_files(request.config, config_dir_of(request, environment_of(request)), request.cwd);
  if (!files) return std::move(files).error();
  if (!holds_erlang_terms(files->main)) {
    return Error{ErrorCode::kInvalid, base::escaped(files->main.string()) + ": it is no file in Erlang terms"};
  }
  if (files->defaults && !holds_erlang_terms(*files->defaults)) files->defaults.reset();
  Problems problems;
  Layers layers(problems);
  FileReader reader(request.cwd, layers, problems);
  reader.read(*files);
  if (!reader.unreadable().empty() || !problems.empty()) return to_error(std::move(reader.unreadable()), problems);
  Conversion conversion{{}, std::move(reader.warnings())};
  for (const Key& key : keys()) {
    const auto* set = layers.find(key);
    if (set != nullptr) conversion.settings.push_back({set->written_as, set->value, set->value.key_at.to_text()});
  }
  return conversion;
}

}  // namespace ductus::config
