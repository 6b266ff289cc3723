// A configuration as TOML: with where each value comes from, without its secrets, and out of Erlang terms.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "config/schema.h"
#include "config/shown/settings.h"
#include "config/toml/toml_text.h"
#include "config/toml/toml_writer.h"
#include "config_test.h"

namespace ductus::config {
namespace {

class ShowTest : public ConfigTest {
 protected:
  static std::string golden(const std::string& file) {
    std::ifstream stream(std::filesystem::path(GOLDEN_DIR) / "erlang" / file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::string shown(bool with_origins = false) { return to_toml(settings_of(load()), with_origins); }
  static Tree text(const std::string& value) { return Tree{value, {}, {}, ""}; }
};

TEST_F(ShowTest, SaysWhereEachValueComesFrom) {
  write("config/default.toml", "[log]\nlevel = 'warn'\n");
  write("config/local.toml", "handler_name = 'x'\n[node]\nstop_timeout_ms = 5000\n" + kSource + kTopics);
  set_variable("DUCTUS__LOG__FORMAT", "json");
  set_argument("batch.max_bytes=64KiB");
  const auto lines = shown(true);
  for (const char* line :
       {"handler_name = \"x\"  # config/local.toml:1:1\n", "stop_timeout_ms = 5000  # config/local.toml:3:1\n",
        "brokers = [\"localhost:9092\"]  # config/local.toml:5:1\n", "level = \"warn\"  # config/default.toml:2:1\n",
        "format = \"json\"  # environment variable DUCTUS__LOG__FORMAT\n",
        "max_bytes = \"64KiB\"  # --set batch.max_bytes\n", "client.id = \"ductus\"  # default\n",
        "every = \"off\"  # default\n", "[[topics]]  # config/local.toml:6:1\nname = \"orders\"\n"}) {
    EXPECT_NE(lines.find(line), std::string::npos) << line << "\n" << lines;
  }
}

TEST_F(ShowTest, SaysTheSameWhenItIsLoadedAgain) {
  write("config/local.toml",
        "handler_name = \"a\\\"\\\\\\u0041\xC3\xA4\"\n[handler.settings]\na = {b = [1, 2.5, true, 'x y'], 'q k' = {}}\n"
        "[offsets]\nwhen_missing = 'earliest'\n[source]\nbrokers = 'a:1,[::1]:2'\n'client.id' = 'me'\n" +
            kTopics + "init = ['a', {x = 1e30}, []]\npartitions = '0,2-3'\n");
  const auto before = load();
  write("config/again.toml", shown());
  const auto after = load("again");
  for (const Key& key : keys()) EXPECT_EQ(value_of(key, before), value_of(key, after)) << key.path;
}

TEST_F(ShowTest, HidesSecretsAndKeepsReferencesToThem) {
  set_variable("PASSWORD", "hidden-1");
  write("config/local.toml",
        "[handler.settings]\nurl = 'https://me:hidden-2@example.com/x?a=b@c'\nother = 'https://example.com:1/@'\n"
        "deep = [{Api_Token = 'hidden-3', password = '${PASSWORD}', password_file = 'seen'}]\n" +
            kLeast);
  const auto text = shown();
  EXPECT_EQ(text.find("hidden"), std::string::npos) << text;
  EXPECT_NE(text.find("url = \"https://me:***@example.com/x?a=b@c\""), std::string::npos) << text;
  EXPECT_NE(text.find("other = \"https://example.com:1/@\""), std::string::npos) << text;
  EXPECT_NE(text.find("Api_Token = \"***\", password = \"${PASSWORD}\", password_file = \"seen\""), std::string::npos)
      << text;
}

TEST_F(ShowTest, WarnsOfFilesThatEverybodyMayWriteOrReadSecretsFrom) {  // B12
  namespace fs = std::filesystem;
  write("config/local.toml", "[handler.settings]\npassword = 'x'\n" + kLeast);
  const auto file = dir_ / "config/local.toml";
  fs::permissions(file, fs::perms::owner_read);
  EXPECT_TRUE(load().warnings.empty());
  fs::permissions(file, fs::perms::owner_read | fs::perms::others_read | fs::perms::others_write);
  EXPECT_EQ(load().warnings,
            (std::vector<std::string>{
                "config/local.toml: everybody may write to it: chmod o-w",
                "config/local.toml:1:10: a secret that everybody may read: chmod o-r, or take it from ${NAME}"}));
  fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
  set_variable("PASSWORD", "x");
  write("config/local.toml", "[handler.settings]\npassword = '${PASSWORD}'\n" + kLeast);
  EXPECT_EQ(load().warnings.size(), 1u);
}

TEST_F(ShowTest, WritesTextThatTomlReadsAgain) {
  std::string all;
  for (char c = 1; c < 127; ++c) all += c;
  const auto read = parse_toml_value(to_toml(text(all + "\x7F\xC3\xA4\xF0\x9F\x98\x80")), {});
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read->as_text(), all + "\x7F\xC3\xA4\xF0\x9F\x98\x80");
  EXPECT_EQ(to_toml(text("a\xFF")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(to_toml(text("\x1B[2J \xC2\x9B \xE2\x80\xAE \xE2\x81\xA6")), R"("\u001B[2J \u009B \u202E \u2066")");
}

// ---- out of Erlang terms ------------------------------------------------------------------------------------

TEST_F(ShowTest, ConvertsTheOriginalsFiles) {
  write("config/default.config", golden("default.config"));
  write("config/kafka2file.config", golden("kafka2file.config"));
  write("alone/readme.config", golden("readme.config"));
  for (const auto& [config, file] :
       {std::pair{"alone/readme.config", "readme.toml"}, {"kafka2file", "kafka2file.toml"}}) {
    (void)try_load(config);
    const auto conversion = convert(request_);
    ASSERT_TRUE(conversion.ok()) << conversion.error().message;
    EXPECT_EQ(to_toml(conversion->settings), golden(file));
  }
}

TEST_F(ShowTest, ConvertsNothingThatIsWrongOrTomlAlready) {
  write("config/local.toml", kLeast);
  (void)try_load();
  EXPECT_EQ(convert(request_).error().message, "config/local.toml: it is no file in Erlang terms");
  write("config/bad.config", "[{ductus, [{source_prot, 1}]}].");
  (void)try_load("bad");
  EXPECT_EQ(convert(request_).error().message,
            "config/bad.config:1:13: unknown key 'source_prot'; did you mean 'source_port'?");
}

}  // namespace
}  // namespace ductus::config
