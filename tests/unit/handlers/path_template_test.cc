#include "handlers/path_template.h"

#include <gtest/gtest.h>

namespace ductus::handlers {
namespace {

std::string resolved(const Value& init, std::string_view topic = "clicks", std::int32_t partition = 7) {
  const auto name = PathTemplate::parse(init);
  if (!name) return "error: " + name.error().message;
  const auto path = name->resolve(topic, partition, "/base");
  return path ? path->string() : "error: " + path.error().message;
}
bool refused(const std::string& outcome) { return outcome.starts_with("error: "); }

TEST(PathTemplate, TakesAStringOrAMap) {
  EXPECT_EQ(resolved("out.txt"), "/base/out.txt");
  EXPECT_EQ(resolved(Value::Map{{"path", "out.txt"}}), "/base/out.txt");
}

TEST(PathTemplate, AnAbsolutePathStaysWhereItIs) { EXPECT_EQ(resolved("/var/data/out"), "/var/data/out"); }

TEST(PathTemplate, NamesOfTheSameFileBecomeTheSamePath) { EXPECT_EQ(resolved("./a/../out.txt"), "/base/out.txt"); }

TEST(PathTemplate, FillsInTopicAndPartition) {
  EXPECT_EQ(resolved("{topic}/{partition}-{topic}.txt"), "/base/clicks/7-clicks.txt");
}

TEST(PathTemplate, WithoutAPathItSaysWhatToWrite) {
  for (const Value& init : {Value(), Value(7), Value(Value::Map{}), Value(Value::Map{{"file", "x"}})}) {
    EXPECT_NE(resolved(init).find("init = \"FILE\""), std::string::npos) << resolved(init);
  }
}

TEST(PathTemplate, RefusesWhatNamesNoFile) {
  EXPECT_TRUE(refused(resolved("")));
  EXPECT_TRUE(refused(resolved("folder/")));
  EXPECT_TRUE(refused(resolved(std::string("a\0b", 3))));
}

TEST(PathTemplate, RefusesUnknownWords) {
  EXPECT_NE(resolved("{parition}.txt").find("unknown {parition}"), std::string::npos);
  EXPECT_TRUE(refused(resolved(Value::Map{{"path", "x"}, {"mode", "0600"}})));
}

TEST(PathTemplate, BracesThatAreNoWordStandForThemselves) { EXPECT_EQ(resolved("{}{A}{1}{"), "/base/{}{A}{1}{"); }

TEST(PathTemplate, ATopicCannotLeaveTheFolder) {
  for (const std::string topic : {"", ".", "..", "../etc", "a/b", "/etc/passwd"}) {
    EXPECT_TRUE(refused(resolved("{topic}", topic))) << topic;
  }
  EXPECT_TRUE(refused(resolved("{topic}", std::string_view("a\0b", 3))));
  EXPECT_EQ(resolved("{topic}", "a..b"), "/base/a..b");
}

TEST(PathTemplate, ATopicIsNotReadAsATemplate) { EXPECT_EQ(resolved("{topic}", "{partition}"), "/base/{partition}"); }

}  // namespace
}  // namespace ductus::handlers
