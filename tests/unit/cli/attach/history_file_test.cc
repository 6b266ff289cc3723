#include "cli/attach/history_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

using Lines = std::vector<std::string>;

class HistoryFileTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "state" / "ductus" / "history"; }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(path()).rdbuf();
    return text.str();
  }
  static mode_t mode(const std::filesystem::path& path) {
    struct stat about{};
    EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
    return about.st_mode & 07777;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(HistoryFileTest, KeepsLinesForTheNextSessionAndFromOthers) {
  HistoryFile first(path());
  first.add("tree");
  HistoryFile second(path());
  second.add("status");
  first.add("offsets");
  EXPECT_EQ(first.lines(), Lines({"tree", "offsets"}));
  EXPECT_EQ(HistoryFile(path()).lines(), Lines({"tree", "status", "offsets"}));
  EXPECT_EQ(mode(path()), 0600u);
  EXPECT_EQ(mode(path().parent_path()), 0700u);
}

TEST_F(HistoryFileTest, LeavesOutWhatIsNoLineWorthKeeping) {
  HistoryFile history(path());
  for (const std::string& line : {std::string("tree"), std::string("tree"), std::string(), std::string("a\nb"),
                                  std::string(HistoryFile::kMaxLineBytes + 1, 'x'), std::string("exit")}) {
    history.add(line);
  }
  EXPECT_EQ(history.lines(), Lines({"tree", "exit"}));
  EXPECT_EQ(text(), "tree\nexit\n");
}

TEST_F(HistoryFileTest, IsBounded) {
  HistoryFile history(path());
  for (std::size_t i = 0; i < 2 * HistoryFile::kMaxLines + 1; ++i) history.add("line " + std::to_string(i));
  EXPECT_EQ(history.lines().size(), HistoryFile::kMaxLines);
  const HistoryFile next(path());
  EXPECT_EQ(next.lines().size(), HistoryFile::kMaxLines);
  EXPECT_EQ(next.lines().back(), "line " + std::to_string(2 * HistoryFile::kMaxLines));
  const std::string kept = text();
  EXPECT_EQ(static_cast<std::size_t>(std::count(kept.begin(), kept.end(), '\n')), HistoryFile::kMaxLines);
  EXPECT_EQ(mode(path()), 0600u);
}

TEST_F(HistoryFileTest, TakesNothingFromWhatIsNoHistory) {
  directory_.write("state/ductus/history", std::string(HistoryFile::kMaxFileBytes + 1, '\n'));
  EXPECT_EQ(HistoryFile(path()).lines(), Lines());
  directory_.write("state/ductus/history", std::string(HistoryFile::kMaxLineBytes + 1, 'x') + "\ntree\nwithout an end");
  EXPECT_EQ(HistoryFile(path()).lines(), Lines({"tree"}));
  std::filesystem::remove(path());
  std::filesystem::create_directories(path());
  HistoryFile folder(path());
  folder.add("tree");
  EXPECT_EQ(folder.lines(), Lines({"tree"}));
}

TEST_F(HistoryFileTest, FollowsNoLinkToAnotherFile) {
  directory_.write("state/ductus/precious", "mine\n");
  std::filesystem::create_symlink("precious", path());
  HistoryFile history(path());
  history.add("tree");
  std::ostringstream precious;
  precious << std::ifstream(path().parent_path() / "precious").rdbuf();
  EXPECT_EQ(precious.str(), "mine\n");
}

TEST(HistoryPath, FollowsTheEnvironment) {
  std::map<std::string, std::string> variables;
  const config::Environment environment = [&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  EXPECT_EQ(HistoryFile::path_from(environment), std::nullopt);
  variables["HOME"] = "/home/a";
  EXPECT_EQ(HistoryFile::path_from(environment), "/home/a/.local/state/ductus/history");
  variables["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(HistoryFile::path_from(environment), "/state/ductus/history");
  variables["XDG_STATE_HOME"] = "relative";
  EXPECT_EQ(HistoryFile::path_from(environment), "/home/a/.local/state/ductus/history");
}

}  // namespace
}  // namespace ductus::cli
