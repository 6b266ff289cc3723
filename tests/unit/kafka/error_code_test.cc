#include "kafka/error_code.h"

#include <gtest/gtest.h>

namespace ductus::kafka {
namespace {

TEST(KafkaErrors, HaveKafkasNamesFromTheFirstToTheLast) {
  EXPECT_EQ(name_of(KafkaError::kUnknownServerError), "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(name_of(KafkaError::kNone), "NONE");
  EXPECT_EQ(name_of(KafkaError{6}), "NOT_LEADER_OR_FOLLOWER");
  EXPECT_EQ(name_of(KafkaError{75}), "UNKNOWN_LEADER_EPOCH");
  EXPECT_EQ(name_of(KafkaError{100}), "UNKNOWN_TOPIC_ID");
  EXPECT_EQ(name_of(KafkaError{133}), "SHARE_SESSION_LIMIT_REACHED");
}

TEST(KafkaErrors, AreDescribedAlsoWhereTheyAreNotKnown) {
  EXPECT_EQ(describe(KafkaError::kOffsetOutOfRange),
            "OFFSET_OUT_OF_RANGE (1): the offset is outside the log of the partition");
  for (const std::int16_t code : {-32768, -2, 134, 32767}) {
    EXPECT_EQ(describe(KafkaError{code}),
              "UNKNOWN (" + std::to_string(code) + "): an error code that this program does not know");
  }
}

}  // namespace
}  // namespace ductus::kafka
