#include "cli/terminal/text_table.h"

#include <gtest/gtest.h>

namespace ductus::cli {
namespace {

TEST(Shortened, KeepsBothEndsOrTheFront) {
  EXPECT_EQ(shortened("orders", 6), "orders");
  EXPECT_EQ(shortened("orders/17", 6), "or…/17");
  EXPECT_EQ(shortened("orders/17", 6, false), "order…");
  EXPECT_EQ(shortened("orders", 1), "…");
  EXPECT_EQ(shortened("orders", 0), "");
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(width_of("äöü"), 3u);
  EXPECT_EQ(shortened("äöüäöü", 4), "ä…öü");
  EXPECT_EQ(shortened("äöüäöü", 6), "äöüäöü");
}

TEST(TextTable, AlignsAndLeavesOutEmptyColumns) {
  EXPECT_EQ(text_table({{"NAME"}, {"N", true}, {"EMPTY"}, {"WHY"}},
                       {{{"ä"}, {"1"}, {}, {}}, {{"longer"}, {"12 345"}, {}, {"because"}}}, {}),
            "NAME         N  WHY\n"
            "ä            1\n"
            "longer  12 345  because\n");
}

TEST(TextTable, ColoursDoNotCount) {
  EXPECT_EQ(text_table({{"A"}, {"B"}}, {{{"x", Colour::kRed}, {"y"}}}, {.colour = true}),
            "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[31mx\x1b[0m  y\n");
}

}  // namespace
}  // namespace ductus::cli
