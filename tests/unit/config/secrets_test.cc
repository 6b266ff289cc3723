#include "config/shown/secrets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "config/toml/toml_writer.h"

namespace ductus::config {
namespace {

const Origin kInFile{std::make_shared<const std::string>("config/local.toml"), 1, 1};
const Origin kArgument{std::make_shared<const std::string>("--set handler.settings.x")};

std::string shown(std::string_view path, const std::string& text, const Origin& at) {
  return *without_secrets(path, Tree{text, at, at, ""}).as_text();
}

TEST(WithoutPassword, HidesThatOfEachUrl) {
  for (const auto& [text, hidden] : std::vector<std::pair<std::string, std::string>>{
           {"redis://user:secret@host:6379/0", "redis://user:***@host:6379/0"},
           {"rediss://:sec:r@t@host", "rediss://:***@host"},
           {"https://me:secret@[::1]:1/x?a=b@c", "https://me:***@[::1]:1/x?a=b@c"},
           {"a://u:secret@h,b://h, c://u:secret@h", "a://u:***@h,b://h, c://u:***@h"},
           {"a://b://u:secret@h", "a://b://u:***@h"}}) {
    EXPECT_EQ(without_password(text), hidden);
  }
}

TEST(WithoutPassword, LeavesWhatHasNone) {
  for (const char* const text :
       {"", "://", "redis://user@host:6379", "redis://host:6379/0?a=b@c", "https://example.com:1/@",
        "sqlite:offsets.db", "me:secret@host", "https://h:80/a:b@c", "a://@", "a://:@"}) {
    EXPECT_EQ(without_password(text), std::string_view(text) == "a://:@" ? "a://:***@" : text);
  }
}

TEST(WithoutSecrets, HidesTheValuesOfKeysThatSaySo) {
  for (const char* const path :
       {"store.password", "handler.settings.API_TOKEN", "db_passwd", "my.secret", "Credentials"}) {
    EXPECT_EQ(shown(path, "hidden", kInFile), "***") << path;
  }
  for (const char* const path : {"store.password_file", "handler.settings.path", "secret.path"}) {
    EXPECT_EQ(shown(path, "seen", kInFile), "seen") << path;
  }
  EXPECT_EQ(to_toml(without_secrets("token", Tree{Tree::List{Tree{std::int64_t{7}, {}, {}, ""}}, {}, {}, ""})),
            "\"***\"");
}

TEST(WithoutSecrets, KeepsReferencesAndHidesWhatStandsBesideThem) {
  EXPECT_EQ(shown("token", "${TOKEN}", kInFile), "${TOKEN}");
  EXPECT_EQ(shown("token", "${A}hidden${B}", kInFile), "***");
  EXPECT_EQ(shown("token", "${", kInFile), "***");
  EXPECT_EQ(shown("url", "https://me:${PASSWORD}@${HOST}/", kInFile), "https://me:${PASSWORD}@${HOST}/");
  EXPECT_EQ(shown("url", "https://me:hidden@${HOST}/", kInFile), "https://me:***@${HOST}/");
}

TEST(WithoutSecrets, TakesNothingForAReferenceThatIsNotReplaced) {
  EXPECT_EQ(shown("token", "${TOKEN}", kArgument), "***");
  EXPECT_EQ(shown("url", "https://me:${hidden}@host/", kArgument), "https://me:***@host/");
}

TEST(HoldsSecret, IsTrueWhereSomethingIsHidden) {
  EXPECT_TRUE(holds_secret("token", Tree{"x", kInFile, kInFile, ""}));
  EXPECT_FALSE(holds_secret("token", Tree{"${X}", kInFile, kInFile, ""}));
  EXPECT_FALSE(holds_secret("path", Tree{"x", kInFile, kInFile, ""}));
  EXPECT_FALSE(holds_secret("number", Tree{std::nan(""), kInFile, kInFile, ""}));
}

}  // namespace
}  // namespace ductus::config
