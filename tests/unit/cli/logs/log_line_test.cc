#include "cli/logs/log_line.h"

#include <gtest/gtest.h>

#include "base/log/line.h"

namespace ductus::cli {
namespace {

std::string rendered(LogLevel level, std::string_view text, base::LineFormat format) {
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds(1'764'162'000'007)};
  std::string line = base::rendered({time, level, text}, format, false);
  line.pop_back();
  return line;
}

TEST(LogLine, IsReadBackFromEitherForm) {
  for (const auto format : {base::LineFormat::kText, base::LineFormat::kJson}) {
    for (const auto level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
      const auto line = log_line_from(rendered(level, "orders/3: it's \"größer\"", format));
      ASSERT_TRUE(line.has_value());
      EXPECT_EQ(line->level, level);
      EXPECT_EQ(line->message, "orders/3: it's \"größer\"");
    }
  }
  EXPECT_EQ(log_line_from(rendered(LogLevel::kInfo, "a\nb\\", base::LineFormat::kText))->message, "a\\nb\\\\");
  EXPECT_EQ(log_line_from(rendered(LogLevel::kInfo, "", base::LineFormat::kText))->message, "");
}

TEST(LogLine, IsReadBackHoweverLongItIs) {
  for (const auto format : {base::LineFormat::kText, base::LineFormat::kJson}) {
    EXPECT_TRUE(log_line_from(rendered(LogLevel::kInfo, std::string(10'000, 'x'), format)).has_value());
  }
  const std::string line = rendered(LogLevel::kInfo, "x", base::LineFormat::kText);
  EXPECT_TRUE(log_line_from(line + std::string(base::kMaxLogLineBytes - 1 - line.size(), 'x')).has_value());
  EXPECT_FALSE(log_line_from(line + std::string(base::kMaxLogLineBytes - line.size(), 'x')).has_value());
}

TEST(LogLine, IsNoneWhereSomethingElseWasWritten) {
  for (const char* const line :
       {"", "Messages in topic events : 300", "2026-11-26T13:00:00.250Z", "2026-11-26T13:00:00.250Z warn",
        "2026-11-26T13:00:00.250Z loud  x", "2026-11-26 13:00:00.250Z warn  x", "2026-11-26T13:00:00.250Z warn x",
        "2026-11-26T13:00:0x.250Z warn  x", "{", "{}", "[1]", R"({"level":"warn"})", R"({"level":1,"message":"x"})",
        R"({"level":"loud","message":"x"})", R"({"level":"warn","message":7})"}) {
    EXPECT_FALSE(log_line_from(line).has_value()) << line;
  }
}

TEST(Concerns, FindsATopicByItsPartitions) {
  for (const char* const message :
       {"orders/3: lost offsets 1 to 2: x", "orders/0 stopped: x", "… repeated 590 times in 60 s: orders/12: x",
        "the aggregate goes without handlers that are busy: events/1, orders/1",
        "the source says nothing of orders/1 and 3 more", "x.orders/1 and orders/1"}) {
    EXPECT_TRUE(concerns(message, "orders")) << message;
  }
}

TEST(Concerns, FindsATopicByItsName) {
  for (const char* const message :
       {"topic orders does not exist", "topic orders: the broker's list of its partitions has holes",
        "no such topic orders.", "configuration: new topics: a, orders", "configuration: no longer read: orders"}) {
    EXPECT_TRUE(concerns(message, "orders")) << message;
  }
}

TEST(Concerns, TakesNothingElseForATopic) {
  for (const char* const message :
       {"", "orders", "orders: x", "my-orders/3: x", "orders.eu/3: x", "orders-eu/3: x", "eu.orders/3: x",
        "out/orders/3: no space", "orders/x", "orders/", "topic orders.eu does not exist", "topic ordersx",
        "configuration: new topics: orders-eu, my.orders", "source: connected to orders:9092"}) {
    EXPECT_FALSE(concerns(message, "orders")) << message;
  }
}

}  // namespace
}  // namespace ductus::cli
