// What each key takes, where it goes, and what is said when it is wrong.
#include "config/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include "config_test.h"

namespace ductus::config {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class SchemaTest : public ConfigTest {
 protected:
  SchemaTest() { set_variable("STORE_PASSWORD", "sesame"); }

  /// The problem of one line, which may hold a dotted key; the rest is as it should be.
  std::string problem_of(const std::string& line) {
    const bool least_is_there = line.starts_with("source.brokers") || line.starts_with("topics");
    if (!least_is_there) return refusal_of_text(line + "\nsource.brokers = 'a:1'\n" + kTopics);
    return refusal_of_text(line + "\n" + (line.starts_with("topics") ? kSource : kTopics));
  }
  static std::string documentation() {
    std::ifstream file(fs::path(GOLDEN_DIR) / "../../docs/configuration.md");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string documented_keys() {
    const auto text = documentation();
    const auto begin = text.find("## All keys");
    return text.substr(begin, text.find("\n## ", begin) - begin);
  }
  fs::path base() const { return fs::canonical(dir_.path()); }
};

TEST_F(SchemaTest, FillsInDefaults) {
  const auto config = load_text(kLeast);
  EXPECT_EQ(config.name, "local");
  EXPECT_EQ(config.handler_name, "local");
  EXPECT_EQ(config.dir, base() / "run/local");
  EXPECT_EQ(config.store_path, base() / "run/local/offsets.db");
  EXPECT_EQ(config.store_url, "sqlite:offsets.db");
  EXPECT_EQ(config.protocol, SourceProtocol::kAuto);
  EXPECT_FALSE(config.may_create_topics);
  EXPECT_EQ(config.when_missing, OffsetPolicy::kStop);
  EXPECT_EQ(config.module, "file");
  EXPECT_TRUE(config.settings.is_null());
  EXPECT_TRUE(config.read_committed);
  EXPECT_EQ(config.periodic_every, std::nullopt);
  EXPECT_TRUE(config.log_file.empty());
}

TEST_F(SchemaTest, ReadsOneBrokerOfTheOldLineAndSaysWhy) {
  for (const char* protocol : {"kafka-0.7", "kafka-0.6"}) {
    const std::string source = "[source]\nprotocol = '" + std::string(protocol) + "'\n";
    EXPECT_EQ(load_text(source + "brokers = 'a:9092'\n" + kTopics).brokers.size(), 1u);
    const std::string refusal = refusal_of_text(source + "brokers = 'a:9092,b:9092'\n" + kTopics);
    EXPECT_NE(refusal.find("one broker of Kafka 0.6 or 0.7, not 2"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("partitions and offsets of its own"), std::string::npos) << refusal;
  }
}

// Every key, with a value other than its default.
constexpr const char* kEveryKey = R"(
handler_name = "The handler: 1"
[node]
dir = "state/a"
stop_timeout = "1m"
[source]
brokers = ["k1:9092", "[::1]:65535", "10.0.0.1:1"]
protocol = "kafka"
may_create_topics = true
client.id = "me"
"isolation.level" = "read_uncommitted"
fetch.max.wait.ms = 250
"metadata.max.age.ms" = "30s"
[target]
brokers = "t:1,u:2"
[fetch]
max_frame_bytes = "2MiB"
[batch]
max_bytes = 65536
[memory]
budget_bytes = "1GB"
[store]
url = "sqlite:data/o.db"
password = "${STORE_PASSWORD}"
password_file = "secret"
ca_file = "tls/ca.pem"
cert_file = "tls/client.pem"
key_file = "tls/client.key"
max_uncommitted_batches = 0
[offsets]
when_missing = "earliest"
when_out_of_range = "latest"
when_truncated = "latest"
when_recreated = "earliest"
reset_source = "target"
[handler]
module = "print"
max_threads = 3
[handler.settings]
path = "x"
[periodic]
every_ms = 500
[supervision]
intensity = 0
period = "1h"
stall_after = "100ms"
escalate_after = "2m"
[log]
level = "debug"
format = "json"
file = "log/a.log"
[[topics]]
name = "a.b_c-D"
init = { since = 1979-05-27T07:32:00Z, day = 1979-05-27, rate = 0.5, on = true, list = [1, "x", {}] }
[[topics]]
name = "other"
partitions = "0,2,5-7"
)";

TEST_F(SchemaTest, PutsEveryKeyIntoItsPlace) {
  const auto config = load_text(kEveryKey);
  EXPECT_EQ(config.handler_name, "The handler: 1");
  EXPECT_EQ(config.dir, base() / "state/a");
  EXPECT_EQ(config.stop_timeout, 60s);
  EXPECT_EQ(config.brokers, (std::vector<BrokerAddress>{{"k1", 9092}, {"::1", 65535}, {"10.0.0.1", 1}}));
  EXPECT_EQ(config.protocol, SourceProtocol::kKafka);
  EXPECT_TRUE(config.may_create_topics);
  EXPECT_EQ(config.client_id, "me");
  EXPECT_FALSE(config.read_committed);
  EXPECT_EQ(config.fetch_max_wait, 250ms);
  EXPECT_EQ(config.metadata_max_age, 30s);
  EXPECT_EQ(config.fetch_max_frame_bytes, 2u << 20);
  EXPECT_EQ(config.batch_max_bytes, 65536u);
  EXPECT_EQ(config.memory_budget_bytes, 1'000'000'000u);
  EXPECT_EQ(config.store_path, base() / "data/o.db");
  EXPECT_EQ(config.store_password, "sesame");
  EXPECT_EQ(config.store_password_file, base() / "secret");
  EXPECT_EQ(config.store_ca_file, base() / "tls/ca.pem");
  EXPECT_EQ(config.store_cert_file, base() / "tls/client.pem");
  EXPECT_EQ(config.store_key_file, base() / "tls/client.key");
  EXPECT_EQ(config.max_uncommitted_batches, 0u);
  EXPECT_EQ(config.when_missing, OffsetPolicy::kEarliest);
  EXPECT_EQ(config.when_out_of_range, OffsetPolicy::kLatest);
  EXPECT_EQ(config.when_truncated, OffsetPolicy::kLatest);
  EXPECT_EQ(config.when_recreated, OffsetPolicy::kEarliest);
  EXPECT_EQ(config.target_brokers, (std::vector<BrokerAddress>{{"t", 1}, {"u", 2}}));
  EXPECT_EQ(config.reset_source, ResetSource::kTarget);
  EXPECT_EQ(config.module, "print");
  EXPECT_EQ(config.max_threads, 3u);
  EXPECT_EQ(config.settings, (Value::Map{{"path", "x"}}));
  EXPECT_EQ(config.periodic_every, 500ms);
  EXPECT_EQ(config.intensity, 0u);
  EXPECT_EQ(config.period, 1h);
  EXPECT_EQ(config.stall_after, 100ms);
  EXPECT_EQ(config.escalate_after, 2min);
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.log_format, "json");
  EXPECT_EQ(config.log_file, base() / "log/a.log");
}

TEST_F(SchemaTest, WritesEveryKeyAsItIsReadAgain) {
  const auto config = load_text(kEveryKey);
  for (const Key& key : keys()) {
    SCOPED_TRACE(std::string(key.path));
    const Value written = value_of(key, config);
    EXPECT_NE(written, value_of(key, load_text(kLeast)));
    NodeConfig again;
    Problems problems;
    apply(key, key.path, to_tree(written, {std::make_shared<const std::string>("again")}), again, problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_EQ(value_of(key, again), written);
  }
}

TEST_F(SchemaTest, TakesTopicsWithWhateverTheirHandlersNeed) {
  const auto config = load_text(kEveryKey);
  ASSERT_EQ(config.topics.size(), 2u);
  EXPECT_EQ(config.topics[0].name, "a.b_c-D");
  EXPECT_EQ(config.topics[0].init, (Value::Map{{"since", "1979-05-27T07:32:00Z"},
                                               {"day", "1979-05-27"},
                                               {"rate", 0.5},
                                               {"on", true},
                                               {"list", Value::List{1, "x", Value::Map{}}}}));
  EXPECT_TRUE(config.topics[1].init.is_null());
}

TEST_F(SchemaTest, TakesAbsolutePathsAndMemory) {
  auto config = load_text(
      "node.dir = '/var/lib/d/../e'\nstore.url = 'sqlite:/data/o.db'\n"
      "log.file = '/var/log/d.log'\n" +
      kLeast);
  EXPECT_EQ(config.dir, "/var/lib/e");
  EXPECT_EQ(config.store_path, "/data/o.db");
  EXPECT_EQ(config.log_file, "/var/log/d.log");
  config = load_text("store.url = 'memory:'\n" + kLeast);
  EXPECT_EQ(config.store_url, "memory:");
  EXPECT_TRUE(config.store_path.empty());
}

TEST_F(SchemaTest, TellsAllProblemsAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(refusal_of_text("handler_nmae = \"x\"\n"
                            "[source]\n"
                            "broker = [\"localhost:9092\"]\n"
                            "fetch.max.wait.ms = 0\n"
                            "[log]\n"
                            "level = \"loud\"\n"
                            "[[topics]]\n"
                            "name = \"a/b\"\n"),
            "config/local.toml: source.brokers is missing: write brokers = [\"host:9092\"] under [source]\n"
            "config/local.toml:1:1: unknown key 'handler_nmae'; did you mean 'handler_name'?\n"
            "config/local.toml:3:1: unknown key 'source.broker'; did you mean 'brokers'?\n"
            "config/local.toml:4:21: source.fetch.max.wait.ms: expected a duration such as \"500ms\", \"10s\", \"5m\" "
            "or \"1h\", or milliseconds, from 1ms to 1m, got 0\n"
            "config/local.toml:6:9: log.level: expected \"debug\", \"info\", \"warn\" or \"error\", got \"loud\"\n"
            "config/local.toml:8:8: topics.name: expected a topic name: 1 to 249 letters, digits, '.', '_' or '-', and "
            "not \".\" or \"..\", got \"a/b\"");
}

TEST_F(SchemaTest, TellsProblemsOfAllFilesAtOnce) {
  write("config/default.toml", "lgo.level = 1\n");
  const auto message = refusal_of_text("[lgo]\nlevel = 1\n");
  EXPECT_EQ(message.find("config/default.toml:1:1: unknown key 'lgo'; did you mean 'log'?"), 0u) << message;
  EXPECT_NE(message.find("config/local.toml:1:"), std::string::npos) << message;
  EXPECT_NE(message.find("topics are missing"), std::string::npos) << message;
}

TEST_F(SchemaTest, CapsTheNumberOfProblems) {
  std::string text;
  for (std::size_t i = 0; i < Problems::kMaxShown; ++i) text += "unheard_of_" + std::to_string(i) + " = 1\n";
  const auto all_shown = refusal_of_text(text + kLeast);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(all_shown, '\n')) + 1, Problems::kMaxShown);
  EXPECT_EQ(all_shown.find(" more problem"), std::string::npos);
  for (int i = 0; i < 150; ++i) text += "never_heard_of_" + std::to_string(i) + " = 1\n";
  const auto message = refusal_of_text(text + kLeast);
  EXPECT_NE(message.find("\nand 150 more problems"), std::string::npos);
  EXPECT_LT(message.size(), 20'000u);
}

TEST_F(SchemaTest, KnowsWhatSomebodyMayHaveMeant) {  // B5
  for (const auto& [line, advice] :
       {std::pair{"stor.url = 'x'", "'stor'; did you mean 'store'?"},
        {"log.lvel = 'x'", "'log.lvel'; did you mean 'level'?"},
        {"node.stop_timeout_sm = 1", "'node.stop_timeout_sm'; did you mean 'stop_timeout_ms'?"},
        {"module = 'x'", "'module'; did you mean 'handler.module'?"},
        {"source.fetch.max.wiat.ms = 1", "'source.fetch.max.wiat'"},
        {"topics = [{nmae = 'x', name = 'y'}]", "'topics.nmae'; did you mean 'name'?"}}) {
    const auto message = problem_of(line);
    EXPECT_NE(message.find(std::string("unknown key ") + advice), std::string::npos) << message;
  }
  const auto message = problem_of("nothing_of_the_kind = 1");
  EXPECT_EQ(message, "config/local.toml:1:1: unknown key 'nothing_of_the_kind'");
}

TEST_F(SchemaTest, RefusesKafkaSettingsThatAreNotThereByName) {
  const auto message = refusal_of_text(
      "[source]\nbrokers = 'a:1'\nsecurity.protocol = 'SSL'\n\"group.id\" = 'g'\nsasl.mechanism = 'PLAIN'\n"
      "ssl.ca.location = '/x'\n" +
      kTopics);
  EXPECT_EQ(message,
            "config/local.toml:3:10: 'source.security.protocol' is not supported by this version\n"
            "config/local.toml:4:1: 'source.group.id' is not supported by this version: offsets are kept under "
            "handler_name\n"
            "config/local.toml:5:6: 'source.sasl.mechanism' is not supported by this version\n"
            "config/local.toml:6:8: 'source.ssl.ca.location' is not supported by this version");
  EXPECT_EQ(refusal().code, ErrorCode::kUnsupported);
}

TEST_F(SchemaTest, TakesOneSpellingOfAKeyPerFile) {
  EXPECT_EQ(problem_of("node.stop_timeout = '1s'\nnode.stop_timeout_ms = 1"),
            "config/local.toml:2:6: 'node.stop_timeout_ms' is given twice, also at config/local.toml:1:6");
  const auto quoted = refusal_of_text("[source]\nbrokers = 'a:1'\n'client.id' = 'a'\nclient.id = 'b'\n" + kTopics);
  EXPECT_NE(quoted.find("given twice"), std::string::npos) << quoted;
}

TEST_F(SchemaTest, RefusesBadBrokers) {  // B6
  for (const char* text :
       {"'a:0'",   "'a:-1'", "'a:65536'",  "'a:9092.5'", "'a:9092 x'",   "'a: 9092'",     "'a'",     "''",
        "':1'",    "'a:1,'", "'::1:9092'", "'[a]:1'",    "'[]:1'",       "'a b:1'",       "'a/b:1'", "\"a\\u0000:1\"",
        "[]",      "[9092]", "9092",       "{}",         "['a:1', 'b']", "'kafka://a:1'", "'a:+1'",  "'a:0x1'",
        "['a:1 ']"}) {
    const auto message = problem_of(std::string("source.brokers = ") + text);
    EXPECT_NE(message.find("source.brokers: expected "), std::string::npos) << text << ": " << message;
    EXPECT_EQ(message.find("config/local.toml:1:"), 0u) << message;
  }
}

TEST_F(SchemaTest, TakesBrokersAsOneTextAndDropsRepetitions) {
  EXPECT_EQ(load_text("source.brokers = 'a:1, b:2 ,a:1'\n" + kTopics).brokers,
            (std::vector<BrokerAddress>{{"a", 1}, {"b", 2}}));
}

TEST_F(SchemaTest, RefusesBadTopics) {  // B8, B9
  const std::string long_name(250, 'a');
  for (const auto& name : {std::string(""), std::string("."), std::string(".."), long_name, std::string("a/b"),
                           std::string("../../etc/x"), std::string("a\\nb"), std::string("%n"), std::string("ä")}) {
    const auto message = problem_of("topics = [{name = \"" + name + "\"}]");
    EXPECT_NE(message.find("topics.name: expected a topic name"), std::string::npos) << message;
    EXPECT_LT(message.size(), 300u);
  }
  EXPECT_NE(problem_of("topics = []").find("topics: expected [[topics]]"), std::string::npos);
  EXPECT_NE(problem_of("topics = ['orders']").find("topics: expected [[topics]]"), std::string::npos);
  EXPECT_NE(problem_of("topics = [{init = 1}]").find("topics.name is missing"), std::string::npos);
  EXPECT_EQ(problem_of("topics = [\n{name = 'x'},\n{name = 'x'}]"),
            "config/local.toml:3:1: topic \"x\" is given twice");
  EXPECT_EQ(load_text("topics = [{name = '-rf'}]\n" + kSource).topics.at(0).name, "-rf");
}

TEST_F(SchemaTest, TakesPartitionsByNumberAndRange) {
  const auto reads = [&](const std::string& partitions) {
    const auto config = load_text("topics = [{name = 'x', partitions = '" + partitions + "'}]\n" + kSource);
    std::string read;
    for (std::int32_t i = 0; i < 10; ++i) read += config.topics.at(0).reads(i) ? std::to_string(i) : "";
    return read;
  };
  EXPECT_EQ(reads("0-5"), "012345");
  EXPECT_EQ(reads("0,2,5-7"), "02567");
  EXPECT_EQ(reads("9"), "9");
  EXPECT_EQ(reads("3-3,4"), "34");
  EXPECT_EQ(reads("8-2147483647"), "89");
  EXPECT_TRUE(load_text(kLeast).topics.at(0).reads(2'000'000'000));
  for (const char* bad : {"''", "'-1'", "'1-'", "'5-2'", "'1,1'", "'0-3,3'", "'3,1'", "'1,'", "',1'", "'1 ,2'", "'1;2'",
                          "'0x1'", "'+1'", "'1--2'", "'2147483648'", "'all'", "3", "[1]"}) {
    EXPECT_NE(problem_of("topics = [{name = 'x', partitions = " + std::string(bad) + "}]")
                  .find("topics.partitions: expected partitions in ascending order, such as \"0-5\""),
              std::string::npos)
        << bad;
  }
}

TEST_F(SchemaTest, NeedsTheTargetThatOffsetsAreReadFrom) {
  EXPECT_EQ(problem_of("offsets.reset_source = 'target'"),
            "config/local.toml: target.brokers is missing: offsets.reset_source = \"target\" reads offsets there");
  EXPECT_EQ(load_text("target.brokers = 'a:1'\n" + kLeast).reset_source, ResetSource::kSource);
}

TEST_F(SchemaTest, SwitchesOffWhatALowerLayerSwitchedOn) {
  write("config/default.toml", "periodic.every = '10s'\n");
  EXPECT_EQ(load_text(kLeast).periodic_every, 10s);
  EXPECT_EQ(load_text("periodic.every = 'off'\n" + kLeast).periodic_every, std::nullopt);
}

TEST_F(SchemaTest, TakesTopicsUpToTheLimitAndNotOneMore) {  // B8
  std::string text = kSource;
  for (std::size_t i = 0; i < kMaxTopics; ++i) text += "[[topics]]\nname = \"t" + std::to_string(i) + "\"\n";
  EXPECT_EQ(load_text(text).topics.size(), kMaxTopics);
  EXPECT_NE(refusal_of_text(text + kTopics).find("more than 10000 topics"), std::string::npos);
}

TEST_F(SchemaTest, TakesBrokersUpToTheLimitAndNotOneMore) {
  std::string brokers = "source.brokers = 'b:1";
  for (std::size_t port = 2; port <= kMaxBrokers; ++port) brokers += ",b:" + std::to_string(port);
  EXPECT_EQ(load_text(brokers + "'\n" + kTopics).brokers.size(), kMaxBrokers);
  EXPECT_NE(refusal_of_text(brokers + ",a:1'\n" + kTopics).find("more than 1000 brokers"), std::string::npos);
}

TEST_F(SchemaTest, RefusesBadHandlerNames) {  // B10
  const std::string long_name(256, 'x');
  for (const auto& name :
       {std::string(""), std::string("a\\u0000b"), std::string("a\\nb"), std::string("\\u007f"), long_name}) {
    const auto message = problem_of("handler_name = \"" + name + "\"");
    EXPECT_NE(message.find("handler_name: expected text of 1 to 255 bytes"), std::string::npos) << message;
  }
}

TEST_F(SchemaTest, RefusesBadStores) {
  for (const char* url : {"sqlite:", "sqlite:folder/", "offsets.db", "memory:x", "postgres://x", ""}) {
    const auto message = problem_of(std::string("store.url = '") + url + "'");
    EXPECT_NE(message.find("store.url: expected \"sqlite:PATH\", \"redis://host\" or \"memory:\""), std::string::npos)
        << message;
  }
  const auto message = problem_of("store.url = 'redis://u:sesame@localhost'");
  EXPECT_NE(message.find("store.url: a url is no place for a password"), std::string::npos) << message;
  EXPECT_EQ(message.find("sesame"), std::string::npos) << message;
}

TEST_F(SchemaTest, TakesARedisStore) {
  const auto config = load_text("store.url = 'rediss://pipe@db/2'\n" + kLeast);
  ASSERT_TRUE(config.redis.has_value());
  EXPECT_EQ(*config.redis, (RedisPlace{"db", 6379, {}, true, "pipe", 2}));
  EXPECT_TRUE(config.store_path.empty());
}

TEST_F(SchemaTest, RefusesAPasswordWrittenIntoTheFileAndKeysThatContradict) {
  auto message = problem_of("store.password = 'sesame'");
  EXPECT_NE(message.find("store.password: expected \"${VARIABLE}\""), std::string::npos) << message;
  EXPECT_EQ(message.find("sesame"), std::string::npos) << message;
  message = problem_of("store.cert_file = 'client.pem'");
  EXPECT_NE(message.find("store.cert_file and store.key_file"), std::string::npos) << message;
}

TEST_F(SchemaTest, RefusesValuesOfAnotherKindOrOutOfBounds) {  // B7
  for (const char* line : {"periodic.every = 10",
                           "periodic.every = '0s'",
                           "periodic.every = '-1s'",
                           "periodic.every_ms = 1e18",
                           "periodic.every = 'undefined'",
                           "periodic.every = '10'",
                           "periodic.every = '1.5s'",
                           "periodic.every = '1 s'",
                           "periodic.every = '99999999999999999999h'",
                           "periodic.every = '18446744073709551615h'",
                           "periodic.every = 'h'",
                           "node.stop_timeout = '25h'",
                           "batch.max_bytes = 0",
                           "batch.max_bytes = -1",
                           "batch.max_bytes = '1Mib'",
                           "batch.max_bytes = '2GiB'",
                           "batch.max_bytes = 1.5",
                           "memory.budget_bytes = '17179869184GiB'",
                           "fetch.max_frame_bytes = '2GiB'",
                           "store.max_uncommitted_batches = -1",
                           "store.max_uncommitted_batches = '16'",
                           "handler.max_threads = 0",
                           "handler.max_threads = 4097",
                           "supervision.intensity = 4294967296",
                           "offsets.when_missing = 'newest'",
                           "offsets.when_missing = true",
                           "log.format = 'xml'",
                           "log.file = ''",
                           "node.dir = ''",
                           "node.dir = \"a\\u0000b\"",
                           "source.isolation.level = 'serializable'"}) {
    const auto message = problem_of(line);
    EXPECT_EQ(message.find("config/local.toml:1:"), 0u) << line << ": " << message;
    EXPECT_NE(message.find(": expected "), std::string::npos) << line << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << line << ": " << message;
  }
}

TEST_F(SchemaTest, RefusesAValueInPlaceOfATableAndTheOtherWayRound) {
  EXPECT_EQ(problem_of("log = 'info'"), "config/local.toml:1:1: 'log': expected a table, got \"info\"");
  EXPECT_EQ(problem_of("log.level.x = 'info'"),
            "config/local.toml:1:5: log.level: expected \"debug\", \"info\", \"warn\" or \"error\", got a table");
}

TEST_F(SchemaTest, EscapesWhatComesFromTheFile) {
  const auto message = problem_of("\"a\\u001b[31m\" = 1");
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

// ---- documentation ---------------------------------------------------------------------------------------

TEST_F(SchemaTest, IsDocumentedKeyByKey) {
  const auto text = documented_keys();
  ASSERT_FALSE(text.empty());
  for (const Key& key : keys()) {
    EXPECT_NE(text.find("| `" + std::string(key.path) + "` |"), std::string::npos) << key.path;
  }
}

TEST_F(SchemaTest, DocumentsNoKeyThatIsNotThere) {
  const auto text = documented_keys();
  std::size_t documented = 0;
  for (std::size_t at = text.find("\n| `"); at != std::string::npos; at = text.find("\n| `", at + 1)) {
    const auto path = text.substr(at + 4, text.find('`', at + 4) - at - 4);
    EXPECT_TRUE(find_key(path) != nullptr || path.starts_with("topics.")) << path;
    ++documented;
  }
  EXPECT_EQ(documented, keys().size() + 3);
}

TEST_F(SchemaTest, DocumentsAnExampleThatWorks) {
  const auto text = documentation();
  const auto begin = text.find("```toml\n") + 8;
  const auto config = load_text(text.substr(begin, text.find("```", begin) - begin));
  EXPECT_EQ(config.topics.size(), 2u);
  EXPECT_EQ(config.when_missing, OffsetPolicy::kEarliest);
}

}  // namespace
}  // namespace ductus::config
