#include "config/store_url.h"

#include <gtest/gtest.h>

namespace ductus::config {
namespace {

RedisPlace parsed(std::string_view url) {
  auto place = parse_redis_url(url, "/base");
  if (place) return *std::move(place);
  ADD_FAILURE() << url << ": " << place.error().message;
  return {};
}

TEST(RedisUrl, NamesHostPortUserAndDatabase) {
  EXPECT_EQ(parsed("redis://db"), (RedisPlace{"db", 6379, {}, false, "", 0}));
  EXPECT_EQ(parsed("redis://db/"), (RedisPlace{"db", 6379, {}, false, "", 0}));
  EXPECT_EQ(parsed("redis://pipe@db.example:6380/3"), (RedisPlace{"db.example", 6380, {}, false, "pipe", 3}));
  EXPECT_EQ(parsed("rediss://127.0.0.1:6380"), (RedisPlace{"127.0.0.1", 6380, {}, true, "", 0}));
  EXPECT_EQ(parsed("redis://[::1]:7000/1"), (RedisPlace{"::1", 7000, {}, false, "", 1}));
  EXPECT_EQ(parsed("redis://u@[fe80::1%eth0]"), (RedisPlace{"fe80::1%eth0", 6379, {}, false, "u", 0}));
}

TEST(RedisUrl, NamesAUnixSocket) {
  EXPECT_EQ(parsed("redis+unix:/run/redis.sock"), (RedisPlace{"", 6379, "/run/redis.sock", false, "", 0}));
  EXPECT_EQ(parsed("redis+unix:run/redis.sock?db=2"), (RedisPlace{"", 6379, "/base/run/redis.sock", false, "", 2}));
  EXPECT_EQ(parsed("redis+unix:///run/r.sock"), (RedisPlace{"", 6379, "/run/r.sock", false, "", 0}));
  EXPECT_EQ(parsed("redis+unix://pipe@/run/r@1.sock"), (RedisPlace{"", 6379, "/run/r@1.sock", false, "pipe", 0}));
}

TEST(RedisUrl, IsWrittenAsItIsRead) {
  for (const char* url : {"redis://db:6379/0", "rediss://u@[::1]:7000/1", "redis+unix:/run/r.sock?db=0",
                          "redis+unix://u@/run/r.sock?db=3"}) {
    EXPECT_EQ(to_text(parsed(url)), url);
  }
}

TEST(RedisUrl, HasNoPlaceForAPassword) {
  for (const char* url : {"redis://:sesame@db", "redis://u:sesame@db:1/1", "rediss://u:ses@me@db",
                          "redis+unix://u:sesame@/run/r.sock", "redis://u:ses/me@db"}) {
    const auto refused = parse_redis_url(url, "/base");
    ASSERT_FALSE(refused.ok()) << url;
    EXPECT_NE(refused.error().message.find("store.password_file"), std::string::npos) << refused.error().message;
    EXPECT_EQ(refused.error().message.find("ses"), std::string::npos) << refused.error().message;
  }
}

TEST(RedisUrl, RefusesWhatItCannotMean) {
  for (const char* url :
       {"redis:", "redis:db", "redis://", "redis:///1", "redis://db:0", "redis://db:65536", "redis://db:6379/x",
        "redis://db/-1", "redis://db/1/2", "redis://db/4294967296", "redis://@db", "redis://d b", "redis://::1",
        "redis+unix:", "redis+unix:/run/", "redis+unix:/r?db=x", "redis+tcp:x", "rediss:db"}) {
    const auto refused = parse_redis_url(url, "/base");
    ASSERT_FALSE(refused.ok()) << url;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_NE(refused.error().message.find("expected \"redis://"), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace ductus::config
