#include "base/escape.h"

#include <gtest/gtest.h>

namespace ductus::base {
namespace {

using namespace std::string_view_literals;

TEST(Escaped, LeavesReadableTextAlone) {
  EXPECT_EQ(escaped("topic/0 – größer, 日本, 😀"), "topic/0 – größer, 日本, 😀");
}

TEST(Escaped, NamesWhitespaceControls) { EXPECT_EQ(escaped("a\nb\rc\td\\e"), "a\\nb\\rc\\td\\\\e"); }

TEST(Escaped, DisarmsTerminalSequences) {
  EXPECT_EQ(escaped("\x1b[31mred\x07\x7f\0"sv), "\\x1b[31mred\\x07\\x7f\\x00");
  EXPECT_EQ(escaped("\u009b31m"), "\\xc2\\x9b31m");
}

TEST(Escaped, DisarmsMarksThatTurnTheWritingDirection) {
  EXPECT_EQ(escaped("\u202egpj"), "\\xe2\\x80\\xaegpj");
  EXPECT_EQ(escaped("\u2066x"), "\\xe2\\x81\\xa6x");
}

TEST(Escaped, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escaped("\xff"), "\\xff");
  EXPECT_EQ(escaped("\xc3"), "\\xc3");                             // cut off
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(escaped("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
}

TEST(Escaped, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(escaped("abcdef", 3), "abc…");
  EXPECT_EQ(escaped("abc", 3), "abc");
  EXPECT_EQ(escaped("aü", 2), "a…");
}

TEST(EscapedOnce, LeavesWhatIsEscapedAsItIs) {
  const std::string once = escaped("C:\\a\x1b[2J\n\xff");
  EXPECT_EQ(escaped_once(once), once);
}

TEST(EscapedOnce, DisarmsWhatIsNot) { EXPECT_EQ(escaped_once("\\x1b \x1b[2J\xff"), "\\x1b \\x1b[2J\\xff"); }

}  // namespace
}  // namespace ductus::base
