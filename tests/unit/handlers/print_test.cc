#include "handlers/print.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "ductus/testing.h"
#include "handlers/line_writer.h"
#include "support/temporary_directory.h"

namespace ductus::handlers {
namespace {

class PrintTest : public ::testing::Test {
 protected:
  static constexpr int kReader = 0;
  static constexpr int kWriter = 1;

  PrintTest() {
    ::signal(SIGPIPE, SIG_IGN);
    if (::pipe2(pipe_, O_CLOEXEC) != 0) std::abort();
    module_ = make_print_module(pipe_[kWriter]);
    handler_ = std::move(*module_->init({}, {}));
  }
  ~PrintTest() override {
    close_end(kReader);
    close_end(kWriter);
  }
  void close_end(int end) {
    if (pipe_[end] >= 0) ::close(std::exchange(pipe_[end], -1));
  }
  /// All that comes until the writer closes.
  std::string read_all() {
    std::string all;
    char block[64 * 1024];
    for (ssize_t got; (got = ::read(pipe_[kReader], block, sizeof block)) > 0;) {
      all.append(block, static_cast<std::size_t>(got));
    }
    return all;
  }

  int pipe_[2] = {-1, -1};
  std::unique_ptr<Module> module_;
  std::unique_ptr<Handler> handler_;
};

TEST_F(PrintTest, WritesEachValueAsALine) {
  ASSERT_TRUE(handler_->handle_messages(TestBatch({"one", "", "three"})).is_ok());
  close_end(kWriter);
  EXPECT_EQ(read_all(), "one\n\nthree\n");
  EXPECT_EQ(handler_->aggregate_element(), Value(3));
}

TEST_F(PrintTest, WaitsForASlowReaderOfANonBlockingPipe) {
  ASSERT_EQ(::fcntl(pipe_[kWriter], F_SETFL, O_NONBLOCK), 0);
  const std::string large(300'000, 'x');
  std::thread writer([&] {
    EXPECT_TRUE(handler_->handle_messages(TestBatch({"small", large, "small"})).is_ok());
    EXPECT_TRUE(handler_->handle_messages(TestBatch({large, large})).is_ok());
    close_end(kWriter);
  });
  EXPECT_EQ(read_all(), "small\n" + large + "\nsmall\n" + large + "\n" + large + "\n");
  writer.join();
}

TEST_F(PrintTest, AReaderThatIsGoneFailsTheBatch) {
  close_end(kReader);
  const Verdict verdict = handler_->handle_messages(TestBatch({"one"}));
  ASSERT_NE(verdict.as_fail(), nullptr);
  EXPECT_NE(verdict.as_fail()->reason.find("Broken pipe"), std::string::npos) << verdict.as_fail()->reason;
}

TEST_F(PrintTest, AFullDeviceFailsTheBatch) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  const auto module = make_print_module(full);
  const auto handler = std::move(*module->init({}, {}));
  EXPECT_NE(handler->handle_messages(TestBatch({"one"})).as_fail(), nullptr);
  ::close(full);
}

TEST_F(PrintTest, LinesOfDifferentPartitionsNeverMix) {
  std::vector<std::thread> partitions;
  for (const char letter : {'a', 'b', 'c'}) {
    partitions.emplace_back([this, letter] {
      const auto handler = std::move(*module_->init({}, {}));
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(handler->handle_messages(TestBatch(std::vector(40, std::string(100, letter)))).is_ok());
      }
    });
  }
  std::string all;
  std::thread reader([&] { all = read_all(); });
  for (std::thread& partition : partitions) partition.join();
  close_end(kWriter);
  reader.join();
  ASSERT_EQ(all.size(), 3u * 50 * 40 * 101);
  for (std::size_t at = 0; at < all.size(); at += 101) {
    ASSERT_EQ(all.substr(at, 101), std::string(100, all[at]) + "\n");
  }
}

TEST(LineWriter, WritesValuesOfEverySize) {
  const test::TemporaryDirectory folder;
  LineWriter writer;
  for (const std::size_t first : {std::size_t{0}, std::size_t{5'000}}) {  // copied together, and from where they lie
    std::vector<std::string> values(600, std::string(first, 'f'));
    const auto k = LineWriter::kBufferBytes;
    for (const std::size_t size : {k - 1, k, k + 1, std::size_t{0}, k / 2, k / 2, k - 601, std::size_t{3}}) {
      values.emplace_back(size, 'v');
    }
    std::string expected;
    for (const std::string& value : values) expected += value + "\n";
    const std::string name = std::to_string(first);
    const int file = ::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    const LineWriter::Outcome outcome = writer.write(file, TestBatch(values));
    ::close(file);
    EXPECT_EQ(outcome.error, 0);
    EXPECT_EQ(outcome.bytes, expected.size());
    EXPECT_TRUE(folder.read(name) == expected);
  }
}

}  // namespace
}  // namespace ductus::handlers
