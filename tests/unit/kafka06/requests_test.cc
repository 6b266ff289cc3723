// Requests as they go on the wire. That brokers take them so is seen by `legacy_captures`.
#include "kafka06/requests.h"

#include <gtest/gtest.h>

#include "unit/kafka06/entries.h"

namespace ductus::kafka06 {
namespace {

TEST(Requests, Fetch) {
  const Request request = fetch({"events", 0, 24, 4096});
  EXPECT_EQ(request.bytes, join({{0, 0, 0, 26, 0, 1, 0, 6, 'e', 'v', 'e', 'n', 't', 's', 0, 0, 0, 0},
                                 {0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 16, 0}}));
  EXPECT_EQ(request.tag.api_key, 1);
  EXPECT_EQ(Expected::of(request.tag).max_bytes, 2u + 4096u);
  EXPECT_EQ(Expected::of(request.tag).parts, 1);
}

TEST(Requests, MultiFetch) {
  const Range ranges[] = {{"a", 1, 2, 3}, {"b", 4, -1, 6}};
  const Request request = multi_fetch(ranges, true);
  EXPECT_EQ(request.bytes, join({{0, 0, 0, 42, 0, 2, 0, 2},
                                 {0, 1, 'a', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3},
                                 {0, 1, 'b', 0, 0, 0, 4, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 6}}));
  const Expected expected = Expected::of(request.tag);
  EXPECT_EQ(expected.key, RequestKey::kMultiFetch);
  EXPECT_EQ(expected.parts, 2);
  EXPECT_EQ(expected.max_bytes, 2u + 6 + 3 + 6 + 6);
  EXPECT_TRUE(expected.check_first);
}

TEST(Requests, MultiFetchOfNothing) {
  const Request request = multi_fetch({});
  EXPECT_EQ(request.bytes, (Bytes{0, 0, 0, 4, 0, 2, 0, 0}));
  EXPECT_EQ(Expected::of(request.tag).max_bytes, 2u);
}

TEST(Requests, Offsets) {
  const Request request = offsets({"t", 3, OffsetsQuestion::kEarliest, 10});
  EXPECT_EQ(request.bytes,
            join({{0, 0, 0, 21, 0, 4, 0, 1, 't', 0, 0, 0, 3}, {255, 255, 255, 255, 255, 255, 255, 254, 0, 0, 0, 10}}));
  EXPECT_EQ(Expected::of(request.tag).max_bytes, 6u + 80);
}

TEST(Requests, ATagTellsWhatIsExpectedHoweverLarge) {
  for (const bool check : {false, true}) {
    const Request request = fetch({"t", 0, 0, INT32_MAX}, check);
    EXPECT_EQ(Expected::of(request.tag).max_bytes, static_cast<std::uint32_t>(INT32_MAX));
    EXPECT_EQ(Expected::of(request.tag).check_first, check);
  }
  EXPECT_FALSE(fetch({"t", 0, 0, 10}).tag.correlation_id == fetch({"t", 0, 0, 10}, true).tag.correlation_id);
}

TEST(Requests, AreNamedAsKafkaNamesThem) {
  EXPECT_EQ(name_of(RequestKey::kFetch), "FETCH");
  EXPECT_EQ(name_of(RequestKey::kMultiFetch), "MULTIFETCH");
  EXPECT_EQ(name_of(RequestKey::kOffsets), "OFFSETS");
  EXPECT_EQ(name_of(RequestKey{9}), "a request");
}

}  // namespace
}  // namespace ductus::kafka06
