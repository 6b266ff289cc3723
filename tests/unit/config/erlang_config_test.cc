// The original's configuration files: what each of their keys becomes, and what is said when they are wrong.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "config/erlang/document.h"
#include "config_test.h"

namespace ductus::config {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class ErlangConfigTest : public ConfigTest {
 protected:
  static std::string golden(const std::string& file) {
    std::ifstream stream(fs::path(GOLDEN_DIR) / "erlang" / file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static std::string least(const std::string& more = "") {
    return "{source_host, \"localhost\"}, {source_port, 9092}" + std::string(more.empty() ? "" : ", ") + more;
  }
  static std::string ductus(const std::string& settings) { return "[{ductus, [" + settings + "]}]."; }
  /// The least of a configuration and what `more` says.
  NodeConfig load_settings(const std::string& more) {
    write("config/local.config", ductus(least("{topics, [{\"orders\", {}}]}") + (more.empty() ? "" : ", " + more)));
    return load();
  }
  std::string problem_of(const std::string& more) {
    write("config/local.config", ductus(least("{topics, [{\"orders\", {}}]}") + ",\n" + more));
    return refusal().message;
  }
  Value init_of(const std::string& term) {
    write("config/local.config", ductus(least("{topics, [{\"orders\", " + term + "}]}")));
    return load().topics.at(0).init;
  }
};

// ---- what the keys become -------------------------------------------------------------------------------

TEST_F(ErlangConfigTest, ReadsTheExampleOfTheOriginalsReadme) {
  write("config/local.config", golden("readme.config"));
  const auto config = load();
  EXPECT_EQ(config.store_url, "redis://127.0.0.1:6379");
  EXPECT_EQ(config.brokers, (std::vector<BrokerAddress>{{"kafka-primary.acc", 9092}}));
  EXPECT_EQ(config.reset_source, ResetSource::kSource);
  EXPECT_EQ(config.handler_name, "kafka_ductus");
  EXPECT_EQ(config.periodic_every, 10s);
  EXPECT_EQ(config.module, "ductus_example_handler");
  ASSERT_EQ(config.topics.size(), 1u);
  EXPECT_EQ(config.topics[0].name, "test");
  EXPECT_EQ(config.topics[0].init, Value(Value::List{}));
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(ErlangConfigTest, NamesTheCommaThatTheReadmeForgets) {
  std::string text = golden("readme.config");
  text.erase(text.find("10000},") + 6, 1);
  write("config/example.config", text);
  const Error error = refusal("example");
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.message,
            "config/example.config:13:9: expected ',' or ']': '{callback_module' follows a tuple without ','");
}

TEST_F(ErlangConfigTest, LaysNameOverDefaultKeyByKey) {
  write("config/default.config", golden("default.config"));
  write("config/kafka2file.config", golden("kafka2file.config"));
  const auto config = load("kafka2file");
  EXPECT_EQ(config.handler_name, "kafka2file");
  EXPECT_EQ(config.module, "kafka2file");
  EXPECT_EQ(config.topics.at(0).init, "/tmp/test_topic");
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.log_file, fs::canonical(dir_.path()) / "log/console.log");
}

TEST_F(ErlangConfigTest, TakesHostAndPortFromTwoFiles) {
  write("config/default.config", ductus("{source_port, 9093}, {source_host, \"old\"}, {periodic_period, 5000}"));
  write("config/local.config",
        ductus("{source_host, \"new\"}, {periodic_period, undefined}, {topics, [{\"orders\", {}}]}"));
  const auto config = load();
  EXPECT_EQ(config.brokers, (std::vector<BrokerAddress>{{"new", 9093}}));
  EXPECT_EQ(config.periodic_every, std::nullopt);
}

TEST_F(ErlangConfigTest, MixesWithToml) {
  write("config/default.toml", "[log]\nlevel = 'warn'\n[periodic]\nevery = '1s'\n");
  write("config/local.config", ductus(least("{topics, [{\"orders\", {}}]}, {periodic_period, undefined}")));
  EXPECT_EQ(load().log_level, "warn");
  EXPECT_EQ(load().periodic_every, std::nullopt);
  write("conf/default.config", ductus(least("{handler_name, \"below\"}, {periodic_period, 1000}")));
  write("conf/other.toml", "handler_name = 'above'\n" + kTopics);
  EXPECT_EQ(load("conf/other.toml").handler_name, "above");
  EXPECT_EQ(load("conf/other.toml").brokers.at(0).host, "localhost");
  EXPECT_EQ(load("conf/other.toml").periodic_every, 1s);
}

TEST_F(ErlangConfigTest, FindsConfAndConfigAfterToml) {
  write("conf/local.conf", ductus(least("{topics, [{\"orders\", {}}]}, {handler_name, \"conf\"}")));
  EXPECT_EQ(load().handler_name, "conf");
  write("conf/local.config", ductus(least("{topics, [{\"orders\", {}}]}, {handler_name, \"config\"}")));
  EXPECT_EQ(load().handler_name, "config");
  write("conf/local.toml", "handler_name = \"toml\"\n" + kLeast);
  EXPECT_EQ(load().handler_name, "toml");
}

TEST_F(ErlangConfigTest, ReadsOffsetsFromAnotherKafka) {
  const auto config =
      load_settings("{initial_offset_source, target}, {target_host, \"::1\"}, {target_port, 9094}, {report, true}");
  EXPECT_EQ(config.reset_source, ResetSource::kTarget);
  EXPECT_EQ(config.target_brokers, (std::vector<BrokerAddress>{{"::1", 9094}}));
  EXPECT_EQ(load_settings("{target_host, \"a\"}, {target_port, 1}").reset_source, ResetSource::kSource);
  EXPECT_EQ(
      problem_of("{initial_offset_source, target}"),
      "config/local.config: target_host and target_port are missing in 'ductus': initial_offset_source is target");
}

TEST_F(ErlangConfigTest, KeepsOffsetsInRedisUnderTheGivenAddress) {
  const auto file = std::make_shared<const std::string>("x.config");
  const auto term = erlang::parse_term(ductus("{redis_host, \"::1\"},\n{redis_port, 6379}"), file);
  ASSERT_TRUE(term.ok());
  Problems problems;
  std::vector<std::string> warnings;
  const Tree document = erlang::document_of({&*term, 1}, problems, warnings);
  ASSERT_TRUE(problems.empty());
  const Tree& url = document.as_table()->at("store").as_table()->at("url");
  EXPECT_EQ(*url.as_text(), "redis://[::1]:6379");
  EXPECT_EQ(url.key_at.to_text(), "x.config:1:13");
}

TEST_F(ErlangConfigTest, GivesAnyInitTermToTheModule) {
  EXPECT_EQ(init_of("{}"), Value(Value::List{}));
  EXPECT_EQ(init_of("[]"), Value(Value::List{}));
  EXPECT_EQ(init_of("\"/tmp/x\""), "/tmp/x");
  EXPECT_EQ(init_of("an_atom"), "an_atom");
  EXPECT_EQ(init_of("undefined"), "undefined");
  EXPECT_EQ(init_of("true"), true);
  EXPECT_EQ(init_of("<<\"bytes\">>"), "bytes");
  EXPECT_EQ(init_of("16#ff"), 255);
  EXPECT_EQ(init_of("0.5"), 0.5);
  EXPECT_EQ(init_of("{a, \"b\", 3}"), (Value::List{"a", "b", 3}));
  EXPECT_EQ(init_of("[1, 2]"), (Value::List{1, 2}));
  EXPECT_EQ(init_of("[{path, \"x\"}, {\"rate\", 5}]"), (Value::Map{{"path", "x"}, {"rate", 5}}));
  EXPECT_EQ(init_of("[{path, \"x\"}, rate]"), (Value::List{Value::List{"path", "x"}, "rate"}));
  EXPECT_EQ(init_of("#{path => [{deep, {}}]}"), (Value::Map{{"path", Value::Map{{"deep", Value::List{}}}}}));
}

TEST_F(ErlangConfigTest, TakesNamesOfTopicsInEveryForm) {
  write("config/local.config", ductus(least("{topics, [{\"a\", 1}, {b, 2}, {<<\"c\">>, 3}]}")));
  const auto topics = load().topics;
  ASSERT_EQ(topics.size(), 3u);
  EXPECT_EQ(topics[1].name, "b");
  EXPECT_EQ(topics[2].name, "c");
}

// ---- lager ------------------------------------------------------------------------------------------------

class LagerTest : public ErlangConfigTest {
 protected:
  NodeConfig load_handlers(const std::string& handlers) {
    write("config/local.config",
          "[{ductus, [" + least("{topics, [{\"orders\", {}}]}") + "]},\n{lager, [{handlers, [" + handlers + "]}]}].");
    return load();
  }
};

TEST_F(LagerTest, WritesToTheMostTalkativeFile) {
  const auto config = load_handlers(
      "{lager_console_backend, debug}, {lager_file_backend, [{\"log/error.log\", error, 10, \"$D0\", 5}, "
      "{\"log/console.log\", info, 10, \"$D0\", 5}]}");
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.log_file, fs::canonical(dir_.path()) / "log/console.log");
  ASSERT_EQ(config.warnings.size(), 2u);
  EXPECT_EQ(config.warnings[0],
            "config/local.config:2:77: \"log/error.log\" is not written: \"log/console.log\" holds all of it");
  EXPECT_EQ(config.warnings[1],
            "config/local.config:2:46: the log goes to \"log/console.log\", not to the console as well");
}

TEST_F(LagerTest, WritesToStderrWhereOnlyTheConsoleIsNamed) {
  for (const char* handler : {"{lager_console_backend, warning}", "{lager_console_backend, [warning, true]}",
                              "{lager_console_backend, [{level, warning}]}"}) {
    const auto config = load_handlers(handler);
    EXPECT_EQ(config.log_level, "warn");
    EXPECT_TRUE(config.log_file.empty());
    EXPECT_TRUE(config.warnings.empty());
  }
}

TEST_F(LagerTest, ReadsEachFormOfAFileHandler) {
  const auto config = load_handlers("{lager_file_backend, [{file, \"x.log\"}, {level, critical}]}");
  EXPECT_EQ(config.log_level, "error");
  EXPECT_EQ(config.log_file.filename(), "x.log");
  EXPECT_TRUE(load_handlers("{lager_file_backend, [{\"x.log\", none}]}").log_file.empty());
}

TEST_F(LagerTest, WarnsOfWhatIsNotRead) {
  write("config/local.config", "[{ductus, [" + least("{topics, [{\"orders\", {}}]}") +
                                   "]},\n{kernel, [{x, 1}]},\n{lager, [{colored, true}, {handlers, [{other, 1}]}]}].");
  EXPECT_EQ(load().warnings, (std::vector<std::string>{"config/local.config:2:2: the settings of 'kernel' are not read",
                                                       "config/local.config:3:11: lager's 'colored' is not read",
                                                       "config/local.config:3:39: this handler of lager is not read"}));
}

TEST_F(LagerTest, RefusesLevelsThatAreNone) {
  write("config/local.config", "[{ductus, [" + least("{topics, [{\"orders\", {}}]}") +
                                   "]},\n{lager, [{handlers, [{lager_console_backend, loud}]}]}].");
  EXPECT_EQ(refusal().message,
            "config/local.config:2:46: lager: expected a level such as 'info' or 'error', got 'loud'");
}

// ---- what is wrong ----------------------------------------------------------------------------------------

TEST_F(ErlangConfigTest, SaysWhatSomebodyMayHaveMeant) {  // B5
  EXPECT_EQ(problem_of("{reddis_port, 6379}"),
            "config/local.config:2:2: unknown key 'reddis_port'; did you mean 'redis_port'?");
  EXPECT_EQ(problem_of("{nothing_of_the_kind, 1}"), "config/local.config:2:2: unknown key 'nothing_of_the_kind'");
}

TEST_F(ErlangConfigTest, RefusesBadPortsAndHosts) {  // B6
  for (const char* port :
       {"0", "-1", "65536", "9092.5", "\"9092 \"", "\"9092\"", "'9092'", "{}", "9223372036854775807"}) {
    const auto message = problem_of("{target_host, \"a\"},\n{target_port, " + std::string(port) + "}");
    EXPECT_EQ(message.find("config/local.config:3:15: target_port: expected a port from 1 to 65535, got "), 0u)
        << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  for (const char* host : {"\"\"", "\"a b\"", "\"a/b\"", "\"a:1:\\n\"", "17", "{127,0,0,1}", "<<255>>"}) {
    const auto message = problem_of("{target_port, 1},\n{target_host, " + std::string(host) + "}");
    EXPECT_EQ(message.find("config/local.config:3:15: target_host: expected the name or address of a host, got "), 0u)
        << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_EQ(problem_of("{redis_host, \"a\"}"), "config/local.config:2:2: redis_host is given, but redis_port is not");
}

TEST_F(ErlangConfigTest, RefusesBadPeriods) {  // B7
  for (const char* period : {"0", "-1", "9", "1.0e18", "1000000000000000000", "never", "\"10s\"", "{}"}) {
    const auto message = problem_of("{periodic_period, " + std::string(period) + "}");
    EXPECT_EQ(message.find("config/local.config:2:19: period"), 0u) << message;
    EXPECT_NE(message.find(": expected "), std::string::npos) << message;
  }
}

TEST_F(ErlangConfigTest, RefusesValuesOfAnotherKind) {
  for (const char* setting : {"{handler_name, 17}", "{handler_name, []}", "{handler_name, \"\"}",
                              "{handler_name, \"a\\x{7}\"}", "{callback_module, {a, b}}", "{initial_offset_source, 1}",
                              "{initial_offset_source, sideways}", "{report, yes}", "report", "{1, 2}", "{a, b, c}"}) {
    const auto message = problem_of(setting);
    EXPECT_EQ(message.find("config/local.config:2:"), 0u) << setting << ": " << message;
    EXPECT_NE(message.find("expected "), std::string::npos) << setting << ": " << message;
  }
}

TEST_F(ErlangConfigTest, RefusesBadTopics) {  // B8
  const auto problem_of_topics = [&](const std::string& topics) {
    write("config/local.config", ductus(least("\n{topics, " + topics + "}")));
    return refusal().message;
  };
  EXPECT_EQ(problem_of_topics("[{\"a/b\", {}}]").find("config/local.config:2:12: topics.name: expected a topic name"),
            0u);
  EXPECT_EQ(problem_of_topics("[{\"x\", 1}, {\"x\", 2}]"), "config/local.config:2:21: topic \"x\" is given twice");
  EXPECT_EQ(problem_of_topics("[\"x\", {\"y\", 1}]"),
            "config/local.config:2:11: topics: expected {\"name\", Init}, got \"x\"");
  EXPECT_EQ(problem_of_topics("{\"x\", 1}"),
            "config/local.config:2:10: topics: expected a list of {\"name\", Init}, got a tuple");
  EXPECT_NE(problem_of_topics("[]").find("config/local.config:2:10: topics: expected"), std::string::npos);
  EXPECT_EQ(problem_of_topics("[{\"x\", [{a, 1}, {a, 2}]}]"), "config/local.config:2:27: 'a' is given twice");
  EXPECT_EQ(problem_of_topics("[{\"x\", #{1 => 2}}]"), "config/local.config:2:19: expected a name, got 1");
  EXPECT_NE(problem_of_topics("[{\"x\", <<255>>}]").find("no UTF-8"), std::string::npos);
}

TEST_F(ErlangConfigTest, RefusesAKeyThatIsGivenTwice) {  // B4
  EXPECT_EQ(problem_of("{source_port, 1}"),
            "config/local.config:2:2: 'source_port' is given twice, also at config/local.config:1:41");
}

TEST_F(ErlangConfigTest, RefusesWhatIsNoListOfApplications) {  // B11: files that name others
  for (const char* text : {"{ductus, []}.", "[ductus].", "[{ductus, {}}].", "[\"other.config\"].", "17."}) {
    write("config/local.config", text);
    EXPECT_NE(refusal().message.find(": expected "), std::string::npos) << text << ": " << refusal().message;
    EXPECT_EQ(refusal().message.find('\n'), std::string::npos) << refusal().message;
  }
}

TEST_F(ErlangConfigTest, SaysWhatIsMissingInTheWordsOfTheFile) {
  write("config/local.config", "[].");
  EXPECT_EQ(refusal().message,
            "config/local.config: source_host and source_port are missing in 'ductus'\n"
            "config/local.config: topics are missing in 'ductus': write {topics, [{\"…\", Init}]}");
}

TEST_F(ErlangConfigTest, TellsProblemsOfBothFilesAtOnce) {
  write("config/default.config", "[{ductus, [{a 1}]}].");
  write("config/local.config", ductus("{handler_nmae, 1}"));
  const auto message = refusal().message;
  EXPECT_NE(message.find("config/default.config:1:15: expected ',' or '}'"), std::string::npos) << message;
  EXPECT_NE(message.find("config/local.config:1:13: unknown key 'handler_nmae'"), std::string::npos) << message;
}

}  // namespace
}  // namespace ductus::config
