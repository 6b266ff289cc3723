#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "base/log/repeat_limit.h"
#include "support/temporary_directory.h"

namespace ductus::base {
namespace {

class LogToFile : public ::testing::Test {
 protected:
  std::shared_ptr<Log> open(std::string_view level, std::string_view format) {
    auto log = Log::open(level, format, directory_ / "node.log", {.clock = &clock_});
    EXPECT_TRUE(log.ok());
    std::shared_ptr<Log> opened = *std::move(log);
    log_ = opened;
    return opened;
  }
  std::size_t count(const std::string& part) const {
    const std::string text = written();
    std::size_t times = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++times;
    return times;
  }
  /// On a machine that is busy, what was logged last may still be queued.
  std::string written() const {
    const auto log = log_.lock();
    if (log != nullptr && !log->flush(kLong)) ADD_FAILURE() << "what is queued is not written";
    return directory_.read("node.log");
  }

  static constexpr std::chrono::seconds kLong{60};

  test::TemporaryDirectory directory_;
  ManualClock clock_;
  std::weak_ptr<Log> log_;
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

TEST_F(LogToFile, SaysWhyALineCouldNotBeWrittenUntilOneCan) {
  std::filesystem::create_symlink("/dev/full", directory_ / "node.log");
  const auto log = open("info", "text");
  EXPECT_EQ(log->trouble(), "");
  log->info("lost");
  ASSERT_TRUE(log->flush(kLong));
  EXPECT_EQ(log->trouble(), "what was logged last could not be written to " + (directory_ / "node.log").string() +
                                ": No space left on device");
  std::filesystem::remove(directory_ / "node.log");
  log->reopen();
  log->info("there");
  EXPECT_NE(written().find("1 log lines were lost here"), std::string::npos) << written();
  EXPECT_NE(written().find("info  there\n"), std::string::npos) << written();
  EXPECT_EQ(log->trouble(), "");
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
    EXPECT_LE(written().size() - before, kMaxLogLineBytes);
    EXPECT_GT(written().size() - before, kMaxLogLineBytes / 4);
  }
}

TEST_F(LogToFile, MakesTheFolderThatTheFileStandsIn) {
  auto log = Log::open("info", "text", directory_ / "log/node.log", {.clock = &clock_});
  ASSERT_TRUE(log.ok()) << log.error().message;
  (*log)->write(LogLevel::kInfo, "there");
  log->reset();
  EXPECT_NE(directory_.read("log/node.log").find("there"), std::string::npos);
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

TEST_F(LogToFile, ALineIsInTheFileWhenWriteReturns) {
  const auto log = open("info", "text");
  int there = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i);
    log->info(line);
    if (directory_.read("node.log").ends_with(line + "\n")) ++there;
  }
  EXPECT_GT(there, 0) << "all of them, unless the machine is too busy to write one within Log::kWriteWithin";
}

TEST_F(LogToFile, OfACauseThatStormsTenLinesAreWrittenAndThenHowOftenItWasRepeated) {
  const auto log = open("info", "text");
  for (int i = 0; i < 1'000; ++i) log->write(LogLevel::kWarn, "attempt " + std::to_string(i), "store");
  EXPECT_EQ(count("attempt"), RepeatLimit::kLinesPerCause);
  log->info("not limited");
  clock_.advance(RepeatLimit::kInterval);
  log->info("the next line");
  EXPECT_TRUE(std::regex_search(
      written(), std::regex("warn  … repeated 990 times in 60 s: attempt 999\n.* info  the next line\n$")))
      << written();
}

TEST_F(LogToFile, AtItsEndItSaysWhatWasRepeated) {
  auto log = open("info", "text");
  for (int i = 0; i < 13; ++i) log->write(LogLevel::kWarn, "away", "store");
  log.reset();
  EXPECT_TRUE(written().ends_with("… repeated 3 times in 0 s: away\n")) << written();
}

TEST_F(LogToFile, ErrorsOfModulesThatDifferInNumbersAreLimitedAndWhatTheySayOtherwiseIsNot) {
  const auto log = open("info", "text");
  const Logger logger = log->logger("orders/3: ");
  for (int i = 0; i < 100; ++i) {
    logger(LogLevel::kError, "bad message at offset " + std::to_string(i));
    logger(LogLevel::kInfo, "click " + std::to_string(i));
  }
  EXPECT_EQ(count("bad message"), RepeatLimit::kLinesPerCause);
  EXPECT_EQ(count("click"), 100u);
}

TEST_F(LogToFile, ItsLevelCanBeChangedAlsoForATime) {
  const auto log = open("info", "text");
  log->set_level(LogLevel::kError);
  log->warn("one");
  log->set_level_for(LogLevel::kDebug, std::chrono::minutes(5));
  log->debug("two");
  clock_.advance(std::chrono::minutes(5));
  EXPECT_EQ(log->level(), LogLevel::kError);
  log->warn("three");
  log->set_level_for(LogLevel::kDebug, std::chrono::minutes(5));
  log->set_level(LogLevel::kInfo);
  log->debug("four");
  log->info("five");
  EXPECT_TRUE(std::regex_match(written(), std::regex(".* debug two\n.* info  five\n"))) << written();
}

TEST_F(LogToFile, AFileThatWasMovedAwayIsBegunAnewOnDemand) {
  const auto log = open("info", "text");
  log->info("before");
  std::filesystem::rename(directory_ / "node.log", directory_ / "node.log.1");
  log->info("still there");
  log->reopen();
  log->info("after");
  ASSERT_TRUE(log->flush(kLong));
  EXPECT_NE(directory_.read("node.log.1").find("still there\n"), std::string::npos);
  EXPECT_TRUE(std::regex_match(written(), std::regex(".* info  after\n"))) << written();
}

TEST_F(LogToFile, WhereTheFileCannotBeOpenedAgainTheOldOneIsKeptAndSaysWhy) {
  const auto file = directory_.write("logs/node.log", "");
  auto log = *Log::open("info", "text", file);
  std::filesystem::rename(directory_ / "logs", directory_ / "moved");
  log->reopen();
  log->info("after");
  ASSERT_TRUE(log->flush(kLong));
  const std::string text = directory_.read("moved/node.log");
  EXPECT_NE(text.find("error cannot open the log file " + file.string() + ": No such file"), std::string::npos) << text;
  EXPECT_NE(text.find("info  after\n"), std::string::npos) << text;
}

TEST_F(LogToFile, ShowsEachLineThatIsWrittenToItsObserver) {
  std::vector<std::string> seen;
  const auto log = *Log::open("info", "json", directory_ / "node.log", {.observer = [&](const LogRecord& record) {
                                seen.push_back(std::string(name_of(record.level)) + " " + std::string(record.text));
                              }});
  log->debug("left out");
  log->warn("raw \x1b");
  log->info("two");
  EXPECT_EQ(seen, (std::vector<std::string>{"warn raw \x1b", "info two"}));
}

/// A pipe that nobody reads takes no more, like a file on a disk that hangs.
class LogToPipe : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = directory_ / "pipe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    reader_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ASSERT_GE(reader_, 0);
    log_ = *Log::open("info", "text", path);
  }
  void TearDown() override {
    if (reader_ >= 0) ::close(reader_);
  }
  /// What is in the pipe.
  std::string read() const {
    std::string text;
    std::array<char, 65'536> bytes;
    for (ssize_t got; (got = ::read(reader_, bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  /// Reads until the log has nothing more to write.
  std::string drain() const {
    std::string text;
    while (!log_->flush(std::chrono::milliseconds(1))) text += read();
    return text + read();
  }

  test::TemporaryDirectory directory_;
  int reader_ = -1;
  std::unique_ptr<Log> log_;
};

TEST_F(LogToPipe, NeitherWaitsNorForgetsThatLinesWereLostWhenNobodyReads) {
  // More than pipe and queue hold: a log that waits would hang here.
  const std::string line(1'000, 'x');
  const std::size_t lines = 3 * Log::kMaxQueuedBytes / line.size();
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < lines; ++i) log_->info(line);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Log::kWriteWithin) << "one waits, the others do not";
  const std::string text = drain();
  log_->info("read again");
  const std::string rest = text + drain();
  std::smatch lost;
  ASSERT_TRUE(std::regex_search(rest, lost, std::regex(R"(warn  (\d+) log lines were lost here\n)")));
  const auto got = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
  EXPECT_EQ(got - 2 + std::stoul(lost[1]), lines) << "each line is there or counted";
  EXPECT_TRUE(rest.ends_with("info  read again\n"));
}

TEST_F(LogToPipe, ItsEndWaitsForASlowReaderOnlySoLong) {
  for (int i = 0; i < 200; ++i) log_->info(std::string(1'000, 'x'));
  const auto begin = std::chrono::steady_clock::now();
  log_.reset();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Log::kFlushWithin);
}

TEST_F(LogToPipe, AnOrderlyEndLosesNothing) {
  for (int i = 0; i < 200; ++i) log_->info(std::string(1'000, 'x'));
  std::string text;
  std::thread reader([&] {
    pollfd readable{reader_, POLLIN, 0};
    while (::poll(&readable, 1, -1) == 1 && (readable.revents & POLLIN) != 0) text += read();
  });
  log_.reset();
  reader.join();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 200);
}

/// stderr is a pipe meanwhile.
class LogToStderr : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = ends[0];
    stderr_ = ::dup(STDERR_FILENO);
    ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
    ::close(ends[1]);
  }
  void TearDown() override {
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
    ::close(reader_);
  }
  static std::string stream_of_stderr() {
    struct stat at{};
    EXPECT_EQ(::fstat(STDERR_FILENO, &at), 0);
    return std::to_string(at.st_dev) + ":" + std::to_string(at.st_ino);
  }
  std::string written(const std::string& format, const std::string& journal_stream) const {
    auto log = *Log::open("debug", format, "", {.journal_stream = journal_stream});
    log->debug("d");
    log->info("i\nfake");
    log->warn("w");
    log->error("e");
    log.reset();
    std::array<char, 4096> bytes;
    const ssize_t got = ::read(reader_, bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

  int reader_ = -1;
  int stderr_ = -1;
};

TEST_F(LogToStderr, JournaldGetsLevelsInPlaceOfTimes) {
  EXPECT_EQ(written("text", stream_of_stderr()), "<7>d\n<6>i\\nfake\n<4>w\n<3>e\n");
}

TEST_F(LogToStderr, JournaldGetsLevelsBeforeJson) {
  EXPECT_TRUE(written("json", stream_of_stderr()).starts_with("<7>{\"time\":")) << "and each line is one object";
}

TEST_F(LogToStderr, AJournalThatStderrIsNotConnectedToIsNoJournal) {
  for (const char* stream : {"", "1:1", "junk", "18446744073709551616:7"}) {
    EXPECT_TRUE(std::regex_search(written("text", stream), std::regex("^\\d{4}-.* debug d\n"))) << stream;
  }
}

TEST(LogOpen, RefusesUnknownWordsAndPlacesThatAreNot) {
  EXPECT_EQ(Log::open("loud", "text", "").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Log::open("info", "xml", "").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Log::open("info", "text", "/nowhere/at/all.log").error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace ductus::base
