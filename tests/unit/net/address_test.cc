#include "net/address.h"

#include <gtest/gtest.h>

#include <set>

namespace ductus::net {
namespace {

TEST(Resolve, TakesNumbersAsTheyAre) {
  const auto four = resolve("127.0.0.1", 9092);
  ASSERT_TRUE(four.ok());
  ASSERT_EQ(four->size(), 1u);
  EXPECT_EQ(four->front().to_text(), "127.0.0.1:9092");
  EXPECT_EQ(four->front().port(), 9092);
  EXPECT_EQ(four->front().family(), AF_INET);
  const auto six = resolve("::1", 19092);
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->front().to_text(), "[::1]:19092");
}

TEST(Resolve, FindsNames) {
  const auto found = resolve("localhost", 80);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->front().port(), 80);
}

TEST(Resolve, SaysWhichNameItCannotFind) {
  const auto found = resolve("no-such-host.invalid", 1, std::chrono::seconds(5));
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("no-such-host.invalid"), std::string::npos);
}

TEST(Resolve, RefusesWhatIsNoName) {
  EXPECT_EQ(resolve("", 1).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(resolve(std::string("a\0b", 3), 1).error().code, ErrorCode::kInvalid);
}

TEST(InTurn, BeginsWithEachOfThemNowAndThenHoweverOneCounts) {
  std::vector<Address> addresses;
  for (const char* number : {"127.0.0.1", "127.0.0.2", "::1"}) addresses.push_back(resolve(number, 9092)->front());
  for (const std::uint64_t step : {1, 2, 3, 6}) {
    std::set<std::string> first;
    for (std::uint64_t attempt = 0; attempt < 20 * step; attempt += step) {
      const auto in_turn = net::in_turn(addresses, attempt);
      first.insert(in_turn.front().to_text());
      std::set<std::string> all;
      for (const Address& address : in_turn) all.insert(address.to_text());
      EXPECT_EQ(all.size(), addresses.size());
    }
    EXPECT_EQ(first.size(), addresses.size()) << "step " << step;
  }
}

}  // namespace
}  // namespace ductus::net
