#include "cli/attach/script_lines.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

namespace ductus::cli {
namespace {

struct Read {
  std::vector<std::string> lines;
  std::optional<ErrorCode> error;
};

Read read_all(const std::string& text) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe(pipe.data()), 0);
  std::jthread writer([&text, fd = pipe[1]] {
    EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(fd);
  });
  Read read;
  ScriptLines lines(pipe[0]);
  std::string line;
  for (;;) {
    const auto more = lines.next(line);
    if (!more) read.error = more.error().code;
    if (!more || !*more) break;
    read.lines.push_back(line);
  }
  writer.join();
  ::close(pipe[0]);
  return read;
}

TEST(ScriptLines, ComeOneByOne) {
  const auto read = read_all("tree\n\nstatus \r\n");
  EXPECT_EQ(read.lines, (std::vector<std::string>{"tree", "", "status "}));
  EXPECT_EQ(read.error, std::nullopt);
  EXPECT_EQ(read_all("").error, std::nullopt);
}

TEST(ScriptLines, WithoutAnEndAreNotObeyed) {
  const auto read = read_all("tree\npause ord");
  EXPECT_EQ(read.lines, (std::vector<std::string>{"tree"}));
  EXPECT_EQ(read.error, ErrorCode::kInvalid);
}

TEST(ScriptLines, AreBounded) {
  const std::string longest(ScriptLines::kMaxLineBytes, 'x');
  EXPECT_EQ(read_all(longest + "\n").lines, (std::vector<std::string>{longest}));
  EXPECT_EQ(read_all(longest + "x\n").error, ErrorCode::kLimit);
}

TEST(ScriptLines, SayWhatCannotBeRead) {
  std::string line;
  EXPECT_EQ(ScriptLines(-1).next(line).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace ductus::cli
