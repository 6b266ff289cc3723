#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace ductus::cli {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

CommandLine line_of(const Words& words) {
  auto parsed = parse_command_line(words);
  if (const auto* reply = std::get_if<Reply>(&parsed)) {
    ADD_FAILURE() << reply->err << reply->out;
    return {};
  }
  return std::get<CommandLine>(std::move(parsed));
}

Reply reply_of(const Words& words) {
  auto parsed = parse_command_line(words);
  if (auto* reply = std::get_if<Reply>(&parsed)) return std::move(*reply);
  ADD_FAILURE() << "taken as a command";
  return {};
}

struct VerbCase {
  const char* name;
  Verb verb;
  Words more;  ///< what it needs behind CONFIG
  bool json;   ///< takes --json
};
const std::vector<VerbCase> kVerbs = {
    {"console", Verb::kConsole, {}, false},
    {"stop", Verb::kStop, {}, false},
    {"running", Verb::kRunning, {}, true},
    {"status", Verb::kStatus, {}, true},
    {"reset_offsets", Verb::kResetOffsets, {}, true},
    {"reset_to_oldest_offsets", Verb::kResetToOldestOffsets, {}, true},
    {"zero_offsets", Verb::kZeroOffsets, {}, true},
    {"reset_single_offset", Verb::kResetSingleOffset, {"orders", "5"}, true},
};

Words words_of(const VerbCase& one, Words options = {}) {
  Words words{one.name, "etc/local.toml"};
  words.insert(words.end(), one.more.begin(), one.more.end());
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

TEST(CommandLine, IsVerbAndConfig) {
  for (const VerbCase& one : kVerbs) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(line_of(words_of(one)).verb, one.verb);
    EXPECT_EQ(line_of(words_of(one)).config, "etc/local.toml");
    EXPECT_STREQ(name_of(one.verb), one.name);
    EXPECT_EQ(reply_of({one.name}).code, ExitCode::kUsage);
    EXPECT_EQ(reply_of(words_of(one, {"more"})).code, ExitCode::kUsage);
    EXPECT_EQ(reply_of(words_of(one, {"--more"})).code, ExitCode::kUsage);
    EXPECT_EQ(reply_of({one.name, "--help"}).code, ExitCode::kOk);
  }
}

TEST(CommandLine, TakesJsonForEveryVerbThatTellsSomething) {
  for (const VerbCase& one : kVerbs) {
    SCOPED_TRACE(one.name);
    if (one.json) {
      EXPECT_FALSE(line_of(words_of(one)).json);
      EXPECT_TRUE(line_of(words_of(one, {"--json"})).json);
    } else {
      EXPECT_EQ(reply_of(words_of(one, {"--json"})).code, ExitCode::kUsage);
    }
  }
}

TEST(CommandLine, TakesTopicOffsetAndPartition) {
  const auto line = line_of({"reset_single_offset", "local", "orders", "9223372036854775807", "--partition", "0"});
  EXPECT_EQ(line.topic, "orders");
  EXPECT_EQ(line.offset, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(line.partition, 0);
  EXPECT_FALSE(line.all_partitions);
  const auto all = line_of({"reset_single_offset", "local", "orders", "0", "--all-partitions"});
  EXPECT_EQ(all.partition, std::nullopt);
  EXPECT_TRUE(all.all_partitions);
}

TEST(CommandLine, RefusesWhatIsNoOffsetOrPartition) {
  for (const Words& rest : {Words{"orders"}, Words{"orders", "-1"}, Words{"orders", "five"}, Words{"orders", "1.5"},
                            Words{"orders", "9223372036854775808"}, Words{"orders", "1", "--partition", "-1"},
                            Words{"orders", "1", "--partition", "2147483648"},
                            Words{"orders", "1", "--partition", "0", "--all-partitions"}}) {
    Words words{"reset_single_offset", "local"};
    words.insert(words.end(), rest.begin(), rest.end());
    EXPECT_EQ(reply_of(words).code, ExitCode::kUsage) << words.back();
  }
}

TEST(CommandLine, TakesATimeToResetTo) {
  const auto line = line_of({"reset_offsets", "local", "--to-time", "1970-01-01T00:00:02Z"});
  EXPECT_EQ(line.to_time_ms, 2000);
  EXPECT_EQ(line.to_time, "1970-01-01T00:00:02Z");
  EXPECT_EQ(line_of({"reset_offsets", "local"}).to_time_ms, std::nullopt);
  EXPECT_EQ(reply_of({"reset_offsets", "local", "--to-time", "noon"}).code, ExitCode::kUsage);
  EXPECT_NE(reply_of({"reset_offsets", "local", "--to-time", ""}).err.find("2026-11-26T13:00:00Z"), std::string::npos);
  EXPECT_EQ(reply_of({"zero_offsets", "local", "--to-time", "0"}).code, ExitCode::kUsage);
}

TEST(CommandLine, TakesCommonOptionsBeforeAndAfterTheVerb) {
  for (const Words& words : {Words{"--config-dir", "etc", "--set", "a=1", "--set", "b=[1, 2]", "status", "local"},
                             Words{"status", "local", "--set=a=1", "--config-dir=etc", "--set", "b=[1, 2]"},
                             Words{"status", "--set", "a=1", "--set", "b=[1, 2]", "local", "--config-dir", "etc"}}) {
    const auto line = line_of(words);
    EXPECT_EQ(line.config, "local");
    EXPECT_EQ(line.config_dir, "etc");
    EXPECT_EQ(line.sets, (Words{"a=1", "b=[1, 2]"}));
  }
  EXPECT_EQ(line_of({"status", "local"}).config_dir, std::nullopt);
}

TEST(CommandLine, TakesTheOptionsOfAVerb) {
  EXPECT_TRUE(line_of({"status", "local", "--json"}).json);
  EXPECT_FALSE(line_of({"status", "local"}).json);
  const auto line = line_of({"console", "local", "--until-end", "--timeout", "90s"});
  EXPECT_TRUE(line.until_end);
  EXPECT_EQ(line.timeout, 90s);
}

TEST(CommandLine, RefusesWhatAVerbDoesNotTake) {
  for (const Words& words :
       {Words{"stop", "local", "--json"}, Words{"status"}, Words{"status", "a", "b"}, Words{"status", "a", "--jsom"},
        Words{"console", "a", "--timeout", "5s"}, Words{"console", "a", "--until-end", "--timeout", "soon"},
        Words{"console", "a", "--until-end", "--timeout", "0s"}, Words{"status", "a", "--set"}, Words{"--json"},
        Words{"status", "a", "stop", "b"}, Words{"--config-dir", "x"}, Words{"-x", "status", "a"}}) {
    const auto reply = reply_of(words);
    EXPECT_EQ(reply.code, ExitCode::kUsage) << words.back();
    EXPECT_EQ(reply.out, "");
    EXPECT_TRUE(reply.err.starts_with("ductus: ")) << reply.err;
  }
}

TEST(CommandLine, SaysWhichVerbWasMeant) {
  const auto reply = reply_of({"statsu", "local"});
  EXPECT_EQ(reply.code, ExitCode::kUsage);
  EXPECT_NE(reply.err.find("there is no verb 'statsu'; did you mean 'status'?"), std::string::npos) << reply.err;
  EXPECT_EQ(reply_of({"xyzzy"}).err.find("did you mean"), std::string::npos);
}

TEST(CommandLine, ShowsNothingRawOfWhatItDoesNotKnow) {
  EXPECT_EQ(reply_of({"\x1b[2J"}).err.find('\x1b'), std::string::npos);
}

TEST(CommandLine, TeachesInTwelveLinesWhereThereIsNothing) {
  const auto reply = reply_of({});
  EXPECT_EQ(reply.code, ExitCode::kUsage);
  EXPECT_LE(std::count(reply.err.begin(), reply.err.end(), '\n'), 12);
  EXPECT_NE(reply.err.find("ductus status orders --json"), std::string::npos);
}

TEST(CommandLine, HelpsOnStandardOutput) {
  const auto all = reply_of({"--help"});
  EXPECT_EQ(all.code, ExitCode::kOk);
  EXPECT_EQ(all.err, "");
  for (const char* word : {"console", "status", "stop", "running", "--config-dir", "--set", "--version"}) {
    EXPECT_NE(all.out.find(word), std::string::npos) << word;
  }
  EXPECT_NE(reply_of({"console", "--help"}).out.find("--until-end"), std::string::npos);
}

TEST(CommandLine, NamesTheVersionsOfWhatIsLinked) {
  const auto reply = reply_of({"--version"});
  EXPECT_EQ(reply.code, ExitCode::kOk);
  EXPECT_TRUE(reply.out.starts_with("ductus 0.")) << reply.out;
  EXPECT_NE(reply.out.find("\nSQLite 3."), std::string::npos) << reply.out;
}

}  // namespace
}  // namespace ductus::cli
