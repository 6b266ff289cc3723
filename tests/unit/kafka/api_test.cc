// Requests and answers of every version, held beside the bytes that Kafka's own client library writes.
#include <gtest/gtest.h>

#include "golden_file.h"
#include "kafka/api/api_versions.h"
#include "kafka/api/fetch.h"
#include "kafka/api/list_offsets.h"
#include "kafka/api/metadata.h"
#include "kafka/api/offset_for_leader_epoch.h"

namespace ductus::kafka {
namespace {

constexpr std::size_t kCorrelationIdBytes = 4;
constexpr ports::TopicId kIdOfA{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};
constexpr ports::TopicId kIdOfB{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11};

std::vector<std::uint8_t> our_request(const GoldenMessage& message) {
  const std::int16_t v = message.version;
  const auto frame = [&](const auto& request) { return encode_frame(request, v, 7, "ductus"); };
  if (message.api == "ApiVersions") return frame(ApiVersionsRequest{"ductus", "1.2.3"});
  if (message.api == "Metadata") return frame(MetadataRequest{{"a", "b.c"}});
  if (message.api == "ListOffsets") {
    return frame(ListOffsetsRequest{IsolationLevel::kReadCommitted,
                                    {{"a", 0, ListOffsetsRequest::kLatest, 5},
                                     {"a", 1, ListOffsetsRequest::kEarliest, -1},
                                     {"b", 7, 1'700'000'000'000, -1}}});
  }
  if (message.api == "OffsetForLeaderEpoch") {
    return frame(OffsetForLeaderEpochRequest{{{"a", 0, 5, 4}, {"a", 3, -1, 0}, {"b", 7, 9, 9}}});
  }
  FetchRequest request;
  request.max_wait_ms = 500;
  request.max_bytes = 4 << 20;
  request.isolation = IsolationLevel::kReadCommitted;
  request.partitions = {{"a", kIdOfA, 0, std::int64_t{1} << 40, 1 << 20, 5, 4},
                        {"a", kIdOfA, 3, 0, 1 << 20},
                        {"b", kIdOfB, 7, 12, 1 << 16}};
  return frame(request);
}

TEST(Requests, OfEveryVersionAreTheBytesThatKafkasClientWrites) {
  const auto golden = golden_messages("client_requests.hex");
  ASSERT_EQ(golden.size(), 37u);
  for (const auto& message : golden) {
    const auto ours = our_request(message);
    SCOPED_TRACE(message.api + " v" + std::to_string(message.version));
    Reader size(ours);
    EXPECT_EQ(static_cast<std::size_t>(size.i32()), ours.size() - 4);
    EXPECT_EQ(std::vector<std::uint8_t>(ours.begin() + 4, ours.end()), message.bytes);
  }
}

// Reads a golden answer from behind its header; fails the test where bytes are left.
template <class Request, class Response>
Response read(const GoldenMessage& message) {
  Reader reader(message.bytes);
  reader.skip(kCorrelationIdBytes);
  reader.skip_tags(message.version >= Request::kFirstFlexible && Request::kApiKey != ApiKey::kApiVersions);
  Response response;
  EXPECT_TRUE(decode(reader, message.version, response));
  EXPECT_TRUE(reader.complete());
  return response;
}

void expect_content(const ApiVersionsResponse& answer, std::int16_t version) {
  EXPECT_EQ(answer.error, KafkaError::kNone);
  EXPECT_EQ(answer.throttle_ms, version >= 1 ? 12 : 0);
  ASSERT_EQ(answer.apis.size(), 2u);
  EXPECT_EQ(common_version<FetchRequest>(answer), 16);
  EXPECT_EQ(common_version<MetadataRequest>(answer), 5);
  EXPECT_EQ(common_version<ListOffsetsRequest>(answer), std::nullopt);
}

void expect_content(const MetadataResponse& answer, std::int16_t version) {
  EXPECT_EQ(answer.throttle_ms, version >= 3 ? 12 : 0);
  EXPECT_EQ(answer.cluster_id, version >= 2 ? "cluster" : "");
  ASSERT_EQ(answer.brokers.size(), 2u);
  EXPECT_EQ(answer.brokers[0].node_id, 1);
  EXPECT_EQ(answer.brokers[0].host, "one.example");
  EXPECT_EQ(answer.brokers[1].host, "::1");
  EXPECT_EQ(answer.brokers[1].port, 9093);
  ASSERT_EQ(answer.topics.size(), 2u);
  const auto& topic = answer.topics[0];
  EXPECT_EQ(topic.error, KafkaError::kNone);
  EXPECT_EQ(topic.name, "a");
  EXPECT_EQ(topic.topic_id[15], version >= 10 ? 0x10 : 0);
  ASSERT_EQ(topic.partitions.size(), 2u);
  EXPECT_EQ(topic.partitions[0].leader_id, 2);
  EXPECT_EQ(topic.partitions[0].leader_epoch, version >= 9 ? 9 : -1);
  EXPECT_EQ(topic.partitions[1].index, 1);
  EXPECT_EQ(topic.partitions[1].leader_id, -1);
  EXPECT_EQ(topic.partitions[1].error, KafkaError::kLeaderNotAvailable);
  EXPECT_EQ(answer.topics[1].name, "missing");
  EXPECT_EQ(answer.topics[1].error, KafkaError::kUnknownTopicOrPartition);
  EXPECT_TRUE(answer.topics[1].partitions.empty());
}

void expect_content(const ListOffsetsResponse& answer, std::int16_t version) {
  EXPECT_EQ(answer.throttle_ms, version >= 2 ? 12 : 0);
  ASSERT_EQ(answer.partitions.size(), 3u);
  EXPECT_EQ(answer.partitions[0].topic, "a");
  EXPECT_EQ(answer.partitions[0].timestamp_ms, 1'700'000'000'000);
  EXPECT_EQ(answer.partitions[0].offset, std::int64_t{1} << 40);
  EXPECT_EQ(answer.partitions[0].leader_epoch, version >= 4 ? 5 : -1);
  EXPECT_EQ(answer.partitions[1].partition, 1);
  EXPECT_EQ(answer.partitions[1].error, KafkaError::kNotLeaderOrFollower);
  EXPECT_EQ(answer.partitions[1].offset, -1);
  EXPECT_EQ(answer.partitions[2].topic, "b");
  EXPECT_EQ(answer.partitions[2].partition, 7);
  EXPECT_EQ(answer.partitions[2].offset, 0);
}

void expect_content(const OffsetForLeaderEpochResponse& answer, std::int16_t) {
  EXPECT_EQ(answer.throttle_ms, 12);
  ASSERT_EQ(answer.partitions.size(), 3u);
  EXPECT_EQ(answer.partitions[0].topic, "a");
  EXPECT_EQ(answer.partitions[0].error, KafkaError::kNone);
  EXPECT_EQ(answer.partitions[0].leader_epoch, 4);
  EXPECT_EQ(answer.partitions[0].end_offset, std::int64_t{1} << 40);
  EXPECT_EQ(answer.partitions[1].partition, 3);
  EXPECT_EQ(answer.partitions[1].error, KafkaError::kFencedLeaderEpoch);
  EXPECT_EQ(answer.partitions[1].leader_epoch, -1);
  EXPECT_EQ(answer.partitions[1].end_offset, -1);
  EXPECT_EQ(answer.partitions[2].topic, "b");
  EXPECT_EQ(answer.partitions[2].partition, 7);
  EXPECT_EQ(answer.partitions[2].end_offset, 12);
}

void expect_content(const FetchResponse& answer, std::int16_t version) {
  EXPECT_EQ(answer.throttle_ms, 12);
  EXPECT_EQ(answer.session_id, version >= 7 ? 77 : 0);
  EXPECT_EQ(answer.error, version >= 7 ? KafkaError::kInvalidFetchSessionEpoch : KafkaError::kNone);
  ASSERT_EQ(answer.partitions.size(), 2u);
  const auto& full = answer.partitions[0];
  EXPECT_EQ(full.topic, version >= 13 ? "" : "a");
  EXPECT_EQ(full.topic_id, version >= 13 ? kIdOfA : ports::TopicId{});
  EXPECT_EQ(full.high_watermark, 100);
  EXPECT_EQ(full.last_stable_offset, 90);
  EXPECT_EQ(full.log_start_offset, version >= 5 ? 10 : -1);
  EXPECT_EQ(full.preferred_read_replica, version >= 11 ? 3 : -1);
  EXPECT_EQ(full.diverging_epoch, version >= 12 ? 4 : -1);
  EXPECT_EQ(full.diverging_end_offset, version >= 12 ? 44 : -1);
  EXPECT_EQ(full.leader_id, version >= 12 ? 2 : -1);
  EXPECT_EQ(full.leader_epoch, version >= 12 ? 6 : -1);
  ASSERT_EQ(full.aborted.size(), 2u);
  EXPECT_EQ(full.aborted[1].producer_id, 1001);
  EXPECT_EQ(full.aborted[1].first_offset, 40);
  const auto& refused = answer.partitions[1];
  EXPECT_EQ(refused.topic, version >= 13 ? "" : "b");
  EXPECT_EQ(refused.topic_id, version >= 13 ? kIdOfB : ports::TopicId{});
  EXPECT_EQ(refused.partition, 5);
  EXPECT_EQ(refused.error, KafkaError::kOffsetOutOfRange);
  EXPECT_EQ(refused.high_watermark, -1);
  EXPECT_TRUE(refused.aborted.empty());
  EXPECT_TRUE(refused.records.empty());
  EXPECT_EQ(refused.leader_id, -1);
  ASSERT_EQ(answer.leaders.size(), version >= 16 ? 1u : 0u);
  if (version >= 16) {
    EXPECT_EQ(answer.leaders[0].node_id, 2);
    EXPECT_EQ(answer.leaders[0].host, "two.example");
    EXPECT_EQ(answer.leaders[0].port, 9094);
  }
}

TEST(Answers, OfEveryVersionAsKafkaWritesThemAreReadWhole) {
  const auto golden = golden_messages("client_responses.hex");
  ASSERT_EQ(golden.size(), 37u);
  for (const auto& message : golden) {
    SCOPED_TRACE(message.api + " v" + std::to_string(message.version));
    const std::int16_t v = message.version;
    if (message.api == "ApiVersions") expect_content(read<ApiVersionsRequest, ApiVersionsResponse>(message), v);
    if (message.api == "Metadata") expect_content(read<MetadataRequest, MetadataResponse>(message), v);
    if (message.api == "ListOffsets") expect_content(read<ListOffsetsRequest, ListOffsetsResponse>(message), v);
    if (message.api == "OffsetForLeaderEpoch") {
      expect_content(read<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(message), v);
    }
    if (message.api == "Fetch") expect_content(read<FetchRequest, FetchResponse>(message), v);
  }
}

TEST(CommonVersion, IsNoneWhereTheBrokerIsTooOldOrTooNew) {
  ApiVersionsResponse broker;
  EXPECT_EQ(common_version<FetchRequest>(broker), std::nullopt);
  broker.apis = {{1, 0, 3}};
  EXPECT_EQ(common_version<FetchRequest>(broker), std::nullopt);
  broker.apis = {{1, 17, 18}};
  EXPECT_EQ(common_version<FetchRequest>(broker), std::nullopt);
  broker.apis = {{1, 16, 18}};
  EXPECT_EQ(common_version<FetchRequest>(broker), 16);
  broker.apis = {{1, 0, 4}};
  EXPECT_EQ(common_version<FetchRequest>(broker), 4);
}

TEST(Requests, NeverNameATopicWhereNamingMayCreateIt) {
  for (std::int16_t version = 1; version < 4; ++version) {
    const auto frame = encode_frame(MetadataRequest{{"secret"}}, version, 1, "");
    const std::string text(frame.begin(), frame.end());
    EXPECT_EQ(text.find("secret"), std::string::npos) << "v" << version;
  }
}

}  // namespace
}  // namespace ductus::kafka
