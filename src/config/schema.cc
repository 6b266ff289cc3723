#include "config/schema.h"

#include <algorithm>
#include <array>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "config/readers.h"
#include "config/store_url.h"
#include "config/suggest.h"

namespace ductus::config {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kLogFormats{"text", "json"};
constexpr std::array<std::string_view, 3> kPolicies{"stop", "earliest", "latest"};
constexpr std::string_view kOff = "off";
constexpr std::array<std::string_view, 2> kIsolationLevels{"read_committed", "read_uncommitted"};
constexpr std::array<std::string_view, 4> kProtocols{"auto", "kafka", "kafka-0.7", "kafka-0.6"};
constexpr std::array<std::string_view, 2> kResetSources{"source", "target"};
constexpr std::array<std::string_view, 3> kTopicKeys{"name", "init", "partitions"};

void add_problem(Problems& problems, std::string_view path, const Error& error, const Tree& found) {
  problems.add(found.at, std::string(path) + ": " + error.message + ", got " + shown(found), error.code);
}

// ---- the keys with a form of their own -------------------------------------------------------------------

void read_brokers(std::string_view path, const Tree& value, std::vector<BrokerAddress>& brokers, Problems& problems) {
  brokers.clear();
  const auto take = [&](std::string_view text, const Tree& origin) {
    auto broker = read_broker(text);
    if (!broker) return add_problem(problems, path, broker.error(), origin);
    if (std::find(brokers.begin(), brokers.end(), *broker) == brokers.end()) brokers.push_back(*std::move(broker));
  };
  if (const std::string* text = value.as_text()) {
    std::string_view rest = *text;
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
      comma = rest.find(',');
      std::string_view part = rest.substr(0, comma);
      while (part.starts_with(' ')) part.remove_prefix(1);
      while (part.ends_with(' ')) part.remove_suffix(1);
      take(part, value);
      if (comma != std::string_view::npos) rest.remove_prefix(comma + 1);
    }
  } else if (const Tree::List* list = value.as_list(); list != nullptr && !list->empty()) {
    for (const Tree& element : *list) take(element.as_text() != nullptr ? *element.as_text() : "", element);
  } else {
    return add_problem(problems, path, {ErrorCode::kInvalid, "expected a list of \"host:port\""}, value);
  }
  if (brokers.size() > kMaxBrokers) {
    problems.add(value.at, std::string(path) + ": more than " + std::to_string(kMaxBrokers) + " brokers",
                 ErrorCode::kLimit);
  }
}

void read_isolation_level(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  auto word = read_word(value, kIsolationLevels);
  if (!word) return add_problem(problems, path, word.error(), value);
  config.read_committed = *word == 0;
}

Value write_isolation_level(const NodeConfig& config) { return kIsolationLevels[config.read_committed ? 0 : 1]; }

void read_protocol(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  auto word = read_word(value, kProtocols);
  if (!word) return add_problem(problems, path, word.error(), value);
  config.protocol = static_cast<SourceProtocol>(*word);
}

Value write_protocol(const NodeConfig& config) { return kProtocols[static_cast<std::size_t>(config.protocol)]; }

void read_may_create_topics(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  const bool* const flag = std::get_if<bool>(&value.data);
  if (flag == nullptr) return add_problem(problems, path, {ErrorCode::kInvalid, "expected true or false"}, value);
  config.may_create_topics = *flag;
}

Value write_may_create_topics(const NodeConfig& config) { return config.may_create_topics; }

void read_reset_source(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  auto word = read_word(value, kResetSources);
  if (!word) return add_problem(problems, path, word.error(), value);
  config.reset_source = static_cast<ResetSource>(*word);
}

Value write_reset_source(const NodeConfig& config) {
  return kResetSources[static_cast<std::size_t>(config.reset_source)];
}

void read_store_url(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  constexpr std::string_view kSqlite = "sqlite:";
  config.redis.reset();
  auto url = read_path(value);
  if (url && is_redis_url(*url)) {
    auto place = parse_redis_url(*url, config.base_dir);
    // What is no good url may hold a password: it is not shown.
    if (!place) return problems.add(value.at, std::string(path) + ": " + place.error().message);
    config.redis = *std::move(place);
    config.store_url = *std::move(url);
    config.store_path.clear();
    return;
  }
  const bool sqlite = url && url->starts_with(kSqlite);
  std::filesystem::path file = sqlite ? url->substr(kSqlite.size()) : "";
  if (!url || (*url != "memory:" && !file.has_filename())) {
    const Error error{ErrorCode::kInvalid, "expected \"sqlite:PATH\", \"redis://host\" or \"memory:\""};
    return add_problem(problems, path, error, value);
  }
  config.store_url = *std::move(url);
  config.store_path = sqlite ? config.base_dir / file : file;
}

void read_store_password(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  auto password = read_text(value);
  const bool by_variable = !value.written.empty() || !value.at.in_file();
  if (!password || !by_variable) {
    return problems.add(value.at, std::string(path) + ": " +
                                      (by_variable ? password.error().message
                                                   : "expected \"${VARIABLE}\": the file is no place for a password"));
  }
  config.store_password = *std::move(password);
}

Value write_store_password(const NodeConfig& config) {
  return config.store_password.empty() ? Value() : Value(std::string("********"));
}

Value write_store_url(const NodeConfig& config) {
  if (config.redis && !config.redis->unix_path.empty()) return to_text(*config.redis);
  return config.store_path.empty() ? config.store_url : "sqlite:" + config.store_path.string();
}

std::optional<TopicConfig> read_topic(std::string_view path, const Tree& value, Problems& problems) {
  const Tree::Table* table = value.as_table();
  if (table == nullptr) {
    add_problem(problems, path, {ErrorCode::kInvalid, "expected [[topics]] tables with a name"}, value);
    return std::nullopt;
  }
  TopicConfig topic;
  for (const auto& [name, entry] : *table) {
    if (name == "name") {
      auto topic_name = read_topic_name(entry);
      if (topic_name) topic.name = *topic_name;
      if (!topic_name) add_problem(problems, "topics.name", topic_name.error(), entry);
    } else if (name == "init") {
      topic.init = to_value(entry);
    } else if (name == "partitions") {
      auto partitions = read_partitions(entry);
      if (!partitions) add_problem(problems, "topics.partitions", partitions.error(), entry);
      if (partitions) topic.partitions = *std::move(partitions);
    } else {
      problems.add(entry.key_at,
                   "unknown key 'topics." + base::escaped(name, kMaxTextBytes) + "'" + advice_for("topics." + name));
    }
  }
  if (!table->contains("name")) problems.add(value.at, "topics.name is missing");
  if (topic.name.empty()) return std::nullopt;
  return topic;
}

void read_topics(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems) {
  config.topics.clear();
  const Tree::List* list = value.as_list();
  if (list == nullptr || list->empty()) {
    return add_problem(problems, path, {ErrorCode::kInvalid, "expected [[topics]] tables with a name"}, value);
  }
  if (list->size() > kMaxTopics) {
    return problems.add(value.at, "more than " + std::to_string(kMaxTopics) + " topics", ErrorCode::kLimit);
  }
  std::set<std::string> names;
  for (const Tree& element : *list) {
    auto topic = read_topic(path, element, problems);
    if (!topic) continue;
    if (!names.insert(topic->name).second) {
      problems.add(element.at, "topic " + shown(element.as_table()->at("name")) + " is given twice");
    }
    config.topics.push_back(*std::move(topic));
  }
}

Value write_topics(const NodeConfig& config) {
  Value::List list;
  for (const TopicConfig& topic : config.topics) {
    Value::Map entry{{"name", topic.name}};
    if (!topic.init.is_null()) entry.emplace("init", topic.init);
    if (!topic.partitions.empty()) entry.emplace("partitions", to_text(topic.partitions));
    list.emplace_back(std::move(entry));
  }
  return list;
}

// ---- the table -------------------------------------------------------------------------------------------

constexpr std::uint64_t kKiB = 1u << 10, kMiB = 1u << 20, kGiB = 1u << 30;

constexpr auto kKeys = std::to_array<Key>({
    {"handler_name", TextField{&NodeConfig::handler_name}},
    {"node.dir", PathField{&NodeConfig::dir}},
    {"node.stop_timeout", DurationField{&NodeConfig::stop_timeout, 0ms, 24h}},
    {"source.brokers", BrokersField{&NodeConfig::brokers}},
    {"source.protocol", OwnField{read_protocol, write_protocol, TextForm::kPlain}},
    {"source.may_create_topics", OwnField{read_may_create_topics, write_may_create_topics, TextForm::kToml}},
    {"source.client.id", TextField{&NodeConfig::client_id}},
    {"source.isolation.level", OwnField{read_isolation_level, write_isolation_level, TextForm::kPlain}},
    {"source.fetch.max.wait.ms", DurationField{&NodeConfig::fetch_max_wait, 1ms, 60s}},
    {"source.metadata.max.age.ms", DurationField{&NodeConfig::metadata_max_age, 100ms, 24h}},
    {"target.brokers", BrokersField{&NodeConfig::target_brokers}},
    {"fetch.max_frame_bytes", SizeField{&NodeConfig::fetch_max_frame_bytes, kMiB, 2 * kGiB - 1}},
    {"batch.max_bytes", SizeField{&NodeConfig::batch_max_bytes, kKiB, kGiB}},
    {"memory.budget_bytes", SizeField{&NodeConfig::memory_budget_bytes, kMiB, 1024 * kGiB}},
    {"store.url", OwnField{read_store_url, write_store_url, TextForm::kPlain}},
    {"store.password", OwnField{read_store_password, write_store_password, TextForm::kPlain}},
    {"store.password_file", PathField{&NodeConfig::store_password_file}},
    {"store.ca_file", PathField{&NodeConfig::store_ca_file}},
    {"store.cert_file", PathField{&NodeConfig::store_cert_file}},
    {"store.key_file", PathField{&NodeConfig::store_key_file}},
    {"store.max_uncommitted_batches", CountField{&NodeConfig::max_uncommitted_batches, 0, 10'000}},
    {"offsets.when_missing", PolicyField{&NodeConfig::when_missing}},
    {"offsets.when_out_of_range", PolicyField{&NodeConfig::when_out_of_range}},
    {"offsets.when_truncated", PolicyField{&NodeConfig::when_truncated}},
    {"offsets.when_recreated", PolicyField{&NodeConfig::when_recreated}},
    {"offsets.reset_source", OwnField{read_reset_source, write_reset_source, TextForm::kPlain}},
    {"handler.module", TextField{&NodeConfig::module}},
    {"handler.settings", ValueField{&NodeConfig::settings}},
    {"handler.max_threads", CountField{&NodeConfig::max_threads, 1, 4096}},
    {"periodic.every", OptionalDurationField{&NodeConfig::periodic_every, 10ms, 168h}},
    {"supervision.intensity", CountField{&NodeConfig::intensity, 0, 1'000'000}},
    {"supervision.period", DurationField{&NodeConfig::period, 1ms, 24h}},
    {"supervision.stall_after", DurationField{&NodeConfig::stall_after, 100ms, 24h}},
    {"supervision.escalate_after", DurationField{&NodeConfig::escalate_after, 100ms, 24h}},
    {"log.level", WordField{&NodeConfig::log_level, kLogLevels}},
    {"log.format", WordField{&NodeConfig::log_format, kLogFormats}},
    {"log.file", PathField{&NodeConfig::log_file}},
    {"topics", OwnField{read_topics, write_topics, TextForm::kToml}},
});

bool is_duration(const Key& key) {
  return std::holds_alternative<DurationField>(key.field) || std::holds_alternative<OptionalDurationField>(key.field);
}

bool ends_with_ms(std::string_view path) { return path.ends_with("_ms") || path.ends_with(".ms"); }

bool is_front_of(std::string_view path, std::string_view front) {
  return path.starts_with(front) && path.substr(front.size()).starts_with('.');
}

// Puts what a reader returned into a field, or reports its error.
class Placer {
 public:
  Placer(std::string_view path, const Tree& value, NodeConfig& config, Problems& problems)
      : path_(path), value_(value), config_(config), problems_(problems) {}

  void operator()(const DurationField& to) { place(read_duration(value_, to.least, to.most, ends_with_ms(path_)), to); }
  void operator()(const OptionalDurationField& to) {
    if (value_.as_text() != nullptr && *value_.as_text() == kOff) {
      config_.*to.field = std::nullopt;
      return;
    }
    place(read_duration(value_, to.least, to.most, ends_with_ms(path_)), to);
  }
  void operator()(const SizeField& to) { place(read_size(value_, to.least, to.most), to); }
  void operator()(const CountField& to) { place(read_count(value_, to.least, to.most), to); }
  void operator()(const TextField& to) { place(read_text(value_), to); }
  void operator()(const PathField& to) { place(read_path(value_), to); }
  void operator()(const WordField& to) {
    auto word = read_word(value_, to.words);
    place(word ? Result<std::string_view>(to.words[*word]) : std::move(word).error(), to);
  }
  void operator()(const PolicyField& to) {
    auto word = read_word(value_, kPolicies);
    place(word ? Result<OffsetPolicy>(static_cast<OffsetPolicy>(*word)) : std::move(word).error(), to);
  }
  void operator()(const ValueField& to) { config_.*to.field = to_value(value_); }
  void operator()(const BrokersField& to) { read_brokers(path_, value_, config_.*to.field, problems_); }
  void operator()(const OwnField& to) { to.read(path_, value_, config_, problems_); }

 private:
  template <class T, class To>
  void place(const Result<T>& read, const To& to) {
    if (!read) return add_problem(problems_, path_, read.error(), value_);
    using Target = std::remove_reference_t<decltype(config_.*to.field)>;
    config_.*to.field = static_cast<Target>(*read);
  }

  std::string_view path_;
  const Tree& value_;
  NodeConfig& config_;
  Problems& problems_;
};

// The other way round.
class Writer {
 public:
  explicit Writer(const NodeConfig& config) : config_(config) {}

  Value operator()(const DurationField& from) const { return to_text(config_.*from.field); }
  Value operator()(const OptionalDurationField& from) const {
    const auto& duration = config_.*from.field;
    return duration ? to_text(*duration) : std::string(kOff);
  }
  Value operator()(const SizeField& from) const { return size_to_text(config_.*from.field); }
  Value operator()(const CountField& from) const { return static_cast<std::int64_t>(config_.*from.field); }
  Value operator()(const TextField& from) const { return config_.*from.field; }
  Value operator()(const PathField& from) const {
    const std::filesystem::path& path = config_.*from.field;
    return path.empty() ? Value() : Value(path.string());
  }
  Value operator()(const WordField& from) const { return config_.*from.field; }
  Value operator()(const PolicyField& from) const { return kPolicies[static_cast<std::size_t>(config_.*from.field)]; }
  Value operator()(const ValueField& from) const { return config_.*from.field; }
  Value operator()(const BrokersField& from) const {
    Value::List list;
    for (const BrokerAddress& broker : config_.*from.field) list.emplace_back(to_text(broker));
    return list.empty() ? Value() : Value(std::move(list));
  }
  Value operator()(const OwnField& from) const { return from.write(config_); }

 private:
  const NodeConfig& config_;
};

}  // namespace

std::span<const Key> keys() noexcept { return kKeys; }

TextForm text_form_of(const Key& key) noexcept {
  if (const auto* own = std::get_if<OwnField>(&key.field)) return own->form;
  const bool number =
      std::holds_alternative<SizeField>(key.field) || std::holds_alternative<CountField>(key.field) || is_duration(key);
  return number || takes_table(key) ? TextForm::kToml : TextForm::kPlain;
}

bool takes_table(const Key& key) noexcept { return std::holds_alternative<ValueField>(key.field); }

std::string ms_alias_of(const Key& key) {
  return is_duration(key) && !ends_with_ms(key.path) ? std::string(key.path) + "_ms" : "";
}

const Key* find_key(std::string_view path) noexcept {
  const auto* const found = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) {
    return key.path == path || (path.ends_with("_ms") && is_duration(key) && !ends_with_ms(key.path) &&
                                path.substr(0, path.size() - 3) == key.path);
  });
  return found == kKeys.end() ? nullptr : found;
}

bool is_table_of_keys(std::string_view path) noexcept {
  return std::any_of(kKeys.begin(), kKeys.end(), [&](const Key& key) { return is_front_of(key.path, path); });
}

std::string advice_for(std::string_view unknown_path) {
  std::vector<std::string> candidates;
  std::vector<std::string> same_word;
  for (const Key& key : kKeys) {
    const std::string path(key.path);
    candidates.push_back(path);
    if (auto alias = ms_alias_of(key); !alias.empty()) candidates.push_back(std::move(alias));
    for (std::size_t dot = path.find('.'); dot != path.npos; dot = path.find('.', dot + 1)) {
      candidates.push_back(path.substr(0, dot));
    }
    if (key.path.ends_with(std::string(".") + std::string(unknown_path.substr(unknown_path.rfind('.') + 1)))) {
      same_word.push_back(path);
    }
  }
  // The right word in the wrong table, or in one that is misspelt.
  if (!same_word.empty()) {
    return "; did you mean '" + closest(unknown_path, same_word).value_or(same_word.front()) + "'?";
  }
  for (const std::string_view name : kTopicKeys) candidates.push_back("topics." + std::string(name));
  const auto best = closest(unknown_path, candidates);
  if (!best) return "";
  // In the same table the last part says it all.
  const std::size_t table_end = unknown_path.rfind('.') + 1;
  const bool same_table = table_end > 0 && best->starts_with(unknown_path.substr(0, table_end));
  return "; did you mean '" + best->substr(same_table ? table_end : 0) + "'?";
}

void apply(const Key& key, std::string_view written_as, const Tree& value, NodeConfig& config, Problems& problems) {
  std::visit(Placer(written_as, value, config, problems), key.field);
}

Value value_of(const Key& key, const NodeConfig& config) { return std::visit(Writer(config), key.field); }

}  // namespace ductus::config
