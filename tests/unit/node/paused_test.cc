#include "node/brain/paused.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace ductus::node {
namespace {

TEST(Paused, OutlivesTheNodeThatNotedIt) {
  const test::TemporaryDirectory dir;
  Paused paused;
  paused.add("orders", 3);
  paused.add("all.of-it_", std::nullopt);
  ASSERT_TRUE(paused.save(dir.path()).ok());
  const auto loaded = Paused::load(dir.path());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(*loaded, paused);
  EXPECT_TRUE(loaded->contains({"all.of-it_", 12}));
  EXPECT_TRUE(loaded->contains({"orders", 3}));
  EXPECT_FALSE(loaded->contains({"orders", 2}));
}

TEST(Paused, IsNothingWithoutAFile) {
  const test::TemporaryDirectory dir;
  const auto loaded = Paused::load(dir.path());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(*loaded, Paused());
}

TEST(Paused, RefusesALineThatNamesNothing) {
  for (const char* line : {"two words", "orders/", "orders/x", "orders/-1", "orders/99999999999", "", "../up"}) {
    const test::TemporaryDirectory dir;
    dir.write("paused", std::string("orders\n") + line + "\n");
    const auto loaded = Paused::load(dir.path());
    ASSERT_FALSE(loaded.ok()) << line;
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
    EXPECT_NE(loaded.error().message.find("paused:2:"), std::string::npos) << loaded.error().message;
  }
}

TEST(Paused, RefusesAFileThatItCannotHaveWritten) {
  const test::TemporaryDirectory dir;
  dir.write("paused", "");
  std::filesystem::resize_file(dir / "paused", Paused::kMaxFileBytes + 1);
  EXPECT_EQ(Paused::load(dir.path()).error().code, ErrorCode::kLimit);
}

TEST(Paused, LeavesTheFileAsItWasWhereItCannotBeWritten) {
  const test::TemporaryDirectory dir;
  Paused paused;
  paused.add("orders", std::nullopt);
  ASSERT_TRUE(paused.save(dir.path()).ok());
  std::filesystem::create_directory(dir / "paused.next");
  paused.add("more", std::nullopt);
  EXPECT_FALSE(paused.save(dir.path()).ok());
  EXPECT_FALSE(Paused::load(dir.path())->contains({"more", 0}));
}

TEST(Paused, KeepsTheOthersOfATopicWhenOneIsResumed) {
  Paused paused;
  paused.add("orders", std::nullopt);
  paused.remove("orders", 1, 3);
  EXPECT_TRUE(paused.contains({"orders", 0}));
  EXPECT_FALSE(paused.contains({"orders", 1}));
  EXPECT_TRUE(paused.contains({"orders", 2}));
  paused.remove("orders", std::nullopt, 3);
  EXPECT_EQ(paused, Paused());
}

}  // namespace
}  // namespace ductus::node
