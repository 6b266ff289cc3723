#include "cli/peek/peek.h"

#include <gtest/gtest.h>

#include "cli/terminal/text_table.h"
#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

operate::Peeked peeked(std::vector<operate::PeekedMessage> messages) {
  return {.partition = {"orders", 1}, .from = 0, .messages = std::move(messages), .readable_end = 9, .trouble = {}};
}

TEST(PeekText, HasALineForEachMessage) {
  EXPECT_EQ(peek_text(peeked({{99, 1'764'162'000'007, "k", "one", {}}, {100, -1, std::nullopt, std::nullopt, {}}}), {}),
            "OFFSET  TIME                      KEY     VALUE\n"
            "    99  2025-11-26T13:00:00.007Z  k       one\n"
            "   100                            (null)  (null)\n");
}

TEST(PeekText, LeavesOutKeysWhereThereAreNone) {
  EXPECT_EQ(peek_text(peeked({{1, 0, std::nullopt, "", {}}, {2, 0, std::nullopt, "x", {}}}), {}),
            "OFFSET  TIME                      VALUE\n"
            "     1  1970-01-01T00:00:00.000Z\n"
            "     2  1970-01-01T00:00:00.000Z  x\n");
  EXPECT_EQ(peek_text(peeked({}), {}), "");
}

TEST(PeekText, IsEscapedAndWholeInAPipe) {
  const std::string long_value(5'000, 'x');
  const std::string text = peek_text(peeked({{1, 0, "\x1b[2J", "\xff\n" + long_value, {}}}), {});
  EXPECT_NE(text.find("\\x1b[2J  \\xff\\n" + long_value + "\n"), std::string::npos) << text;
}

TEST(PeekText, IsCutToTheTerminal) {
  const std::string text =
      peek_text(peeked({{1, 0, std::string(100, 'k'), std::string(5'000, '\n'), {}}, {2, 0, "k", "größer", {}}}),
                {.colour = false, .unicode = true, .terminal = true, .columns = 80});
  std::string_view left = text;
  for (int lines = 0; lines < 3; ++lines) {
    EXPECT_LE(width_of(left.substr(0, left.find('\n'))), 80u) << text;
    left.remove_prefix(left.find('\n') + 1);
  }
  EXPECT_EQ(left, "");
  EXPECT_NE(text.find("größer"), std::string::npos) << text;
  EXPECT_NE(text.find("kkk…"), std::string::npos) << text;
  EXPECT_NE(text.find("…\n"), std::string::npos) << text;
}

TEST(PeekText, ShowsATimeThatIsNoneAsANumber) {
  const std::string text = peek_text(peeked({{1, INT64_MAX, std::nullopt, "x", {}}}), {});
  EXPECT_NE(text.find("  9223372036854775807  x\n"), std::string::npos) << text;
}

TEST(PeekCount, IsAtLeastOneAndBounded) {
  EXPECT_EQ(*peek_count_from("1"), 1u);
  EXPECT_EQ(*peek_count_from(std::to_string(operate::kMaxPeeked)), operate::kMaxPeeked);
  for (const std::string& text : {std::string(""), std::string("0"), std::string("-1"), std::string("1x"),
                                  std::to_string(operate::kMaxPeeked + 1), std::string(30, '9')}) {
    EXPECT_EQ(peek_count_from(text).error().message, "expected a number from 1 to 100") << text;
  }
}

TEST(WhyNoMore, IsTheEndOrATrouble) {
  auto found = peeked({{1, 0, std::nullopt, "x", {}}});
  EXPECT_EQ(why_no_more(found, 1), "");
  EXPECT_EQ(why_no_more(found, 2), "orders/1: there is no more yet: this is the readable end of its log, 9");
  found.trouble = Error{ErrorCode::kLimit, "too much"};
  EXPECT_EQ(why_no_more(found, 2), "too much");
}

TEST(PeekAt, KnowsTheTopicsOfTheConfigurationAlone) {
  const test::TemporaryDirectory directory;
  config::NodeConfig config;
  config.name = "local";
  config.dir = directory.path();
  config.topics.resize(1);
  config.topics[0].name = "orders";
  const auto found = peek_at(config, {.place = {"odrers", std::nullopt}, .count = 1, .offset = {}});
  EXPECT_EQ(found.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(found.error().message, "'odrers' is none of the topics of local; did you mean 'orders'?");
}

}  // namespace
}  // namespace ductus::cli
