// Where a configuration is found, and which of its layers wins.
#include "config/load.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <random>
#include <string_view>

#include "config/config_file.h"
#include "config/layers.h"
#include "config/readers.h"
#include "config/toml/nesting.h"
#include "config_test.h"

namespace ductus::config {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class LoadTest : public ConfigTest {
 protected:
  fs::path base() const { return fs::canonical(dir_.path()); }
};

// ---- look-up ---------------------------------------------------------------------------------------------

TEST_F(LoadTest, LooksInConfigThenInConf) {
  write("conf/local.toml", "handler_name = \"conf\"\n" + kLeast);
  EXPECT_EQ(load().handler_name, "conf");
  write("config/local.toml", "handler_name = \"config\"\n" + kLeast);
  EXPECT_EQ(load().handler_name, "config");
}

TEST_F(LoadTest, LooksUpDefaultOnItsOwn) {
  write("conf/default.toml", "[log]\nlevel = \"warn\"\n");
  write("config/local.toml", kLeast);
  EXPECT_EQ(load().log_level, "warn");
}

TEST_F(LoadTest, TakesTheGivenFolderInsteadOfBoth) {
  write("config/local.toml", "handler_name = \"config\"\n" + kLeast);
  write("etc/local.toml", "handler_name = \"etc\"\n" + kLeast);
  write("env/local.toml", "handler_name = \"env\"\n" + kLeast);
  set_variable("DUCTUS_CONFIG_DIR", (dir_ / "env").string());
  EXPECT_EQ(load().handler_name, "env");
  request_.config_dir = "etc";
  EXPECT_EQ(load().handler_name, "etc");
  EXPECT_EQ(load().base_dir, base() / "etc");
}

TEST_F(LoadTest, TakesAPathAsAFileWithDefaultBesideItOnly) {
  write("config/default.toml", "[log]\nlevel = \"warn\"\n");
  write("else/where.toml", kLeast);
  const auto config = load("else/where.toml");
  EXPECT_EQ(config.name, "where");
  EXPECT_EQ(config.log_level, "info");
  write("else/default.toml", "[log]\nlevel = \"error\"\n");
  EXPECT_EQ(load("./else/where.toml").log_level, "error");
  EXPECT_EQ(load((dir_ / "else/where.toml").string()).base_dir, base() / "else");
}

TEST_F(LoadTest, TakesDefaultAsAConfigurationToo) {
  write("config/default.toml", kLeast);
  EXPECT_EQ(load("default").name, "default");
}

TEST_F(LoadTest, PutsTheBaseFolderAboveConfigAndConf) {
  write("config/local.toml", kLeast);
  write("deep/conf/other.toml", kLeast);
  EXPECT_EQ(load().base_dir, base());
  EXPECT_EQ(load("config/local.toml").base_dir, base());
  EXPECT_EQ(load("deep/conf/other.toml").base_dir, base() / "deep");
}

TEST_F(LoadTest, SaysWhereItLooked) {
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_NE(error.message.find("config/local.toml, conf/local.toml"), std::string::npos) << error.message;
  EXPECT_EQ(refusal("./local.toml").code, ErrorCode::kNotFound);
}

TEST_F(LoadTest, CutsAPathThatIsTooLongForAMessage) {  // B23
  const std::string huge(100'000, 'x');
  EXPECT_LT(refusal("./" + huge + "/local").message.size(), 2000u);
  request_.config_dir = huge;
  EXPECT_LT(refusal().message.size(), 2000u);
}

TEST_F(LoadTest, RefusesNamesThatAreNone) {
  for (const char* name : {"", ".", "..", ".hidden", "-rf", "a b", "a\nb", "%n\x1b[0m", "ä"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(refusal(name).code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(refusal(std::string(129, 'a')).code, ErrorCode::kInvalid);
  EXPECT_EQ(refusal("folder/").code, ErrorCode::kInvalid);
}

// ---- hostile files ---------------------------------------------------------------------------------------

TEST_F(LoadTest, ReadsRegularFilesOnly) {  // B12
  fs::create_directories(dir_ / "config");
  fs::create_directory(dir_ / "config/folder.toml");
  ASSERT_EQ(::mkfifo((dir_ / "config/fifo.toml").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", dir_ / "config/zero.toml");
  for (const char* name : {"folder", "fifo", "zero"}) {
    const Error error = refusal(name);
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_NE(error.message.find("not a regular file"), std::string::npos) << error.message;
  }
}

TEST_F(LoadTest, FollowsASymbolicLinkToAFile) {
  write("elsewhere/real.toml", kLeast);
  fs::create_directories(dir_ / "config");
  fs::create_symlink(dir_ / "elsewhere/real.toml", dir_ / "config/local.toml");
  EXPECT_EQ(load().base_dir, base());
}

TEST_F(LoadTest, CapsTheSizeOfAFile) {
  const std::string comment(kMaxFileBytes, '#');
  write("config/local.toml", kLeast + comment.substr(kLeast.size()));
  EXPECT_EQ(load().name, "local");
  write("config/local.toml", kLeast + comment);
  EXPECT_EQ(refusal().code, ErrorCode::kLimit);
  fs::resize_file(dir_ / "config/local.toml", 1ull << 32);
  EXPECT_EQ(refusal().code, ErrorCode::kLimit);
}

TEST_F(LoadTest, RefusesNestingThatWouldExhaustTheStack) {  // B11
  std::string dots = "a";
  while (dots.size() < 900'000) dots += ".a";
  std::string brackets(100'000, '[');
  std::string both;
  for (int i = 0; i < 60; ++i) both += "{a.a.a.a = ";
  std::string over_lines = "x = ";
  for (int i = 0; i < 40; ++i) over_lines += "[\n{a.a.a = ";
  for (const auto& text : {dots + " = 1", "[" + dots + "]", "\"a\"" + dots.substr(1) + "=1", "x = " + brackets,
                           "x = " + both, over_lines, "# '\n" + dots + "=1", "y = '''\n'''\n" + dots + " = 1"}) {
    write("config/local.toml", text);
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::kLimit) << error.message.substr(0, 200);
  }
}

TEST_F(LoadTest, TakesListsNestedToTheLimitAndNotOneMore) {
  const auto nested = [](std::size_t levels) {
    return kLeast + "init = " + std::string(levels, '[') + std::string(levels, ']') + "\n";
  };
  EXPECT_TRUE(load_text(nested(kMaxNesting)).topics[0].init.as_list() != nullptr);
  write("config/local.toml", nested(kMaxNesting + 1));
  EXPECT_EQ(refusal().code, ErrorCode::kLimit);
}

TEST_F(LoadTest, TakesTextAndPathsUpToTheirLengthsWithVariablesCounted) {
  const auto code_of = [&](const std::string& line) {
    write("config/local.toml", line + "\n" + kLeast);
    const auto loaded = try_load();
    return loaded ? std::nullopt : std::optional(loaded.error().code);
  };
  const auto text = [](std::size_t bytes) { return "handler_name = '" + std::string(bytes, 'a') + "'"; };
  EXPECT_EQ(code_of(text(kMaxTextBytes)), std::nullopt);
  EXPECT_EQ(code_of(text(kMaxTextBytes + 1)), ErrorCode::kInvalid);
  const auto path = [](std::size_t bytes) { return "log.file = '/" + std::string(bytes - 1, 'a') + "'"; };
  EXPECT_EQ(code_of(path(kMaxPathBytes)), std::nullopt);
  EXPECT_EQ(code_of(path(kMaxPathBytes + 1)), ErrorCode::kInvalid);
  set_variable("LARGE", std::string(kMaxExpandedBytes - 1, 'a'));
  EXPECT_EQ(code_of("handler.settings = {x = '${LARGE}b'}"), std::nullopt);
  EXPECT_EQ(code_of("handler.settings = {x = '${LARGE}bc'}"), ErrorCode::kLimit);
}

TEST_F(LoadTest, CountsNoDotsInTextAndComments) {
  const std::string dots(500, '.');
  write("config/local.toml", "# " + dots + "\nhandler_name = '" + std::string(200, '.') + "'\n" + kLeast +
                                 "init = [\"\"\"\n\\\"" + dots + "\"\"\"\", '''" + dots + "'''', \"" + dots +
                                 "\", 1.5, 1.5]\n");
  EXPECT_EQ(load().topics[0].init.as_list()->size(), 5u);
}

TEST_F(LoadTest, TakesByteOrderMarkAndCarriageReturns) {  // B3
  const auto config = load_text("\xEF\xBB\xBFhandler_name = \"x\"\r\n[source]\r\nbrokers = \"a:1\"\r\n" + kTopics);
  EXPECT_EQ(config.handler_name, "x");
}

TEST_F(LoadTest, RefusesWhatIsNoToml) {
  const std::string nul("handler_name = \"a\0b\"\n", 21);
  for (const auto& text : {nul, std::string("a = \"\xFF\"\n"), std::string("handler_name = \n"), std::string("[a\n"),
                           std::string("[[[[")}) {
    write("config/local.toml", text);
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_EQ(error.message.find("config/local.toml:1:"), 0u) << error.message;
  }
}

TEST_F(LoadTest, AnswersWhateverAFileHolds) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string good =
      "handler_name = \"a\"\n[store]\nurl = 'sqlite:x'\n[handler.settings]\na = { b = [1, 2.5, true] }\n"
      "[log]\nlevel = \"${X}\"\n" +
      kLeast + "init = 1979-05-27\n";
  const std::string_view spice = "[]{}=.,\"'#\n\\$ -_0\x80";
  for (int round = 0; round < 500; ++round) {
    std::string text = good;
    for (int change = 0; change < 3; ++change) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = spice[random() % spice.size()];
      } else {
        text.erase(at, random() % 8);
      }
    }
    write("config/local.toml", text);
    const auto loaded = try_load();
    ASSERT_TRUE(loaded.ok() || !loaded.error().message.empty()) << text;
  }
}

TEST_F(LoadTest, RefusesAKeyThatIsGivenTwice) {  // B4
  EXPECT_EQ(refusal_of_text("handler_name = \"a\"\nhandler_name = \"b\"\n").find("config/local.toml:2:"), 0u);
  EXPECT_EQ(refusal_of_text("[log]\nlevel = 'info'\n[log]\n").find("config/local.toml:3:"), 0u);
  EXPECT_EQ(refusal_of_text("log = {level = 'info', level = 'warn'}\n").find("config/local.toml:1:"), 0u);
}

// ---- layers ----------------------------------------------------------------------------------------------

TEST_F(LoadTest, LaysDefaultFileNameFileEnvironmentAndArgumentsOverEachOther) {
  write("config/local.toml", kLeast);
  EXPECT_EQ(load().stop_timeout, 10s);
  write("config/default.toml", "[node]\nstop_timeout = \"1s\"\n");
  EXPECT_EQ(load().stop_timeout, 1s);
  write("config/local.toml", "[node]\nstop_timeout_ms = 2000\n" + kLeast);
  EXPECT_EQ(load().stop_timeout, 2s);
  set_variable("DUCTUS__NODE__STOP_TIMEOUT", "3s");
  EXPECT_EQ(load().stop_timeout, 3s);
  set_argument("node.stop_timeout=4s");
  EXPECT_EQ(load().stop_timeout, 4s);
  set_argument("node.stop_timeout_ms=5000");
  EXPECT_EQ(load().stop_timeout, 5s);
}

TEST_F(LoadTest, MergesTablesAndReplacesTheRest) {
  write("config/default.toml",
        "[handler.settings]\na = 1\nb = { c = 2, d = [1, 2] }\n"
        "[[topics]]\nname = \"one\"\n[[topics]]\nname = \"two\"\n");
  write("config/local.toml", "[handler.settings.b]\nd = [3]\n" + kLeast);
  set_argument("handler.settings.e=text");
  set_argument("handler.settings.b.f=7");
  const auto config = load();
  EXPECT_EQ(config.settings,
            (Value::Map{{"a", 1}, {"b", Value::Map{{"c", 2}, {"d", Value::List{3}}, {"f", 7}}}, {"e", "text"}}));
  ASSERT_EQ(config.topics.size(), 1u);
  EXPECT_EQ(config.topics[0].name, "orders");
}

TEST_F(LoadTest, TakesTextWithoutQuotesFromEnvironmentAndArguments) {
  write("config/local.toml", "");
  set_variable("DUCTUS__SOURCE__BROKERS", "a:1,b:2");
  set_variable("DUCTUS__SOURCE__FETCH_MAX_WAIT_MS", "100");
  set_variable("DUCTUS__HANDLER_NAME", "17");
  set_variable("DUCTUS__STORE__MAX_UNCOMMITTED_BATCHES", "0");
  set_variable("DUCTUS__HANDLER__SETTINGS", "{ dir = '/data' }");
  set_argument("topics=[{ name = 'orders', init = 5 }]");
  set_argument("source.isolation.level='read_uncommitted'");
  set_argument("batch.max_bytes=64KiB");
  const auto config = load();
  EXPECT_EQ(config.brokers, (std::vector<BrokerAddress>{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(config.fetch_max_wait, 100ms);
  EXPECT_EQ(config.handler_name, "17");
  EXPECT_EQ(config.max_uncommitted_batches, 0u);
  EXPECT_EQ(config.settings, (Value::Map{{"dir", "/data"}}));
  EXPECT_EQ(config.topics.at(0).init, 5);
  EXPECT_FALSE(config.read_committed);
  EXPECT_EQ(config.batch_max_bytes, 65536u);
}

TEST_F(LoadTest, NamesVariableOrArgumentInErrors) {
  write("config/local.toml", kLeast);
  set_variable("DUCTUS__LOG__LEVEL", "loud");
  EXPECT_EQ(refusal().message,
            "environment variable DUCTUS__LOG__LEVEL: log.level: expected \"debug\", \"info\", \"warn\" or \"error\", "
            "got \"loud\"");
  environment_.clear();
  for (const auto& [argument, problem] :
       {std::pair{"log.lvel=info", "--set log.lvel: unknown key 'log.lvel'; did you mean 'level'?"},
        {"log.level", "--set log.level: expected KEY=VALUE, such as log.level=debug"},
        {"=x", "--set : expected KEY=VALUE, such as log.level=debug"},
        {"log=x", "--set log: 'log': expected a table, got \"x\""},
        {"...=x", "--set ...: unknown key '...'"}}) {
    request_.sets = {argument};
    EXPECT_EQ(refusal().message, problem);
  }
  request_.sets = {"source.brokers=[1"};
  EXPECT_EQ(refusal().message.find("--set source.brokers: 'source.brokers': "), 0u) << refusal().message;
  request_.sets = {"handler.max_threads=1\nlog = 2"};
  EXPECT_EQ(refusal().code, ErrorCode::kInvalid);
}

TEST_F(LoadTest, LetsALaterLayerReplaceABadValue) {
  write("config/default.toml", "[log]\nlevel = \"${MISSING}\"\n");
  write("config/local.toml", "[log]\nlevel = \"warn\"\n" + kLeast);
  EXPECT_EQ(load().log_level, "warn");
}

// ---- ${…} ------------------------------------------------------------------------------------------------

TEST_F(LoadTest, PutsVariablesIntoTextOfFiles) {
  set_variable("HOST", "kafka-1");
  set_variable("SECRET", "s3cret${HOST}");
  set_variable("DUCTUS__SOURCE__CLIENT_ID", "as-is-${HOST}");
  const auto config = load_text(
      "[source]\nbrokers = [\"${HOST}:9092\"]\n"
      "[handler.settings]\npassword = \"<${SECRET}>\"\n"
      "literal = \"$${HOST} $5 $\"\nlist = [\"${HOST}${HOST}\"]\n" +
      kTopics);
  EXPECT_EQ(config.brokers.at(0).host, "kafka-1");
  EXPECT_EQ(config.client_id, "as-is-${HOST}");
  EXPECT_EQ(config.settings, (Value::Map{{"literal", "${HOST} $5 $"},
                                         {"list", Value::List{"kafka-1kafka-1"}},
                                         {"password", "<s3cret${HOST}>"}}));
}

TEST_F(LoadTest, RefusesVariablesThatAreNotSetOrNotNamed) {
  EXPECT_EQ(refusal_of_text("handler_name = \"${NONE}\"\n" + kLeast),
            "config/local.toml:1:16: \"${NONE}\": the environment has no variable NONE");
  for (const char* text : {"${", "${}", "${A", "${A B}", "${1}"}) {
    const auto message = refusal_of_text("handler_name = \"" + std::string(text) + "\"\n" + kLeast);
    EXPECT_NE(message.find("expected ${NAME}"), std::string::npos) << message;
  }
}

TEST_F(LoadTest, NeverShowsWhatAVariableHolds) {
  set_variable("SECRET", "s3cret\n");
  for (const char* line :
       {"handler_name = \"x${SECRET}\"\n", "log.level = \"${SECRET}\"\n", "source.brokers = \"a:1,${SECRET}\"\n",
        "batch.max_bytes = \"${SECRET}\"\n", "store.url = \"${SECRET}\"\n", "topics = [{name=\"${SECRET}\"}]\n"}) {
    const auto message = refusal_of_text(line);
    EXPECT_EQ(message.find("s3cret"), std::string::npos) << message;
    EXPECT_NE(message.find("${SECRET}\""), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace ductus::config
