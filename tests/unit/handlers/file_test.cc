#include "handlers/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>

#include "handlers/builtin.h"
#include "handlers/line_file.h"
#include "support/scripted_handler.h"
#include "support/temporary_directory.h"

namespace ductus::handlers {
namespace {

namespace fs = std::filesystem;
using test::OwnedBatch;

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
    module_ = make_file_module({.base_dir = folder_.path(),
                                .max_open_files = max_open_files,
                                .print = [this](std::string_view line) { printed_.emplace_back(line); }});
  }
  Result<std::unique_ptr<Handler>> try_handler(const Value& init, const std::string& topic = "clicks",
                                               std::int32_t partition = 0) {
    return module_->init({.topic = topic, .partition = partition, .log = log_.logger(), .stop = {}}, init);
  }
  std::unique_ptr<Handler> handler(const Value& init, const std::string& topic = "clicks", std::int32_t partition = 0) {
    auto made = try_handler(init, topic, partition);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  static bool accepts(Handler& handler, std::vector<std::string> values) {
    return handler.handle_messages(OwnedBatch(std::move(values))).is_ok();
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
  test::LogLines log_;
  std::vector<std::string> printed_;
  std::unique_ptr<Module> module_;
};

// ---- lines -----------------------------------------------------------------------------------------------

TEST_F(FileTest, AppendsEachMessageAsALine) {
  folder_.write("out.txt", "before\n");
  const auto out = handler("out.txt");
  EXPECT_TRUE(accepts(*out, {"one", "", "two words"}));
  EXPECT_TRUE(accepts(*out, {"three"}));
  EXPECT_TRUE(out->sync());
  EXPECT_EQ(folder_.read("out.txt"), "before\none\n\ntwo words\nthree\n");
}

TEST_F(FileTest, TheFileIsThereBeforeTheFirstMessage) {
  const auto out = handler("out.txt");
  EXPECT_TRUE(fs::exists(folder_ / "out.txt"));
  EXPECT_EQ(fs::status(folder_ / "out.txt").permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(FileTest, MakesMissingFolders) {
  const auto out = handler("deep/{topic}/{partition}.txt", "clicks", 3);
  EXPECT_TRUE(accepts(*out, {"x"}));
  EXPECT_TRUE(out->sync());
  EXPECT_EQ(folder_.read("deep/clicks/3.txt"), "x\n");
}

TEST_F(FileTest, ATornLastLineIsCutOff) {
  folder_.write("out.txt", "whole\ntorn");
  const auto out = handler("out.txt");
  EXPECT_TRUE(accepts(*out, {"next"}));
  EXPECT_EQ(folder_.read("out.txt"), "whole\nnext\n");
  EXPECT_TRUE(log_.contain("cut off 4 bytes"));
}

TEST_F(FileTest, ATornLineMayBeLongerThanABlock) {
  const std::string whole = std::string(100'000, 'w') + "\n";
  folder_.write("long.txt", whole + std::string(200'000, 't'));
  folder_.write("only.txt", std::string(65'536, 't'));
  folder_.write("edge.txt", "\n" + std::string(65'536, 't'));
  (void)handler("long.txt");
  (void)handler("only.txt");
  (void)handler("edge.txt");
  EXPECT_TRUE(folder_.read("long.txt") == whole);
  EXPECT_EQ(folder_.read("only.txt"), "");
  EXPECT_EQ(folder_.read("edge.txt"), "\n");
}

TEST_F(FileTest, AFileThatHasNoLinesIsNotTouched) {
  folder_.write("binary", "x\n");
  fs::resize_file(folder_ / "binary", static_cast<std::uintmax_t>(LineFile::kMaxTornBytes) + (1 << 20));
  const auto made = try_handler("binary");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kRefused);
  EXPECT_EQ(fs::file_size(folder_ / "binary"), static_cast<std::uintmax_t>(LineFile::kMaxTornBytes) + (1 << 20));
}

TEST_F(FileTest, ADeletedFileIsBegunAnew) {
  const auto out = handler("out.txt");
  EXPECT_TRUE(accepts(*out, {"one"}));
  fs::remove(folder_ / "out.txt");
  EXPECT_TRUE(accepts(*out, {"two"}));
  EXPECT_TRUE(out->sync());
  EXPECT_EQ(folder_.read("out.txt"), "two\n");
}

// ---- sharing ---------------------------------------------------------------------------------------------

TEST_F(FileTest, PartitionsThatShareAFileWriteWholeLines) {
  constexpr int kPartitions = 4;
  std::vector<std::thread> partitions;
  for (int partition = 0; partition < kPartitions; ++partition) {
    partitions.emplace_back([this, partition] {
      const auto out = handler("shared.txt", "clicks", partition);
      const std::vector<std::string> lines(100, std::string(50 + 400 * static_cast<std::size_t>(partition), 'x'));
      for (int batch = 0; batch < 20; ++batch) {
        EXPECT_TRUE(accepts(*out, lines));
        EXPECT_TRUE(out->sync());
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
  const auto out = handler("out.txt");
  const auto other = make_file_module({.base_dir = folder_.path(), .max_open_files = 10});
  const auto made = other->init({.topic = "clicks", .partition = 0, .log = log_.logger(), .stop = {}}, "out.txt");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kRefused);
}

TEST_F(FileTest, OnlyRegularFilesAreWrittenTo) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  fs::create_directory(folder_ / "folder");
  for (const std::string& path :
       {(folder_ / "fifo").string(), (folder_ / "folder").string(), std::string("/dev/null")}) {
    EXPECT_FALSE(try_handler(path)) << path;
  }
}

TEST_F(FileTest, AWrongInitIsRefused) {
  EXPECT_EQ(try_handler(Value()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(try_handler("{topic}", "..").error().code, ErrorCode::kInvalid);
}

// ---- the limit of open files -----------------------------------------------------------------------------

TEST_F(FileTest, FilesUsedLongestAgoAreClosedAndOpenedAgain) {
  make_module(2);
  std::vector<std::unique_ptr<Handler>> outs;
  for (int partition = 0; partition < 5; ++partition) outs.push_back(handler("{partition}.txt", "clicks", partition));
  for (int round = 0; round < 3; ++round) {
    for (const auto& out : outs) EXPECT_TRUE(accepts(*out, {"line"}));
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
    partitions.emplace_back([this, partition] {
      const auto out = handler("{partition}.txt", "clicks", partition);
      for (int batch = 0; batch < 50; ++batch) {
        EXPECT_TRUE(accepts(*out, {"line"}));
        if (batch % 10 == 0) {
          EXPECT_TRUE(out->sync());
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
  const auto one = handler("1.txt");
  const auto two = handler("2.txt");  // closes 1.txt
  const OwnedBatch batch({"line"});
  {
    const Limit none(RLIMIT_NOFILE, 0);
    const Verdict verdict = one->handle_messages(batch);
    ASSERT_NE(verdict.as_defer(), nullptr);
    EXPECT_EQ(verdict.as_defer()->delay, kFullDiskDelay);
  }
  EXPECT_TRUE(one->handle_messages(batch).is_ok());
  EXPECT_EQ(folder_.read("1.txt"), "line\n");
}

// ---- errors of the disk ----------------------------------------------------------------------------------

TEST_F(FileTest, WhatWasWrittenOfAFailedBatchIsCutOff) {
  for (const std::size_t value_bytes : {std::size_t{10}, std::size_t{2000}}) {
    const std::string name = std::to_string(value_bytes);
    const auto out = handler(name);
    ASSERT_TRUE(accepts(*out, {"before"}));
    const OwnedBatch batch(std::vector(1000, std::string(value_bytes, 'x')));
    std::optional<Verdict> verdict;
    {
      const Limit size(RLIMIT_FSIZE, 7 + 5000);
      verdict = out->handle_messages(batch);
    }
    ASSERT_NE(verdict->as_fail(), nullptr);
    EXPECT_NE(verdict->as_fail()->reason.find("File too large"), std::string::npos) << verdict->as_fail()->reason;
    EXPECT_EQ(folder_.read(name), "before\n");
    EXPECT_TRUE(out->handle_messages(batch).is_ok());
    EXPECT_EQ(fs::file_size(folder_ / name), 7 + 1000 * (value_bytes + 1));
  }
}

TEST_F(FileTest, AFailedSyncFailsAllThatWriteToTheFile) {
  const auto one = handler("shared.txt", "clicks", 1);
  const auto other = handler("shared.txt", "clicks", 2);
  EXPECT_TRUE(accepts(*one, {"one"}));
  EXPECT_TRUE(accepts(*other, {"other"}));
  break_syncs_of("shared.txt");
  EXPECT_FALSE(one->sync());
  EXPECT_FALSE(one->sync());
  EXPECT_FALSE(other->sync());
  EXPECT_FALSE(accepts(*other, {"lost"}));

  const auto again = handler("shared.txt", "clicks", 1);
  EXPECT_TRUE(accepts(*again, {"one"}));
  EXPECT_TRUE(again->sync());
  EXPECT_TRUE(folder_.read("shared.txt").ends_with("one\n"));
}

TEST_F(FileTest, AFailedSyncOfAFileThatMakesRoomIsToldAtItsNextCall) {
  make_module(1);
  const auto one = handler("1.txt");
  EXPECT_TRUE(accepts(*one, {"line"}));
  break_syncs_of("1.txt");
  const auto two = handler("2.txt");
  EXPECT_FALSE(one->sync());
  EXPECT_TRUE(log_.contain("cannot sync"));
}

// ---- the aggregate ---------------------------------------------------------------------------------------

TEST_F(FileTest, CountsMessagesAndPrintsThemByTopic) {
  const auto out = handler("out.txt");
  EXPECT_TRUE(accepts(*out, {"a", "b", "c"}));
  EXPECT_EQ(out->aggregate_element(), Value(3));
  module_->handle_periodic_aggregate({{"clicks", {{0, Value(3)}, {1, Value(4)}}}, {"views", {{0, Value(0)}}}});
  EXPECT_EQ(printed_, (std::vector<std::string>{"Messages in topic clicks : 7", "Messages in topic views : 0"}));
}

// ---- as the configuration names them ---------------------------------------------------------------------

TEST(BuiltinModules, AreFourAndTheFileModuleRefusesSettings) {
  const test::TemporaryDirectory folder;
  std::set<std::string> names;
  for (const ModuleEntry& entry : builtin_modules(folder.path())) {
    names.insert(entry.name);
    if (entry.name == "null") continue;  // prints when it ends
    EXPECT_TRUE(entry.factory(Value())) << entry.name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"file", "kafka2file", "print", "null"}));
  EXPECT_FALSE(make_file_module(Value(Value::Map{{"path", "x"}}), folder.path()));
}

}  // namespace
}  // namespace ductus::handlers
