#include "operate/offsets/json_document.h"

#include <gtest/gtest.h>

#include <string>

namespace ductus::operate {
namespace {

TEST(JsonDocument, OverlooksTrailingCommasOnlyWhereTheyAreTaken) {
  EXPECT_TRUE(parse_document(R"({"a":[1,],})", TrailingCommas::kTaken).ok());
  EXPECT_FALSE(parse_document(R"({"a":[1,],})", TrailingCommas::kRefused).ok());
}

TEST(JsonDocument, LeavesTextAsItIs) {
  const auto document = parse_document(R"({"a,]":"x\\\",}","b":"\"",})", TrailingCommas::kTaken);
  ASSERT_TRUE(document.ok()) << document.error().message;
  EXPECT_EQ((*document)["a,]"], "x\\\",}");
  EXPECT_EQ((*document)["b"], "\"");
}

TEST(JsonDocument, SaysWhereItIsWrong) {
  const auto document = parse_document("{\n\"a\": [1,\n2 3]}", TrailingCommas::kTaken);
  ASSERT_FALSE(document.ok());
  EXPECT_NE(document.error().message.find("line 3, column 3"), std::string::npos) << document.error().message;
}

TEST(JsonDocument, HasAKeyOnceInEachObject) {
  EXPECT_TRUE(parse_document(R"({"a":{"a":1},"b":{"a":1}})", TrailingCommas::kRefused).ok());
  EXPECT_FALSE(parse_document(R"({"a":{"a":1,"b":2,"a":1}})", TrailingCommas::kRefused).ok());
}

TEST(JsonDocument, IsNestedUpToItsBound) {
  const std::string open(kMaxJsonDepth, '[');
  const std::string close(kMaxJsonDepth, ']');
  EXPECT_TRUE(parse_document(open + close, TrailingCommas::kRefused).ok());
  EXPECT_FALSE(parse_document("[" + open + close + "]", TrailingCommas::kRefused).ok());
}

}  // namespace
}  // namespace ductus::operate
