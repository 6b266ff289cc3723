#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "support/temporary_directory.h"

namespace ductus::base {
namespace {

class LogToFile : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open(std::string_view level, std::string_view format) {
    auto log = Log::open(level, format, directory_ / "node.log");
    EXPECT_TRUE(log.ok());
    return *std::move(log);
  }
  std::string written() const { return directory_.read("node.log"); }

  test::TemporaryDirectory directory_;
};

TEST_F(LogToFile, WritesTimeLevelAndText) {
  open("info", "text")->warn("disk is slow");
  EXPECT_TRUE(std::regex_match(written(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn  disk is slow\n)")))
      << written();
}

TEST_F(LogToFile, LeavesOutWhatIsBelowItsLevel) {
  const auto log = open("warn", "text");
  log->debug("one");
  log->info("two");
  EXPECT_EQ(written(), "");
  log->error("three");
  EXPECT_NE(written().find("error three"), std::string::npos);
}

TEST_F(LogToFile, KeepsTextFromOutsideOnOneLine) {
  open("info", "text")->info("topic a\nfake line \x1b[2J");
  EXPECT_NE(written().find("topic a\\nfake line \\x1b[2J\n"), std::string::npos) << written();
}

TEST_F(LogToFile, WritesJsonThatGivesTheTextBack) {
  const std::string text = "quote \" newline \n escape \x1b";
  open("info", "json")->info(text);
  const auto line = nlohmann::json::parse(written());
  EXPECT_EQ(line["message"], text);
  EXPECT_EQ(line["level"], "info");
  EXPECT_TRUE(line.contains("time"));
  EXPECT_EQ(written().find('\x1b'), std::string::npos);
}

TEST_F(LogToFile, SurvivesBytesThatAreNoUtf8InJson) {
  open("info", "json")->info("bad \xff byte");
  EXPECT_EQ(nlohmann::json::parse(written())["message"], "bad \xEF\xBF\xBD byte");
}

TEST_F(LogToFile, CutsALineAtItsLimit) {
  for (const char* format : {"text", "json"}) {
    const auto before = written().size();
    open("info", format)->info(std::string(100'000, '\x01'));
    EXPECT_LE(written().size() - before, Log::kMaxLineBytes);
    EXPECT_GT(written().size() - before, Log::kMaxLineBytes / 4);
  }
}

TEST_F(LogToFile, AppendsToWhatIsThere) {
  directory_.write("node.log", "before\n");
  open("info", "text")->info("after");
  EXPECT_TRUE(written().starts_with("before\n"));
}

TEST_F(LogToFile, GivesModulesALoggerWithAPrefix) {
  const auto log = open("info", "text");
  log->logger("orders/3: ")(LogLevel::kWarn, "late");
  EXPECT_NE(written().find("warn  orders/3: late\n"), std::string::npos) << written();
}

TEST_F(LogToFile, NeitherWaitsNorForgetsThatLinesWereLostWhenNobodyReads) {
  const auto pipe_path = directory_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe_path.c_str(), 0600), 0);
  const int reader = ::open(pipe_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  auto log = Log::open("info", "text", pipe_path);
  ASSERT_TRUE(log.ok());
  // More than any pipe holds: a log that waits would hang here.
  for (int i = 0; i < 2'000; ++i) (*log)->info(std::string(1'000, 'x'));
  std::array<char, 65'536> bytes;
  while (::read(reader, bytes.data(), bytes.size()) > 0) {
  }
  (*log)->info("read again");
  const ssize_t got = ::read(reader, bytes.data(), bytes.size());
  ASSERT_GT(got, 0);
  const std::string text(bytes.data(), static_cast<std::size_t>(got));
  EXPECT_TRUE(std::regex_search(text, std::regex(R"(warn  \d+ log lines were lost here\n.*info  read again\n)")))
      << text;
  ::close(reader);
}

TEST(LogOpen, RefusesUnknownWordsAndPlacesThatAreNot) {
  EXPECT_EQ(Log::open("loud", "text", "").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Log::open("info", "xml", "").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Log::open("info", "text", "/nowhere/at/all.log").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace ductus::base
