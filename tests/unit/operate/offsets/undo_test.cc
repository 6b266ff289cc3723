#include "operate/offsets/undo.h"

#include <gtest/gtest.h>

namespace ductus::operate {
namespace {

using ports::JournalAct;
using ports::Position;
using ports::TopicPartition;

const TopicPartition kOrders0{"orders", 0};
const TopicPartition kOrders1{"orders", 1};

class UndoTest : public ::testing::Test {
 protected:
  std::vector<JournalAct> journal_{
      {7, "2026-11-26T13:00:00.000Z", "bob", "offsets set", {{kOrders1, Position{20, 3, {9}}, Position{5}}}},
      {4,
       "2026-11-26T12:00:00.000Z",
       "alice",
       "zero",
       {{kOrders0, {}, Position{0}}, {kOrders1, {}, Position{20, 3, {9}}}}}};
  Places stored_{{kOrders0, {0}}, {kOrders1, {5}}};

  Undo undo(std::optional<std::int64_t> act = std::nullopt) {
    auto planned = plan_undo(journal_, act, stored_);
    if (planned) return *std::move(planned);
    ADD_FAILURE() << planned.error().message;
    return {};
  }
  Error refusal(std::optional<std::int64_t> act = std::nullopt) {
    const auto planned = plan_undo(journal_, act, stored_);
    if (!planned) return planned.error();
    ADD_FAILURE() << "planned";
    return {ErrorCode::kNotNeeded, ""};
  }
};

TEST_F(UndoTest, PutsBackWhatTheLastActChanged) {
  const Undo planned = undo();
  EXPECT_EQ(planned.act, 7);
  ASSERT_EQ(planned.plan.rows.size(), 1u);
  EXPECT_EQ(planned.plan.rows[0].before, Position{5});
  EXPECT_EQ(planned.plan.rows[0].after, (Position{20, 3, {9}}));
}

TEST_F(UndoTest, ForgetsWhatAnActSetForTheFirstTime) {
  stored_[kOrders1] = {20, 3, {9}};
  const Undo planned = undo(4);
  ASSERT_EQ(planned.plan.rows.size(), 2u);
  EXPECT_EQ(planned.plan.rows[0].after, std::nullopt);
}

TEST_F(UndoTest, RefusesAnActWhosePlacesHaveMovedOnAndNamesThem) {
  const Error refused = refusal(4);
  EXPECT_EQ(refused.code, ErrorCode::kRefused);
  EXPECT_NE(refused.message.find("orders/1 (set to 20, now 5)"), std::string::npos) << refused.message;
  EXPECT_EQ(refused.message.find("orders/0"), std::string::npos) << "that one has not moved";
}

TEST_F(UndoTest, RefusesAPlaceOfTheSameOffsetInAnotherTopic) {
  stored_[kOrders1] = {5, -1, {1}};
  EXPECT_EQ(refusal().code, ErrorCode::kRefused);
}

TEST_F(UndoTest, RefusesAPlaceThatIsGone) {
  stored_.clear();
  EXPECT_NE(refusal().message.find("now nothing"), std::string::npos);
}

TEST_F(UndoTest, CountsThePlacesThatItDoesNotName) {
  journal_[0].positions.clear();
  for (int i = 0; i < 12; ++i) journal_[0].positions.push_back({{"users", i}, {}, Position{1}});
  EXPECT_NE(refusal().message.find("users/4"), std::string::npos);
  EXPECT_NE(refusal().message.find(" and 7 more"), std::string::npos) << refusal().message;
}

TEST_F(UndoTest, KnowsNoActThatIsNotThere) {
  EXPECT_EQ(refusal(5).code, ErrorCode::kNotFound);
  journal_.clear();
  EXPECT_EQ(refusal().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ductus::operate
