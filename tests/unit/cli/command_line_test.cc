#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ductus::cli {
namespace {

using Words = std::vector<std::string>;

Call call_of(const Words& words) {
  auto parsed = parse_command_line(words);
  if (const auto* reply = std::get_if<Reply>(&parsed)) {
    ADD_FAILURE() << reply->err << reply->out;
    return {};
  }
  EXPECT_TRUE(std::get<CommandLine>(parsed).act);
  return std::get<CommandLine>(std::move(parsed)).call;
}

Reply reply_of(const Words& words) {
  auto parsed = parse_command_line(words);
  if (auto* reply = std::get_if<Reply>(&parsed)) return std::move(*reply);
  ADD_FAILURE() << "taken as a command";
  return {};
}

std::string typed(const Verb& verb) { return (*verb.group == '\0' ? "" : std::string(verb.group) + " ") + verb.name; }

/// VERB [CONFIG] and what else it cannot do without, then `options`.
Words words_of(const Verb& verb, Words options = {}) {
  Words words;
  if (*verb.group != '\0') words.emplace_back(verb.group);
  words.emplace_back(verb.name);
  if (verb.takes_config) words.emplace_back("etc/local.toml");
  if (typed(verb) == "reset_single_offset") words.insert(words.end(), {"orders", "5"});
  if (typed(verb) == "reset_offsets_from_file" || typed(verb) == "offsets import") words.emplace_back("offsets.json");
  if (typed(verb) == "offsets set") words.insert(words.end(), {"--to", "earliest"});
  if (typed(verb) == "pause" || typed(verb) == "resume" || typed(verb) == "restart") words.emplace_back("orders/5");
  if (typed(verb) == "peek") words.insert(words.end(), {"orders/5", "3"});
  if (typed(verb) == "completion") words.emplace_back("bash");
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

TEST(CommandLine, IsVerbAndConfig) {
  for (const Verb& verb : verbs()) {
    SCOPED_TRACE(typed(verb));
    EXPECT_EQ(call_of(words_of(verb)).verb, typed(verb));
    EXPECT_EQ(call_of(words_of(verb)).config, verb.takes_config ? "etc/local.toml" : "");
    EXPECT_EQ(reply_of(words_of(verb, {"more"})).code, ExitCode::kUsage);
    EXPECT_EQ(reply_of(words_of(verb, {"--more"})).code, ExitCode::kUsage);
    EXPECT_EQ(reply_of(words_of(verb, {"--help"})).code, ExitCode::kOk);
    if (!verb.takes_config) continue;
    Words bare = words_of(verb);
    bare.resize(*verb.group == '\0' ? 1 : 2);
    EXPECT_EQ(reply_of(bare).code, ExitCode::kUsage);
  }
}

TEST(CommandLine, TakesWhatTheVerbsOfOffsetsAreToldAndNothingElse) {
  const auto with = [](Words options) {
    Words words{"offsets", "set", "local"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  };
  for (const Words& good : {Words{"--to", "-2h"}, Words{"--to", "-100"}, Words{"--to=-100", "--dry-run"},
                            Words{"--topic", "a", "--to", "5"}, Words{"--to", "file:x"},
                            Words{"--to", "5", "--topic", "a", "--partition", "0", "--topic", "a", "--partition", "1"},
                            Words{"--to", "5", "--topic", "a", "--all-partitions", "--topic", "b", "--yes"}}) {
    call_of(with(good));
  }
  for (const Words& bad :
       {Words{}, Words{"--to"}, Words{"--to", "newest"}, Words{"--to", "5"}, Words{"--to", "file:x", "--topic", "a"},
        Words{"--to", "5", "--partition", "0", "--topic", "a"}, Words{"--to", "5", "--topic", "a", "--partition", "-1"},
        Words{"--to", "5", "--topic", "a", "--partition", "0", "--partition", "1"},
        Words{"--to", "5", "--topic", "a", "--partition", "0", "--all-partitions"}}) {
    EXPECT_EQ(reply_of(with(bad)).code, ExitCode::kUsage);
  }
  for (const Words& bad :
       {Words{"offsets", "undo", "local", "0"}, Words{"offsets", "undo", "local", "last"},
        Words{"offsets", "log", "local", "--limit", "0"}, Words{"offsets", "log", "local", "--limit", "1001"},
        Words{"offsets", "export", "local", "--format", "xml"}}) {
    EXPECT_EQ(reply_of(bad).code, ExitCode::kUsage);
  }
}

TEST(CommandLine, TakesJsonForEveryVerbThatTellsSomething) {
  for (const Verb& verb : verbs()) {
    SCOPED_TRACE(typed(verb));
    if (verb.tells_json) {
      EXPECT_FALSE(call_of(words_of(verb)).json);
      EXPECT_TRUE(call_of(words_of(verb, {"--json"})).json);
    } else {
      EXPECT_EQ(reply_of(words_of(verb, {"--json"})).code, ExitCode::kUsage);
    }
  }
}

TEST(CommandLine, TakesTopicOffsetAndPartition) {
  call_of({"reset_single_offset", "local", "orders", "9223372036854775807", "--partition", "0"});
  call_of({"reset_single_offset", "local", "orders", "0", "--all-partitions"});
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
  call_of({"reset_offsets", "local", "--to-time", "1970-01-01T00:00:02Z"});
  EXPECT_EQ(reply_of({"reset_offsets", "local", "--to-time", "noon"}).code, ExitCode::kUsage);
  EXPECT_NE(reply_of({"reset_offsets", "local", "--to-time", ""}).err.find("2026-11-26T13:00:00Z"), std::string::npos);
  EXPECT_EQ(reply_of({"zero_offsets", "local", "--to-time", "0"}).code, ExitCode::kUsage);
}

TEST(CommandLine, TakesCommonOptionsBeforeAndAfterTheVerb) {
  for (const Words& words : {Words{"--config-dir", "etc", "--set", "a=1", "--set", "b=[1, 2]", "status", "local"},
                             Words{"status", "local", "--set=a=1", "--config-dir=etc", "--set", "b=[1, 2]"},
                             Words{"status", "--set", "a=1", "--set", "b=[1, 2]", "local", "--config-dir", "etc"}}) {
    const Call call = call_of(words);
    EXPECT_EQ(call.config, "local");
    EXPECT_EQ(call.config_dir, "etc");
    EXPECT_EQ(call.sets, (Words{"a=1", "b=[1, 2]"}));
  }
  EXPECT_EQ(call_of({"status", "local"}).config_dir, std::nullopt);
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
  for (const char* word : {"start", "console", "status", "stop", "running", "--config-dir", "--set", "--version"}) {
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
