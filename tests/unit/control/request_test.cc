#include "control/request.h"

#include <gtest/gtest.h>

#include <limits>

namespace ductus::control {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string problem_of(const std::string& body) {
  BodyFields fields(body);
  fields.text("topic");
  fields.number("partition", 0, 100);
  const auto outcome = fields.finish();
  return outcome ? "" : outcome.error().message;
}

TEST(BodyFields, TakesWhatIsThere) {
  BodyFields fields(R"({"topic": "orders", "partition": 7, "at": null})");
  EXPECT_EQ(fields.text("topic"), "orders");
  EXPECT_EQ(fields.number("partition", 0, 100), 7);
  EXPECT_EQ(fields.number("at", 0, kMost), std::nullopt);
  EXPECT_EQ(fields.number("by", 0, kMost), std::nullopt);
  EXPECT_TRUE(fields.finish());
}

TEST(BodyFields, TakesAnEmptyBodyForAnEmptyObject) {
  BodyFields fields("");
  EXPECT_EQ(fields.number("partition", 0, kMost), std::nullopt);
  EXPECT_TRUE(fields.finish());
}

TEST(BodyFields, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(problem_of(""), "'topic' is missing");
  EXPECT_EQ(problem_of("[]"), "the body is no JSON object");
  EXPECT_EQ(problem_of(R"({"topic": 5})"), "'topic' is no text with something in it");
  EXPECT_EQ(problem_of(R"({"topic": ""})"), "'topic' is no text with something in it");
  for (const char* number : {"-1", "101", "1.5", "\"7\"", "true", "18446744073709551615", "[]"}) {
    EXPECT_EQ(problem_of(R"({"topic": "t", "partition": )" + std::string(number) + "}"),
              "'partition' is not a whole number from 0 to 100")
        << number;
  }
  EXPECT_EQ(problem_of(R"({"topic": "t", "partion": 1})"), "there is no field 'partion'");
  const std::string broken = problem_of("{\"topic\":\n \"orders\" \"partition\"}");
  EXPECT_NE(broken.find("line 2, column 21"), std::string::npos) << broken;
  EXPECT_EQ(broken.find("json.exception"), std::string::npos) << broken;
}

TEST(BodyFields, SurvivesWhatIsHostile) {
  EXPECT_NE(problem_of(std::string(60'000, '[')), "");
  EXPECT_NE(problem_of("{\"topic\": \"\xff\"}"), "");
  const std::string told = problem_of("{\"topic\": \"t\", \"\x7f" + std::string(1'000, 'x') + "\": 1}");
  EXPECT_EQ(told.find('\x7f'), std::string::npos);
  EXPECT_LT(told.size(), 200u);
}

TEST(WholeNumber, TakesDigitsInItsRangeAlone) {
  EXPECT_EQ(whole_number("after", "0", 0, kMost).value(), 0);
  EXPECT_EQ(whole_number("after", "9223372036854775807", 0, kMost).value(), kMost);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "9223372036854775808", "0x1"}) {
    EXPECT_EQ(whole_number("after", text, 0, kMost).error().code, ErrorCode::kInvalid) << text;
  }
  EXPECT_EQ(whole_number("partition", "a\nb", 0, 9).error().message,
            "'partition' is a whole number from 0 to 9, not 'a\\nb'");
}

}  // namespace
}  // namespace ductus::control
