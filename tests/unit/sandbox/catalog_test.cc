#include "sandbox/catalog.h"

#include <gtest/gtest.h>

#include <string>

#include "sandbox/topic_words.h"

namespace ductus::sandbox {
namespace {

using std::chrono::milliseconds;

TEST(SandboxCatalog, WordsThatMakeNoSenseAreRefusedWithAReason) {
  Catalog catalog;
  for (const std::string words : {"", "name", "name:1", "name:0:1", "name:1:x", "name:1:1:0", "name:1:1:1:1",
                                  "na me:1:1", "..:1:1", "name:1:-1", "name:1: 1"}) {
    const Result<void> added = catalog.add_events(words, {});
    ASSERT_FALSE(added) << words;
    EXPECT_FALSE(added.error().message.empty());
  }
  for (const std::string words :
       {"name:1:100", "name:1:19:none", "name:1:1000001:none", "name:1:100:brotli", "name:1:100:none:-1",
        "name:1:100:none:1:1", "start=0", "name:1:100:none:start=", "name:1:100:none:start=1:1"}) {
    EXPECT_FALSE(catalog.add_prebuilt(words)) << words;
  }
  EXPECT_TRUE(catalog.topics().empty());
}

TEST(SandboxCatalog, ATopicHasPartitionsUpToTheLimitAndNotOneMore) {
  Catalog catalog;
  ASSERT_TRUE(catalog.add_events("wide:" + std::to_string(kMaxPartitions) + ":1", {}));
  EXPECT_EQ(catalog.find("wide")->partitions.size(), static_cast<std::size_t>(kMaxPartitions));
  const Result<void> refused = catalog.add_events("wider:" + std::to_string(kMaxPartitions + 1) + ":1", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(catalog.find("wider"), nullptr);
}

TEST(SandboxCatalog, WordsTellWhereALogStartsUpToTheLimitAndTodaysCannot) {
  const std::string most = ":start=" + std::to_string(kMaxStartOffset);
  EXPECT_EQ(read_prebuilt_words("name:1:100:none" + most)->start_offset, kMaxStartOffset);
  EXPECT_EQ(read_prebuilt_words("name:1:100:none:5:start=7")->messages, 5);
  EXPECT_EQ(read_event_words("name:1:1:10" + most)->start_offset, kMaxStartOffset);
  EXPECT_EQ(read_event_words("name:1:1")->start_offset, 0);
  EXPECT_FALSE(read_event_words("name:1:1:start=" + std::to_string(kMaxStartOffset + 1)));
  Catalog catalog;
  EXPECT_FALSE(catalog.add_events("name:1:1:start=1", {}));
  EXPECT_FALSE(catalog.add_prebuilt("name:1:100:none:start=1"));
}

TEST(SandboxCatalog, ATopicIsThereOnce) {
  Catalog catalog;
  ASSERT_TRUE(catalog.add_events("name:1:1", {}));
  EXPECT_FALSE(catalog.add_events("name:1:1", {}));
  EXPECT_FALSE(catalog.add_prebuilt("name:1:100:none"));
}

TEST(SandboxCatalog, TellsWhatReadersOfFinitePartitionsMustSee) {
  Catalog catalog;
  ASSERT_TRUE(catalog.add_events("events:2:1", {}));
  ASSERT_TRUE(catalog.add_prebuilt("endless:1:100000:none"));
  // The checksum of one message at offset 0 is its first eight bytes: {"partit, little-endian.
  EXPECT_EQ(expectations_json(catalog.expectations()),
            "[\n"
            "{\"topic\":\"events\",\"partition\":0,\"messages\":1,\"value_bytes\":" +
                std::to_string(EventLog::value(0, 0).size()) +
                ",\"checksum\":8388363815564092027},\n"
                "{\"topic\":\"events\",\"partition\":1,\"messages\":1,\"value_bytes\":" +
                std::to_string(EventLog::value(1, 0).size()) + ",\"checksum\":8388363815564092027}\n]\n");
  EXPECT_EQ(expectations_json({}), "[]\n");
}

TEST(EventLog, WithoutARateAllIsThere) {
  const base::Time start{};
  EventLog log({0, 1234, std::nullopt}, {start, 0});
  EXPECT_EQ(log.end_offset(start), 1234);
  EXPECT_FALSE(log.grows_at(start));
  EXPECT_EQ(log.batch_at(1200).base_offset, 1000);
  EXPECT_EQ(log.batch_at(1200).next_offset, 1234);
}

TEST(EventLog, WithARateItGrowsBatchByBatchToItsEnd) {
  const base::Time start{};
  const EventLog log({0, 23, 100}, {start, 5000});  // batches of 10
  EXPECT_EQ(log.end_offset(start), 0);
  EXPECT_EQ(log.end_offset(start + milliseconds(99)), 0);
  base::Time now = start;
  for (const std::int64_t end : {10, 20, 23}) {
    const auto grows_at = log.grows_at(now);
    ASSERT_TRUE(grows_at);
    EXPECT_LT(log.end_offset(*grows_at - milliseconds(1)), end);
    EXPECT_EQ(log.end_offset(*grows_at), end);
    now = *grows_at;
  }
  EXPECT_FALSE(log.grows_at(now));
  EXPECT_EQ(log.timestamp_ms(22), 5220);
}

TEST(EventLog, ItsEventsTellPartitionAndSequence) {
  EXPECT_EQ(EventLog::value(3, 17).rfind("{\"partition\":3,\"sequence\":17,\"user\":\"u", 0), 0U);
  EXPECT_EQ(EventLog::value(3, 17), EventLog::value(3, 17));
  EXPECT_NE(EventLog::value(3, 17).substr(30), EventLog::value(4, 17).substr(30));
}

}  // namespace
}  // namespace ductus::sandbox
