#include "cli/terminal/style.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <map>

namespace ductus::cli {
namespace {

class StyleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const winsize size{.ws_row = 24, .ws_col = 77, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(::openpty(&controller_, &terminal_, nullptr, nullptr, &size), 0);
  }
  void TearDown() override {
    ::close(controller_);
    ::close(terminal_);
  }

  Style style(int fd, ColourChoice choice = ColourChoice::kAuto) const {
    return style_for(fd, choice, [this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  int controller_ = -1;
  int terminal_ = -1;
  std::map<std::string, std::string> variables_;
};

TEST_F(StyleTest, ColoursATerminalAndNothingElse) {
  EXPECT_TRUE(style(terminal_).colour);
  EXPECT_TRUE(style(terminal_).terminal);
  EXPECT_EQ(style(terminal_).columns, 77u);
  for (const int none : {-1, 10'000}) {
    EXPECT_FALSE(style(none).colour);
    EXPECT_FALSE(style(none).terminal);
    EXPECT_EQ(style(none).columns, 0u);
  }
}

TEST_F(StyleTest, ObeysNoColorAndDumbTerminals) {
  variables_["NO_COLOR"] = "1";
  EXPECT_FALSE(style(terminal_).colour);
  variables_["NO_COLOR"] = "";  // no-color.org: when it is not an empty string
  EXPECT_TRUE(style(terminal_).colour);
  variables_["TERM"] = "dumb";
  EXPECT_FALSE(style(terminal_).colour);
}

TEST_F(StyleTest, TheChoiceBeatsTheEnvironment) {
  variables_["NO_COLOR"] = "1";
  EXPECT_TRUE(style(-1, ColourChoice::kAlways).colour);
  variables_.clear();
  EXPECT_FALSE(style(terminal_, ColourChoice::kNever).colour);
  EXPECT_EQ(colour_choice("always"), ColourChoice::kAlways);
  EXPECT_EQ(colour_choice("Always"), std::nullopt);
}

TEST_F(StyleTest, TheLocaleSaysWhetherMarksCanBeShown) {
  EXPECT_TRUE(style(terminal_).unicode);
  variables_["LANG"] = "C";
  EXPECT_FALSE(style(terminal_).unicode);
  variables_["LC_CTYPE"] = "de_DE.UTF-8";
  EXPECT_TRUE(style(terminal_).unicode);
  variables_["LC_ALL"] = "POSIX";
  EXPECT_FALSE(style(terminal_).unicode);
}

TEST(Paint, LeavesTextAloneWithoutColours) {
  EXPECT_EQ(Style{}.paint("x", Colour::kRed), "x");
  EXPECT_EQ(Style{.colour = true}.paint("", Colour::kRed), "");
  EXPECT_EQ(Style{.colour = true}.paint("x", Colour::kNone), "x");
}

}  // namespace
}  // namespace ductus::cli
