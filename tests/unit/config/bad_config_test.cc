// Configurations as they should not be, in both forms: each gets one clear error with its place, in time and within
// bounds. What each key refuses stands in schema_test.cc and erlang_config_test.cc.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/escape.h"
#include "config/config_file.h"
#include "config_test.h"

namespace ductus::config {
namespace {

namespace fs = std::filesystem;

class BadConfigTest : public ConfigTest {
 protected:
  static std::string erlang(const std::string& settings) {
    return "[{ductus, [{source_host, \"a\"}, {source_port, 1}, " + settings + "]}].";
  }
  /// The same bytes as a file of either form.
  std::vector<Error> refusals_of(const std::string& text) {
    write("config/a.toml", text);
    write("config/b.config", text);
    return {refusal("a"), refusal("b")};
  }
};

TEST_F(BadConfigTest, AnEmptyFile) {  // B1
  write("config/a.toml", "");
  EXPECT_EQ(refusal("a").message,
            "config/a.toml: source.brokers is missing: write brokers = [\"host:9092\"] under [source]\n"
            "config/a.toml: topics are missing: write [[topics]] and name = \"…\" for each");
  write("config/b.config", "");
  EXPECT_EQ(refusal("b").message, "config/b.config:1:1: expected a term, the file is empty");
}

TEST_F(BadConfigTest, AFileOfAGigabyte) {  // B2
  for (const char* name : {"a.toml", "b.config"}) {
    write(std::string("config/") + name, "% #");
    fs::resize_file(dir_ / "config" / name, 1ull << 30);
    const Error error = refusal(fs::path(name).stem());
    EXPECT_EQ(error.code, ErrorCode::kLimit);
    EXPECT_NE(error.message.find("longer than 1048576 bytes"), std::string::npos) << error.message;
  }
}

TEST_F(BadConfigTest, BytesThatAreNoText) {  // B3
  for (const std::string& bytes : {std::string("x = \"a\0b\"\n", 10), std::string("x = \"\xFF\"\n"),
                                   std::string("x = \"\xC0\x80\"\n"), std::string("\0\0\0", 3),
                                   std::string("\xFF\xFE"
                                               "a")}) {
    SCOPED_TRACE(base::escaped(bytes));
    for (const Error& error : refusals_of(bytes)) {
      EXPECT_EQ(error.code, ErrorCode::kInvalid);
      EXPECT_NE(error.message.find(":1:"), std::string::npos) << error.message;
    }
  }
}

TEST_F(BadConfigTest, AByteOrderMarkAndCarriageReturnsAreNone) {  // B3
  write("config/b.config", "\xEF\xBB\xBF" + erlang("\r\n{topics, [{\"x\", {}}]}\r\n") + "\r\n");
  EXPECT_EQ(load("b").topics.at(0).name, "x");
  write("config/a.toml", "\xEF\xBB\xBF" + kSource + "\r\n" + kTopics);
  EXPECT_EQ(load("a").topics.at(0).name, "orders");
}

TEST_F(BadConfigTest, TenThousandTopicsAndOneMore) {  // B8
  std::string topics;
  for (int i = 0; i < 10'000; ++i) topics += (i > 0 ? "," : "") + ("{\"t" + std::to_string(i)) + "\", {}}";
  write("config/b.config", erlang("{topics, [" + topics + "]}"));
  EXPECT_EQ(load("b").topics.size(), 10'000u);
  write("config/b.config", erlang("{topics, [" + topics + ", {\"more\", {}}]}"));
  EXPECT_NE(refusal("b").message.find("more than 10000 topics"), std::string::npos);
}

TEST_F(BadConfigTest, NamesOfTopicsThatLeadElsewhere) {  // B9
  for (const std::string& name : {std::string(""), std::string("."), std::string(".."), std::string(250, 'a'),
                                  std::string("a/b"), std::string("../../etc/x"), std::string("a\\nb"),
                                  std::string("%n"), std::string("a b"), std::string("\\x{e4}")}) {
    write("config/b.config", erlang("\n{topics, [{\"" + name + "\", {}}]}"));
    const auto message = refusal("b").message;
    EXPECT_EQ(message.find("config/b.config:2:12: topics.name: expected a topic name"), 0u) << message;
    EXPECT_LT(message.size(), 300u);
  }
  write("config/b.config", erlang("{topics, [{\"-rf\", {}}]}"));
  EXPECT_EQ(load("b").topics.at(0).name, "-rf");
}

TEST_F(BadConfigTest, HandlerNamesThatNoStoreCanKeepApart) {  // B10
  for (const std::string& name :
       {std::string(""), std::string("a\\0b"), std::string("a\\nb"), std::string(65'536, 'x')}) {
    write("config/b.config", erlang("\n{handler_name, \"" + name + "\"}, {topics, [{\"x\", {}}]}"));
    const auto message = refusal("b").message;
    EXPECT_EQ(message.find("config/b.config:2:16: handler_name: expected text of 1 to 255 bytes"), 0u)
        << message.substr(0, 300);
    EXPECT_LT(message.size(), 400u);
  }
  // Taken as they are: what has to be escaped, the store escapes.
  for (const char* name : {"a:b", "a b", "a%3Ab"}) {
    write("config/b.config", erlang("{handler_name, \"" + std::string(name) + "\"}, {topics, [{\"x\", {}}]}"));
    EXPECT_EQ(load("b").handler_name, name);
  }
}

TEST_F(BadConfigTest, HandlerNamesThatMeetTheDataOfAnotherInRedis) {  // B10
  for (const char* end : {":meta", ":journal"}) {
    const std::string name = "handler_name = 'a" + std::string(end) + "'\n";
    EXPECT_EQ(load_text(name + kLeast).handler_name, "a" + std::string(end)) << "SQLite keeps them apart";
    EXPECT_EQ(refusal_of_text(name + "store.url = 'redis://localhost'\n" + kLeast),
              "config/local.toml:1:16: handler_name: with a Redis store it must not end in \"" + std::string(end) +
                  "\": there another handler_name may have its own data");
  }
  EXPECT_EQ(load_text("handler_name = 'a:meta2'\nstore.url = 'redis://localhost'\n" + kLeast).handler_name, "a:meta2");
}

TEST_F(BadConfigTest, NestingOfAThousandLevels) {  // B11
  write("config/a.toml", "x = " + std::string(1000, '[') + std::string(1000, ']'));
  EXPECT_EQ(refusal("a").code, ErrorCode::kLimit);
  write("config/b.config", std::string(1000, '[') + std::string(1000, ']') + ".");
  EXPECT_EQ(refusal("b").code, ErrorCode::kLimit);
}

TEST_F(BadConfigTest, WhatIsNoFile) {  // B12
  fs::create_directories(dir_ / "config/folder.config");
  ASSERT_EQ(::mkfifo((dir_ / "config/fifo.config").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", dir_ / "config/zero.config");
  for (const char* name : {"folder", "fifo", "zero"}) {
    const Error error = refusal(name);
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_NE(error.message.find("not a regular file"), std::string::npos) << error.message;
  }
  fs::create_symlink("nowhere.config", dir_ / "config/dangling.config");
  EXPECT_EQ(refusal("dangling").code, ErrorCode::kNotFound);
  write("elsewhere/real", erlang("{topics, [{\"x\", {}}]}"));
  fs::create_symlink("../elsewhere/real", dir_ / "config/link.config");
  EXPECT_EQ(load("link").name, "link");
}

TEST_F(BadConfigTest, SettingsOfClientsThatLoadCodeOrWeakenIt) {  // B14
  for (const char* name :
       {"plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "enable.auto.commit",
        "auto.offset.reset", "interceptor.classes", "config.providers", "check.crcs"}) {
    const auto message = refusal_of_text("[source]\nbrokers = 'a:1'\n\"" + std::string(name) + "\" = 'x'\n" + kTopics);
    EXPECT_EQ(message.find("config/local.toml:3:1: 'source." + std::string(name) + "' is not supported"), 0u)
        << message;
  }
  EXPECT_EQ(refusal_of_text("[source]\nbrokers = 'a:1'\nlog_level = 7\n" + kTopics)
                .find("config/local.toml:3:1: unknown key 'source.log_level'"),
            0u);
}

TEST_F(BadConfigTest, AReloadWithOneBadTopicLeavesNothingHalfDone) {  // B13
  const NodeConfig before = load_text(kLeast);
  write("config/local.toml", kLeast + "[[topics]]\nname = 'a/b'\n");
  EXPECT_FALSE(config::load(request_).ok());
  write("config/local.toml", kLeast);
  const auto after = config::load(request_);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->topics, before.topics);
}

}  // namespace
}  // namespace ductus::config
