#include "cli/logs/log_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/log/line.h"
#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

using Lines = std::vector<std::string>;

class LogFileTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "log"; }
  void append(const std::string& text) { std::ofstream(path(), std::ios::app) << text; }
  LogFile open() {
    auto file = LogFile::open(path());
    if (!file) throw std::runtime_error(file.error().message);
    return *std::move(file);
  }
  Lines last(std::size_t count, const LogFile::Wanted& wanted = [](std::string_view) { return true; }) {
    LogFile file = open();
    EXPECT_TRUE(file.go_to_last(count, wanted).ok());
    EXPECT_TRUE(file.read(take_).ok());
    file.finish(take_);
    return taken();
  }
  Lines followed(LogFile& file) {
    EXPECT_TRUE(file.follow(take_).ok());
    return taken();
  }
  Lines taken() {
    EXPECT_TRUE(whole_) << "in the middle of a line";
    return std::exchange(lines_, {});
  }

  test::TemporaryDirectory directory_;
  Lines lines_;
  bool whole_ = true;
  std::size_t largest_ = 0;
  const LogFile::Take take_ = [this](const LogFile::Piece& piece) {
    EXPECT_EQ(piece.begins, whole_);
    if (piece.begins) lines_.emplace_back();
    lines_.back() += piece.text;
    whole_ = piece.ends;
    largest_ = std::max(largest_, piece.text.size());
  };
};

TEST_F(LogFileTest, GivesTheLastLines) {
  append("one\ntwo\n\nfour\n");
  EXPECT_EQ(last(0), Lines());
  EXPECT_EQ(last(1), Lines({"four"}));
  EXPECT_EQ(last(2), Lines({"", "four"}));
  EXPECT_EQ(last(4), Lines({"one", "two", "", "four"}));
  EXPECT_EQ(last(5), Lines({"one", "two", "", "four"}));
}

TEST_F(LogFileTest, CountsALineThatHasNoEndYet) {
  append("one\ntwo");
  EXPECT_EQ(last(1), Lines({"two"}));
  EXPECT_EQ(last(2), Lines({"one", "two"}));
}

TEST_F(LogFileTest, GivesNothingOfAnEmptyFile) {
  append("");
  EXPECT_EQ(last(3), Lines());
}

TEST_F(LogFileTest, GoesBackThroughALargeFile) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
  append(text);
  const auto thousandth = [](std::string_view line) { return line.ends_with("000") && !line.ends_with("0000"); };
  EXPECT_EQ(last(2, thousandth).front(), "line 48000");
  EXPECT_EQ(last(40'000).size(), 40'000u);
  EXPECT_EQ(last(100'000).size(), 50'000u);
  EXPECT_EQ(last(1, [](std::string_view line) { return line == "line 0"; }).size(), 50'000u);
}

TEST_F(LogFileTest, FindsLinesWhereverABlockEnds) {
  for (std::size_t size = 65'530; size < 65'545; ++size) {
    std::filesystem::remove(path());
    append("first\n" + std::string(size, 'x') + "\nlast\n");
    EXPECT_EQ(last(3).front(), "first") << size;
    EXPECT_EQ(last(2).front().size(), size);
    EXPECT_EQ(last(1), Lines({"last"}));
  }
}

TEST_F(LogFileTest, CutsALineThatIsTooLongForMemory) {
  const std::string longest(3 * LogFile::kMaxPieceBytes + 1, 'x');
  append("first\n" + longest + "\n" + longest.substr(1) + "\nlast\n");
  std::size_t asked = 0;
  const auto lines = last(4, [&](std::string_view line) {
    asked = std::max(asked, line.size());
    return true;
  });
  EXPECT_EQ(lines, Lines({"first", longest, longest.substr(1), "last"}));
  EXPECT_EQ(largest_, LogFile::kMaxPieceBytes);
  EXPECT_LE(asked, base::kMaxLogLineBytes + LogFile::kMaxPieceBytes);
}

TEST_F(LogFileTest, FollowsWhatIsAppendedLineByLine) {
  append("old\n");
  LogFile file = open();
  ASSERT_TRUE(file.go_to_last(0, {}).ok());
  EXPECT_EQ(followed(file), Lines());
  append("one\ntw");
  EXPECT_EQ(followed(file), Lines({"one"}));
  append("o\n");
  EXPECT_EQ(followed(file), Lines({"two"}));
}

TEST_F(LogFileTest, FollowsToANewFileOnceItIsWrittenTo) {
  append("old\n");
  LogFile file = open();
  EXPECT_EQ(followed(file), Lines({"old"}));
  const auto moved = directory_.path() / "log.1";
  std::filesystem::rename(path(), moved);
  const auto to_moved = [&](const std::string& text) { std::ofstream(moved, std::ios::app) << text; };
  to_moved("after it was moved\n");
  EXPECT_EQ(followed(file), Lines({"after it was moved"}));
  append("");  // as logrotate makes it, before the writer knows
  to_moved("after the new one was made\n");
  EXPECT_EQ(followed(file), Lines({"after the new one was made"}));
  to_moved("the last one\nwithout an end");
  append("new\n");
  EXPECT_EQ(followed(file), Lines({"the last one", "without an end", "new"}));
  append("newer\n");
  EXPECT_EQ(followed(file), Lines({"newer"}));
}

TEST_F(LogFileTest, BeginsAnewWhereTheFileWasCut) {
  append("one\ntwo\nthr");
  LogFile file = open();
  EXPECT_EQ(followed(file), Lines({"one", "two"}));
  std::filesystem::resize_file(path(), 0);
  append("new\n");
  EXPECT_EQ(followed(file), Lines({"thr", "new"}));
}

TEST_F(LogFileTest, SaysWhatIsNoLog) {
  EXPECT_EQ(LogFile::open(path()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(LogFile::open(directory_.path()).error().code, ErrorCode::kUnsupported);
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(LogFile::open(path()).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ductus::cli
