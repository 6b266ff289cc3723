#include "node/api/event_ring.h"

#include <gtest/gtest.h>

namespace ductus::node {
namespace {

class EventRingTest : public ::testing::Test {
 protected:
  void add(std::string_view text) { ring_.add({}, LogLevel::kInfo, text); }
  std::vector<std::string> texts_after(std::uint64_t id) const {
    std::vector<std::string> texts;
    for (const Event& event : ring_.after(id)) texts.push_back(std::to_string(event.id) + " " + event.text);
    return texts;
  }

  EventRing ring_;
};

TEST_F(EventRingTest, GivesWhatCameSince) {
  EXPECT_EQ(ring_.last(), 0u);
  EXPECT_TRUE(ring_.after(0).empty());
  add("one");
  add("two");
  add("three");
  EXPECT_EQ(ring_.last(), 3u);
  EXPECT_EQ(texts_after(0), (std::vector<std::string>{"1 one", "2 two", "3 three"}));
  EXPECT_EQ(texts_after(2), std::vector<std::string>{"3 three"});
  EXPECT_TRUE(texts_after(3).empty());
  EXPECT_TRUE(texts_after(UINT64_MAX).empty());
}

TEST_F(EventRingTest, KeepsTheLastOnesAlone) {
  for (std::size_t i = 1; i <= EventRing::kMaxEvents + 7; ++i) add(std::to_string(i));
  const auto all = ring_.after(0);
  ASSERT_EQ(all.size(), EventRing::kMaxEvents);
  EXPECT_EQ(all.front().id, 8u);
  EXPECT_EQ(all.front().text, "8");
  EXPECT_EQ(texts_after(EventRing::kMaxEvents + 6), std::vector<std::string>{"1007 1007"});
}

TEST_F(EventRingTest, CutsWhatIsLong) {
  add(std::string(EventRing::kMaxEventBytes + 1, 'x'));
  EXPECT_EQ(ring_.after(0).at(0).text.size(), EventRing::kMaxEventBytes);
}

}  // namespace
}  // namespace ductus::node
