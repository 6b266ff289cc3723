#include "handlers/time_lag.h"

#include <ductus/testing.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "support/temporary_directory.h"

namespace ductus::handlers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The module in a node of its own, by a clock that the test sets.
class TimeLagTest : public ::testing::Test {
 protected:
  TimeLagTest()
      : node_(make_time_lag_module({.metric = "node.seconds_lag", .push = {}, .now = [this] { return now_; }})) {}

  static std::string line(std::int64_t time) { return "click " + std::to_string(time) + " of somebody"; }
  std::int64_t lag_of(const std::string& topic, std::int32_t partition) {
    return *node_.aggregate().at(topic).at(partition).as_int();
  }
  std::int64_t lag_after(const std::string& message) {
    TestPartition& clicks = node_.open("probe", probes_);
    EXPECT_TRUE(clicks.feed({line(now_ - 7)}).is_ok());
    EXPECT_TRUE(clicks.feed({message}).is_ok()) << "whatever it holds, it is accepted";
    return lag_of("probe", probes_++);
  }

  std::int64_t now_ = 1'700'000'000;
  std::int32_t probes_ = 0;
  TestNode node_;
};

TEST_F(TimeLagTest, IsTheAgeOfTheFirstMessageOfTheLastBatch) {
  TestPartition& clicks = node_.open("clicks");
  EXPECT_EQ(lag_of("clicks", 0), -1) << "before any message";
  EXPECT_TRUE(clicks.feed({line(now_ - 30), line(now_ - 20)}).is_ok());
  EXPECT_EQ(lag_of("clicks", 0), 30);
  EXPECT_TRUE(clicks.feed({line(now_ - 5)}).is_ok());
  EXPECT_EQ(lag_of("clicks", 0), 5);
  now_ += 3;
  EXPECT_EQ(lag_of("clicks", 0), 5) << "as it was when the batch came";
}

TEST_F(TimeLagTest, IsZeroOnceThereIsNothingToRead) {
  EXPECT_TRUE(node_.open("clicks").feed({line(now_ - 30)}).is_ok());
  node_.advance(milliseconds(499));
  EXPECT_EQ(lag_of("clicks", 0), 30);
  node_.advance(milliseconds(1));
  EXPECT_EQ(lag_of("clicks", 0), 0);
}

TEST_F(TimeLagTest, ATimeThatIsYetToComeIsNoLag) {
  EXPECT_EQ(lag_after(line(now_ + 60)), 0);
  EXPECT_EQ(lag_after(line(kLatestTime)), 0);
}

TEST_F(TimeLagTest, AMessageWithoutATimeLeavesTheLagAsItIsAndIsCounted) {
  for (const std::string& message :
       {std::string(), std::string("click"), std::string("click "), std::string("click yesterday x"),
        std::string("click 12.5 x"), std::string("click 0x10 x"), std::string("click 1e9 x"), std::string("click +5 x"),
        std::string("click\t1700000000 x"), line(-1), line(kLatestTime + 1), line(1'700'000'000'000),
        line(std::numeric_limits<std::int64_t>::max()), "click " + std::string(400, '9'), std::string(1 << 20, ' '),
        std::string("\0 \xff\xfe\0 \x80", 7)}) {
    EXPECT_EQ(lag_after(message), 7) << message.substr(0, 40);
  }
  TestPartition& clicks = node_.open("clicks");
  EXPECT_TRUE(clicks.feed({TestMessage{}}).is_ok()) << "a tombstone";
  EXPECT_TRUE(clicks.feed({"x"}).is_ok());
  EXPECT_EQ(lag_of("clicks", 0), -1);
  EXPECT_TRUE(node_.logged("no unix time in seconds in the second field of the message at offset 1; 2 such batches"));
}

TEST_F(TimeLagTest, FieldsArePartedByOneOrMoreSpaces) {
  EXPECT_EQ(lag_after("  click   " + std::to_string(now_ - 9)), 9);
  EXPECT_EQ(lag_after("click " + std::to_string(now_ - 9) + "\r\n"), 9);
  EXPECT_EQ(lag_after("click 0"), now_);
}

TEST_F(TimeLagTest, WithoutAnAddressTheLargestLagOfEachTopicIsLogged) {
  for (std::int32_t partition = 0; partition < 3; ++partition) {
    EXPECT_TRUE(node_.open("clicks", partition).feed({line(now_ - 10 * partition)}).is_ok());
  }
  node_.open("views");
  node_.aggregate();
  EXPECT_TRUE(node_.logged("node.seconds_lag 20"));
  EXPECT_TRUE(node_.logged("node.seconds_lag -1"));
}

TEST_F(TimeLagTest, APushEndsWithinItsPeriod) {
  EXPECT_EQ(push_within(seconds(1)), milliseconds(500));
  EXPECT_EQ(push_within(std::chrono::hours(1)), kPushWithin);
}

class TimeLagSettingsTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Module>> make(Value::Map settings) {
    return make_time_lag_module(Value(std::move(settings)), node_);
  }
  std::string refusal(Value::Map settings) {
    const auto made = make(std::move(settings));
    return made ? "" : made.error().message;
  }

  test::TemporaryDirectory folder_;
  NodeFacts node_{.base_dir = folder_.path(), .handler_name = "node", .periodic_every = seconds(10)};
};

TEST_F(TimeLagSettingsTest, AreAllOptional) {
  EXPECT_TRUE(make_time_lag_module(Value(), node_));
  EXPECT_TRUE(make({}));
  folder_.write("token", "secret\n");
  EXPECT_TRUE(make({{"url", "https://metrics.example/v1"},
                    {"email", "me@example.org"},
                    {"token_file", "token"},
                    {"ca_file", "ca.pem"},
                    {"metric", "lag"}}));
}

TEST_F(TimeLagSettingsTest, AreRefusedWhereTheyMeanNothing) {
  folder_.write("token", "secret\n");
  EXPECT_NE(refusal({{"uri", "x"}}).find("unknown key 'uri'"), std::string::npos);
  EXPECT_NE(refusal({{"url", 7}}).find("url: expected a text"), std::string::npos);
  EXPECT_NE(refusal({{"metric", "a\nb"}}).find("metric: expected a text of one line"), std::string::npos);
  EXPECT_NE(refusal({{"url", "gopher://h"}}).find("url: "), std::string::npos);
  EXPECT_NE(refusal({{"email", "me@example.org"}}).find("go together"), std::string::npos);
  EXPECT_NE(refusal({{"ca_file", "x"}}).find("without a url"), std::string::npos);
  EXPECT_NE(refusal({{"url", "https://h"}, {"email", "a:b"}, {"token_file", "token"}}).find("colon"),
            std::string::npos);
  EXPECT_FALSE(make_time_lag_module(Value("https://h"), node_));
  node_.periodic_every.reset();
  EXPECT_NE(refusal({{"url", "https://h"}}).find("[periodic] every"), std::string::npos);
}

TEST_F(TimeLagSettingsTest, ATokenIsSentOverTlsOrWithinThisMachineOnly) {
  folder_.write("token", "secret\n");
  const auto with_url = [&](const char* url) {
    return refusal({{"url", url}, {"email", "me@example.org"}, {"token_file", "token"}});
  };
  EXPECT_NE(with_url("http://metrics.example").find("reads the token"), std::string::npos);
  for (const char* near : {"http://127.0.0.1:8080/", "http://[::1]/", "http://localhost", "https://metrics.example"}) {
    EXPECT_EQ(with_url(near), "");
  }
}

TEST_F(TimeLagSettingsTest, ATokenThatCannotBeReadIsSaidAtOnceAndNeverShown) {
  const auto with_token = [&](const std::string& text) {
    folder_.write("token", text);
    return refusal({{"url", "https://h"}, {"email", "me@example.org"}, {"token_file", "token"}});
  };
  EXPECT_EQ(with_token("secret"), "");
  for (const std::string& text : {std::string(), std::string("\n"), std::string("secret\nsecret\n"),
                                  "secret" + std::string(GaugePush::kMaxTokenBytes, 'x')}) {
    const std::string said = with_token(text);
    EXPECT_NE(said.find("token"), std::string::npos);
    EXPECT_EQ(said.find("secret"), std::string::npos);
  }
  for (const char* place : {"nowhere", "."}) {
    EXPECT_NE(refusal({{"url", "https://h"}, {"email", "me@example.org"}, {"token_file", place}}).find("cannot read"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace ductus::handlers
