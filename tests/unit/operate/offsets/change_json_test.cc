#include "operate/offsets/change_json.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace ductus::operate {
namespace {

using ports::OperatorChange;
using ports::Position;

const OperatorChange kChange{"alice (sudo by bob)",
                             "offsets set --to \"x\"",
                             {{{"orders", 0}, {}, Position{std::numeric_limits<std::int64_t>::max(), 7, {1, 2, 0xFF}}},
                              {{"orders", 2147483647}, Position{0}, {}}},
                             {{"orders", {{1, 2, 0xFF}, 12}}, {"users", {{}, 0}}}};

Error refusal(const std::string& text) {
  const auto change = change_from_json(text);
  if (!change) return change.error();
  ADD_FAILURE() << "taken: " << text;
  return {ErrorCode::kNotNeeded, ""};
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

TEST(ChangeJson, ComesBackAsItWas) {
  const auto change = change_from_json(to_json(kChange));
  ASSERT_TRUE(change.ok()) << change.error().message;
  EXPECT_EQ(change->who, kChange.who);
  EXPECT_EQ(change->why, kChange.why);
  EXPECT_EQ(change->positions, kChange.positions);
  EXPECT_EQ(change->topics, kChange.topics);
  EXPECT_TRUE(change_from_json(to_json(OperatorChange{})).ok());
}

TEST(ChangeJson, OverlooksFieldsThatALaterVersionAdds) {
  EXPECT_TRUE(change_from_json(replaced(to_json(kChange), "{", R"({"later":{"x":[1]},)")).ok());
}

TEST(ChangeJson, IsRefusedWhereAFieldIsWrongAndNamesIt) {
  const std::string good = to_json(kChange);
  const std::vector<std::array<std::string, 3>> changes{
      {"ductus.change/1", "ductus.change/2", "schema"},
      {"\"who\":\"alice (sudo by bob)\"", "\"who\":5", "who"},
      {"\"topic\":\"orders\"", "\"topic\":null", "positions[0].topic"},
      {"\"topic\":\"orders\"", "\"topic\":\"a/b\"", "positions[0]: topic"},
      {"\"topic\":\"users\"", "\"topic\":\"..\"", "topics[1]: topic"},
      {"\"partition\":0", "\"partition\":-1", "positions[0].partition"},
      {"2147483647", "2147483648", "positions[1].partition"},
      {"9223372036854775807", "9223372036854775808", "positions[0].after.next_offset"},
      {"9223372036854775807", "99223372036854775808", "positions[0].after.next_offset"},
      {"9223372036854775807", "1.0", "positions[0].after.next_offset"},
      {"\"leader_epoch\":7", "\"leader_epoch\":-1", "positions[0].after.leader_epoch"},
      {"0102ff", "0102fg", "positions[0].after.topic_id"},
      {"0102ff", "0102f", "positions[0].after.topic_id"},
      {"\"after\":null", "\"later\":null", "positions[1].after"},
      {"\"before\":null", "\"before\":[]", "positions[0].before"},
      {"\"partition_count\":12", "\"partition_count\":\"12\"", "topics[0].partition_count"},
  };
  for (const auto& [what, by, field] : changes) {
    const Error error = refusal(replaced(good, what, by));
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_NE(error.message.find(field), std::string::npos) << error.message;
  }
}

TEST(ChangeJson, IsRefusedWhereAPartitionIsNamedTwice) {
  EXPECT_EQ(refusal(replaced(to_json(kChange), "2147483647", "0")).code, ErrorCode::kInvalid);
}

TEST(ChangeJson, IsRefusedCutOffAnywhere) {
  const std::string good = to_json(kChange);
  for (std::size_t size = 0; size < good.size(); ++size) (void)refusal(good.substr(0, size));
}

TEST(ChangeJson, IsRefusedWhereItIsNoObjectOrHasAKeyTwiceOrATrailingComma) {
  for (const char* text : {"[]", "5", "null", "\"\"", "{}", R"({"schema":"ductus.change/1","schema":"x"})", "{,}"}) {
    (void)refusal(text);
  }
  (void)refusal(replaced(to_json(kChange), "]}", "],}"));
}

TEST(ChangeJson, IsRefusedBeyondItsBound) {
  OperatorChange large = kChange;
  for (std::size_t i = 0; i <= kMaxChangedPositions; ++i) {
    large.positions.push_back({{"users", static_cast<std::int32_t>(i)}, {}, Position{1}});
  }
  EXPECT_EQ(refusal(to_json(large)).code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace ductus::operate
