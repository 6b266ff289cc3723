#include "handlers/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <thread>

#include "ductus/testing.h"
#include "handlers/builtin.h"
#include "handlers/line_file.h"
#include "support/temporary_directory.h"

namespace ductus::handlers {
namespace {

namespace fs = std::filesystem;

/// A resource limit for a while.
class Limit {
 public:
  Limit(__rlimit_resource which, rlim_t value) : which_(which) {
    ::getrlimit(which_, &before_);
    rlimit lowered = before_;
    lowered.rlim_cur = value;
    ::setrlimit(which_, &lowered);
  }
  ~Limit() { ::setrlimit(which_, &before_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  __rlimit_resource which_;
  rlimit before_{};
};

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    ::signal(SIGXFSZ, SIG_IGN);
    make_module();
  }

  void make_module(std::size_t max_open_files = 100) {
    node_.emplace(make_file_module({.base_dir = folder_.path(),
                                    .max_open_files = max_open_files,
                                    .print = [this](std::string_view line) { printed_.emplace_back(line); }}));
  }
  TestPartition& open(const Value& init, std::int32_t partition = 0) { return node_->open("clicks", partition, init); }
  ErrorCode refusal(const Value& init, const std::string& topic = "clicks") {
    const auto opened = node_->try_open(topic, 0, init);
    EXPECT_FALSE(opened);
    return opened ? ErrorCode::kNotNeeded : opened.error().code;
  }
  /// The descriptors of this process that are open on `name`.
  std::vector<int> descriptors_of(const std::string& name) const {
    std::vector<int> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
      if (fs::read_symlink(entry.path(), ignored) == folder_ / name) {
        found.push_back(std::stoi(entry.path().filename().string()));
      }
    }
    return found;
  }
  /// From now on nothing can be synced through the descriptor of `name`.
  void break_syncs_of(const std::string& name) {
    for (const int file : descriptors_of(name)) {
      const int broken = ::open("/dev/null", O_RDWR | O_PATH | O_CLOEXEC);
      ::dup3(broken, file, O_CLOEXEC);
      ::close(broken);
    }
  }

  test::TemporaryDirectory folder_;
  std::vector<std::string> printed_;
  std::optional<TestNode> node_;
};

// ---- lines -----------------------------------------------------------------------------------------------

TEST_F(FileTest, AppendsEachMessageAsALine) {
  folder_.write("out.txt", "before\n");
  TestPartition& out = open("out.txt");
  EXPECT_TRUE(out.feed({"one", "", "two words"}).is_ok());
  EXPECT_TRUE(out.feed({"three"}).is_ok());
  EXPECT_TRUE(out.sync());
  EXPECT_EQ(folder_.read("out.txt"), "before\none\n\ntwo words\nthree\n");
}

TEST_F(FileTest, TheFileIsThereBeforeTheFirstMessage) {
  open("out.txt");
  EXPECT_TRUE(fs::exists(folder_ / "out.txt"));
  EXPECT_EQ(fs::status(folder_ / "out.txt").permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(FileTest, MakesMissingFolders) {
  TestPartition& out = open("deep/{topic}/{partition}.txt", 3);
  EXPECT_TRUE(out.feed({"x"}).is_ok());
  EXPECT_TRUE(out.sync());
  EXPECT_EQ(folder_.read("deep/clicks/3.txt"), "x\n");
}

TEST_F(FileTest, ATornLastLineIsCutOff) {
  folder_.write("out.txt", "whole\ntorn");
  TestPartition& out = open("out.txt");
  EXPECT_TRUE(out.feed({"next"}).is_ok());
  EXPECT_EQ(folder_.read("out.txt"), "whole\nnext\n");
  EXPECT_TRUE(node_->logged("cut off 4 bytes"));
}

TEST_F(FileTest, ATornLineMayBeLongerThanABlock) {
  const std::string whole = std::string(100'000, 'w') + "\n";
  folder_.write("long.txt", whole + std::string(200'000, 't'));
  folder_.write("only.txt", std::string(65'536, 't'));
  folder_.write("edge.txt", "\n" + std::string(65'536, 't'));
  open("long.txt");
  open("only.txt");
  open("edge.txt");
  EXPECT_TRUE(folder_.read("long.txt") == whole);
  EXPECT_EQ(folder_.read("only.txt"), "");
  EXPECT_EQ(folder_.read("edge.txt"), "\n");
}

TEST_F(FileTest, AFileThatHasNoLinesIsNotTouched) {
  folder_.write("binary", "x\n");
  fs::resize_file(folder_ / "binary", static_cast<std::uintmax_t>(LineFile::kMaxTornBytes) + (1 << 20));
  EXPECT_EQ(refusal("binary"), ErrorCode::kRefused);
  EXPECT_EQ(fs::file_size(folder_ / "binary"), static_cast<std::uintmax_t>(LineFile::kMaxTornBytes) + (1 << 20));
}

TEST_F(FileTest, ADeletedFileIsBegunAnew) {
  TestPartition& out = open("out.txt");
  EXPECT_TRUE(out.feed({"one"}).is_ok());
  fs::remove(folder_ / "out.txt");
  EXPECT_TRUE(out.feed({"two"}).is_ok());
  EXPECT_TRUE(out.sync());
  EXPECT_EQ(folder_.read("out.txt"), "two\n");
}

// ---- sharing ---------------------------------------------------------------------------------------------

TEST_F(FileTest, PartitionsThatShareAFileWriteWholeLines) {
  constexpr int kPartitions = 4;
  std::vector<std::thread> partitions;
  for (int partition = 0; partition < kPartitions; ++partition) {
    partitions.emplace_back([&out = open("shared.txt", partition), partition] {
      const std::vector<std::string> lines(100, std::string(50 + 400 * static_cast<std::size_t>(partition), 'x'));
      for (int batch = 0; batch < 20; ++batch) {
        EXPECT_TRUE(out.feed(lines).is_ok());
        EXPECT_TRUE(out.sync());
      }
    });
  }
  for (std::thread& partition : partitions) partition.join();
  std::istringstream lines(folder_.read("shared.txt"));
  std::map<std::size_t, int> seen;
  for (std::string line; std::getline(lines, line);) ++seen[line.size()];
  EXPECT_EQ(seen, (std::map<std::size_t, int>{{50, 2000}, {450, 2000}, {850, 2000}, {1250, 2000}}));
  EXPECT_EQ(descriptors_of("shared.txt").size(), 1u);
}

TEST_F(FileTest, AFileOfAnotherNodeIsRefused) {
  open("out.txt");
  TestNode other(make_file_module({.base_dir = folder_.path(), .max_open_files = 10}));
  const auto opened = other.try_open("clicks", 0, "out.txt");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kRefused);
}

TEST_F(FileTest, OnlyRegularFilesAreWrittenTo) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  fs::create_directory(folder_ / "folder");
  for (const std::string& path :
       {(folder_ / "fifo").string(), (folder_ / "folder").string(), std::string("/dev/null")}) {
    EXPECT_FALSE(node_->try_open("clicks", 0, path)) << path;
  }
}

TEST_F(FileTest, AWrongInitIsRefused) {
  EXPECT_EQ(refusal(Value()), ErrorCode::kInvalid);
  EXPECT_EQ(refusal("{topic}", ".."), ErrorCode::kInvalid);
}

// ---- the limit of open files -----------------------------------------------------------------------------

TEST_F(FileTest, FilesUsedLongestAgoAreClosedAndOpenedAgain) {
  make_module(2);
  std::vector<TestPartition*> outs;
  for (int partition = 0; partition < 5; ++partition) outs.push_back(&open("{partition}.txt", partition));
  for (int round = 0; round < 3; ++round) {
    for (TestPartition* const out : outs) EXPECT_TRUE(out->feed({"line"}).is_ok());
  }
  int open = 0;
  for (int partition = 0; partition < 5; ++partition) {
    const std::string name = std::to_string(partition) + ".txt";
    open += static_cast<int>(descriptors_of(name).size());
    EXPECT_TRUE(outs[static_cast<std::size_t>(partition)]->sync());
    EXPECT_EQ(folder_.read(name), "line\nline\nline\n");
  }
  EXPECT_EQ(open, 2);
  EXPECT_EQ(descriptors_of("4.txt").size(), 1u);
}

TEST_F(FileTest, ManyThreadsWithFewDescriptorsLoseNothing) {
  make_module(1);
  std::vector<std::thread> partitions;
  for (int partition = 0; partition < 4; ++partition) {
    partitions.emplace_back([&out = open("{partition}.txt", partition)] {
      for (int batch = 0; batch < 50; ++batch) {
        EXPECT_TRUE(out.feed({"line"}).is_ok());
        if (batch % 10 == 0) {
          EXPECT_TRUE(out.sync());
        }
      }
    });
  }
  for (std::thread& partition : partitions) partition.join();
  for (int partition = 0; partition < 4; ++partition) {
    EXPECT_EQ(folder_.read(std::to_string(partition) + ".txt").size(), 50u * 5);
  }
}

TEST_F(FileTest, ALackOfDescriptorsDefersTheBatch) {
  make_module(1);
  TestPartition& one = open("1.txt");
  open("2.txt");  // closes 1.txt
  {
    const Limit none(RLIMIT_NOFILE, 0);
    const Verdict verdict = one.feed({"line"});
    ASSERT_NE(verdict.as_defer(), nullptr);
    EXPECT_EQ(verdict.as_defer()->delay, kFullDiskDelay);
  }
  node_->advance(kFullDiskDelay);
  EXPECT_TRUE(one.verdict().is_ok());
  EXPECT_EQ(folder_.read("1.txt"), "line\n");
}

// ---- errors of the disk ----------------------------------------------------------------------------------

TEST_F(FileTest, WhatWasWrittenOfAFailedBatchIsCutOff) {
  for (const std::size_t value_bytes : {std::size_t{10}, std::size_t{2000}}) {
    const std::string name = std::to_string(value_bytes);
    TestPartition& out = open(name);
    ASSERT_TRUE(out.feed({"before"}).is_ok());
    ASSERT_TRUE(out.sync());
    {
      const Limit size(RLIMIT_FSIZE, 7 + 5000);
      const Verdict verdict = out.feed(std::vector(1000, std::string(value_bytes, 'x')));
      ASSERT_NE(verdict.as_fail(), nullptr);
      EXPECT_NE(verdict.as_fail()->reason.find("File too large"), std::string::npos) << verdict.as_fail()->reason;
    }
    EXPECT_EQ(folder_.read(name), "before\n");
    EXPECT_TRUE(out.restart().is_ok());
    EXPECT_EQ(fs::file_size(folder_ / name), 7 + 1000 * (value_bytes + 1));
  }
}

TEST_F(FileTest, AFailedSyncFailsAllThatWriteToTheFile) {
  TestPartition& one = open("shared.txt", 1);
  TestPartition& other = open("shared.txt", 2);
  EXPECT_TRUE(one.feed({"one"}).is_ok());
  EXPECT_TRUE(other.feed({"other"}).is_ok());
  break_syncs_of("shared.txt");
  EXPECT_FALSE(one.sync());
  EXPECT_FALSE(other.handler().sync());
  EXPECT_FALSE(other.feed({"lost"}).is_ok());

  EXPECT_TRUE(one.restart().is_ok());
  EXPECT_TRUE(one.sync());
  EXPECT_TRUE(folder_.read("shared.txt").ends_with("one\n"));
}

TEST_F(FileTest, AFailedSyncOfAFileThatMakesRoomIsToldAtItsNextCall) {
  make_module(1);
  TestPartition& one = open("1.txt");
  EXPECT_TRUE(one.feed({"line"}).is_ok());
  break_syncs_of("1.txt");
  open("2.txt");
  EXPECT_FALSE(one.sync());
  EXPECT_TRUE(node_->logged("cannot sync"));
}

// ---- the aggregate ---------------------------------------------------------------------------------------

TEST_F(FileTest, CountsMessagesAndPrintsThemByTopic) {
  TestPartition& out = open("out.txt");
  EXPECT_TRUE(out.feed({"a", "b", "c"}).is_ok());
  EXPECT_TRUE(open("out.txt", 1).feed({"d"}).is_ok());
  node_->open("views", 0, "out.txt");
  EXPECT_EQ(node_->aggregate(), (Aggregate{{"clicks", {{0, Value(3)}, {1, Value(1)}}}, {"views", {{0, Value(0)}}}}));
  EXPECT_EQ(printed_, (std::vector<std::string>{"Messages in topic clicks : 4", "Messages in topic views : 0"}));
}

// ---- as the configuration names them ---------------------------------------------------------------------

TEST(BuiltinModules, AreFiveAndTheFileModuleRefusesSettings) {
  const test::TemporaryDirectory folder;
  std::set<std::string> names;
  const NodeFacts node{.base_dir = folder.path(), .handler_name = "node", .periodic_every = {}};
  for (const ModuleEntry& entry : builtin_modules(node)) {
    names.insert(entry.name);
    if (entry.name == "null") continue;  // prints when it ends
    EXPECT_TRUE(entry.factory(Value())) << entry.name;
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"file", "kafka2file", "time_lag", "ductus_example_handler", "print", "null"}));
  EXPECT_FALSE(make_file_module(Value(Value::Map{{"path", "x"}}), folder.path()));
}

}  // namespace
}  // namespace ductus::handlers
