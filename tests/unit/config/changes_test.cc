// What a running node has to do to follow a configuration that was loaded anew.
#include "config/changes.h"

#include <gtest/gtest.h>

#include <set>

#include "config/schema.h"
#include "config/shown/settings.h"
#include "config/toml/toml_writer.h"
#include "config_test.h"

namespace ductus::config {
namespace {

using Names = std::vector<std::string>;

class ChangesTest : public ConfigTest {
 protected:
  Changes between(const std::string& old, const std::string& now) {
    const NodeConfig before = load_text(old);
    return changes(before, load_text(now));
  }
  static std::string topic(const std::string& name, const std::string& more = "") {
    return "[[topics]]\nname = '" + name + "'\n" + more;
  }
};

TEST_F(ChangesTest, FindsNoneInTheSameConfigurationLoadedAgain) {
  EXPECT_TRUE(between(kLeast, kLeast).empty());
  EXPECT_TRUE(between(kLeast, "# a comment\nhandler_name = 'local'\nnode.stop_timeout_ms = 10000\n" + kLeast).empty());
}

TEST_F(ChangesTest, TellsTopicsThatCameWentAndChanged) {
  const auto found = between(
      kSource + topic("gone") + topic("same", "init = 'x'\n") + topic("init", "init = 'a'\n") + topic("partitions"),
      kSource + topic("new") + topic("partitions", "partitions = '0-1'\n") + topic("init", "init = 'b'\n") +
          topic("same", "init = 'x'\n"));
  EXPECT_EQ(found.added_topics, Names{"new"});
  EXPECT_EQ(found.removed_topics, Names{"gone"});
  EXPECT_EQ(found.changed_topics, (Names{"partitions", "init"}));
  EXPECT_TRUE(found.live.empty());
  EXPECT_TRUE(found.restart.empty());
  EXPECT_FALSE(found.empty());
}

TEST_F(ChangesTest, TakesTheOrderOfTopicsForNoChange) {
  EXPECT_TRUE(between(kSource + topic("a") + topic("b"), kSource + topic("b") + topic("a")).empty());
}

TEST_F(ChangesTest, TellsKeysThatApplyLiveFromThoseThatNeedARestart) {
  const auto found = between(kLeast,
                             "handler_name = 'other'\nlog.level = 'debug'\nlog.format = 'json'\n"
                             "batch.max_bytes = '2MiB'\nperiodic.every = '1s'\nhandler.settings = {a = 1}\n"
                             "store.url = 'sqlite:other.db'\nsupervision.stall_after = '2m'\n" +
                                 kLeast + "[offsets]\nwhen_missing = 'earliest'\n");
  EXPECT_EQ(found.live, (Names{"batch.max_bytes", "offsets.when_missing", "supervision.stall_after", "log.level"}));
  EXPECT_EQ(found.restart, (Names{"handler_name", "store.url", "handler.settings", "periodic.every", "log.format"}));
}

TEST_F(ChangesTest, TellsAPasswordThatBecameAnotherThoughItIsNeverShown) {
  set_variable("OLD", "sesame");
  set_variable("NEW", "simsim");
  const std::string with_old = "store.password = '${OLD}'\n" + kLeast;
  EXPECT_EQ(between(with_old, "store.password = '${NEW}'\n" + kLeast).restart, Names{"store.password"});
  EXPECT_EQ(between(kLeast, with_old).restart, Names{"store.password"});
  EXPECT_EQ(between(with_old, "store.password_file = 'secret'\n" + kLeast).restart,
            (Names{"store.password", "store.password_file"}));
  set_variable("NEW", "sesame");
  EXPECT_TRUE(between(with_old, "store.password = '${NEW}'\n" + kLeast).empty());
}

TEST_F(ChangesTest, KnowsOnlyKeysThatAreThere) {
  std::set<std::string_view> live;
  for (const Key& key : keys()) {
    if (applies_live(key.path)) live.insert(key.path);
  }
  EXPECT_EQ(live.size(), 16u);
  EXPECT_FALSE(applies_live("log"));
}

TEST_F(ChangesTest, FollowsWhatAppliesLiveAndNothingElse) {
  const NodeConfig before = load_text(kLeast);
  const NodeConfig now = load_text(
      "handler_name = 'other'\nnode.stop_timeout = '11s'\ntarget.brokers = ['target:9093']\nbatch.max_bytes = '2MiB'\n"
      "memory.budget_bytes = '300MiB'\nstore.max_uncommitted_batches = 3\nhandler.max_threads = 5\n"
      "log.level = 'debug'\nlog.format = 'json'\n" +
      kLeast + topic("new") +
      "[offsets]\nwhen_missing = 'earliest'\nwhen_out_of_range = 'latest'\nwhen_truncated = 'earliest'\n"
      "when_recreated = 'latest'\nreset_source = 'target'\n"
      "[supervision]\nintensity = 7\nperiod = '7s'\nstall_after = '70s'\nescalate_after = '77s'\n");
  ASSERT_EQ(changes(before, now).live.size(), 16u);
  const NodeConfig in_force = followed(before, now);
  const Changes left = changes(in_force, now);
  EXPECT_EQ(left.live, Names{});
  EXPECT_EQ(left.restart, (Names{"handler_name", "log.format"}));
  EXPECT_TRUE(left.added_topics.empty());
  EXPECT_EQ(changes(before, in_force).restart, Names{});
}

TEST_F(ChangesTest, LoadsTheSameRequestAgainWithWhatChangedSince) {
  set_argument("log.format=json");
  const NodeConfig before = load_text(kLeast);
  const LoadRequest kept = request_;
  write("config/local.toml", "log.level = 'warn'\n" + kLeast);
  const auto now = config::load(kept);
  ASSERT_TRUE(now.ok()) << now.error().message;
  EXPECT_EQ(now->log_format, "json");
  EXPECT_EQ(changes(before, *now).live, Names{"log.level"});
  write("config/local.toml", "log.level = 'warn'\n" + kLeast + topic("bad/name"));
  EXPECT_FALSE(config::load(kept).ok());
}

TEST_F(ChangesTest, ShowsOfWhatIsFollowedWhatTheNodeGoesBy) {
  set_variable("NAME", "x");
  const NodeConfig old = load_text("log = {level = 'warn', format = 'json'}\nbatch.max_bytes = '2MiB'\n" + kSource +
                                   topic("a", "init = '${NAME}'\n"));
  const NodeConfig now = load_text("handler_name = 'other'\nlog.format = 'text'\n" + kSource + topic("b"));
  const std::string shown = to_toml(settings_of(followed(old, now)), true);
  for (const char* const line : {"handler_name = \"local\"  # default\n", "max_bytes = \"1MiB\"  # default\n",
                                 "level = \"info\"  # default\n", "format = \"json\"  # config/local.toml:1:"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
  EXPECT_TRUE(shown.ends_with("name = \"b\"\n")) << shown;
  EXPECT_EQ(shown.find("NAME"), std::string::npos) << shown;
}

}  // namespace
}  // namespace ductus::config
