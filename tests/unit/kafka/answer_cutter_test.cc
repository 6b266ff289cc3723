// Answers of a real broker (tests/golden/kafka/ORIGIN.md), whole and damaged.
#include "kafka/answer_cutter.h"

#include <gtest/gtest.h>

#include "codecs/compression.h"
#include "golden_file.h"
#include "kafka/set_decoder.h"

namespace ductus::kafka {
namespace {

constexpr std::uint32_t kCorrelationId = 7;

struct Golden {
  const char* file;
  ApiKey api;
  std::int16_t version;
};
constexpr Golden kGolden[] = {
    {"api_versions_v0.bin", ApiKey::kApiVersions, 0},
    {"api_versions_v3.bin", ApiKey::kApiVersions, 3},
    {"api_versions_unsupported.bin", ApiKey::kApiVersions, 3},
    {"metadata_v1.bin", ApiKey::kMetadata, 1},
    {"metadata_v12.bin", ApiKey::kMetadata, 12},
    {"list_offsets_v1.bin", ApiKey::kListOffsets, 1},
    {"list_offsets_v7.bin", ApiKey::kListOffsets, 7},
    {"fetch_v4.bin", ApiKey::kFetch, 4},
    {"fetch_v12.bin", ApiKey::kFetch, 12},
    {"fetch_v4_aborted.bin", ApiKey::kFetch, 4},
    {"fetch_v12_aborted.bin", ApiKey::kFetch, 12},
    {"fetch_v12_out_of_range.bin", ApiKey::kFetch, 12},
    {"fetch_v12_diverging.bin", ApiKey::kFetch, 12},
    {"fetch_v12_gzip_java.bin", ApiKey::kFetch, 12},
    {"fetch_v12_gzip_rdkafka.bin", ApiKey::kFetch, 12},
    {"fetch_v12_snappy_java.bin", ApiKey::kFetch, 12},
    {"fetch_v12_snappy_rdkafka.bin", ApiKey::kFetch, 12},
    {"fetch_v12_zstd_java.bin", ApiKey::kFetch, 12},
    {"fetch_v12_zstd_rdkafka.bin", ApiKey::kFetch, 12},
};

class AnswerCutterTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<ports::Answer>> cut(ApiKey api, std::int16_t version, base::ByteView bytes) const {
    return cutter_.cut({kCorrelationId, static_cast<std::int16_t>(api), version}, base::Buffer::copy_of(bytes));
  }
  template <class Answer>
  std::unique_ptr<Answer> cut_golden(const std::string& file, ApiKey api, std::int16_t version) const {
    auto answer = cut(api, version, golden_bytes(file));
    if (!answer) {
      ADD_FAILURE() << answer.error().message;
      return std::make_unique<Answer>();
    }
    return std::unique_ptr<Answer>(static_cast<Answer*>(std::move(answer).value().release()));
  }
  // The broker answers in an order of its own.
  static ListOffsetsResponse::Partition offset_of(const ListOffsetsAnswer& answer, std::int32_t partition) {
    for (const auto& found : answer.response.partitions) {
      if (found.topic == "golden" && found.partition == partition) return found;
    }
    ADD_FAILURE() << "no answer for partition " << partition;
    return {};
  }
  // All messages of one partition's answer as "offset key=value", read as the node reads them.
  std::vector<std::string> messages(const FetchAnswer& answer, std::size_t index, std::int64_t asked_offset) {
    ports::FetchedSet set;
    set.records = answer.response.partitions[index].records.first(answer.hops[index].bytes);
    set.asked_offset = asked_offset;
    set.aborted = answer.response.partitions[index].aborted;
    std::vector<std::string> texts;
    ports::SetCursor cursor{0, asked_offset};
    for (bool last = false; !last;) {
      const auto batch = RecordSetDecoder().decode(set, cursor, 1, arena_);
      if (!batch) return {batch.error().message};
      for (const auto& message : arena_.messages) texts.push_back(text_of(message));
      cursor = batch->cursor;
      last = batch->last;
    }
    return texts;
  }
  static std::string text_of(const Message& message) {
    return std::to_string(message.offset()) + " " + (message.has_key() ? std::string(message.key()) : "null") + "=" +
           (message.has_value() ? std::string(message.value()) : "null");
  }
  KafkaAnswerCutter cutter_;
  ports::DecodeArena arena_;
};

TEST_F(AnswerCutterTest, ReadsWhichVersionsABrokerSpeaks) {
  for (const std::int16_t version : {std::int16_t{0}, std::int16_t{3}}) {
    const auto file = "api_versions_v" + std::to_string(version) + ".bin";
    const auto answer = cut_golden<ApiVersionsAnswer>(file, ApiKey::kApiVersions, version);
    EXPECT_EQ(answer->response.error, KafkaError::kNone);
    EXPECT_EQ(common_version<FetchRequest>(answer->response), 16);
    EXPECT_EQ(common_version<MetadataRequest>(answer->response), 12);
    EXPECT_EQ(common_version<ListOffsetsRequest>(answer->response), 7);
    EXPECT_EQ(common_version<ApiVersionsRequest>(answer->response), 3);
  }
}

TEST_F(AnswerCutterTest, ReadsTheOldLayoutWhereTheBrokerDoesNotKnowTheVersion) {
  const auto answer = cut_golden<ApiVersionsAnswer>("api_versions_unsupported.bin", ApiKey::kApiVersions, 3);
  EXPECT_EQ(answer->response.error, KafkaError::kUnsupportedVersion);
  EXPECT_EQ(common_version<ApiVersionsRequest>(answer->response), 3);
}

TEST_F(AnswerCutterTest, ReadsBrokersAndTopics) {
  const auto all = cut_golden<MetadataAnswer>("metadata_v1.bin", ApiKey::kMetadata, 1);
  EXPECT_GE(all->response.topics.size(), 3u);
  const auto named = cut_golden<MetadataAnswer>("metadata_v12.bin", ApiKey::kMetadata, 12);
  ASSERT_EQ(named->response.brokers.size(), 1u);
  EXPECT_EQ(named->response.brokers[0].host, "127.0.0.1");
  EXPECT_EQ(named->response.cluster_id.size(), 22u);
  ASSERT_EQ(named->response.topics.size(), 2u);
  for (const auto& topic : named->response.topics) {
    const bool missing = topic.name == "missing";
    EXPECT_EQ(topic.error, missing ? KafkaError::kUnknownTopicOrPartition : KafkaError::kNone);
    EXPECT_EQ(topic.partitions.size(), missing ? 0u : 2u);
    EXPECT_EQ(topic.topic_id == ports::TopicId{}, missing);
  }
}

TEST_F(AnswerCutterTest, ReadsOffsets) {
  const auto old = cut_golden<ListOffsetsAnswer>("list_offsets_v1.bin", ApiKey::kListOffsets, 1);
  EXPECT_EQ(offset_of(*old, 0).offset, 10);
  EXPECT_EQ(offset_of(*old, 1).offset, 0);
  const auto now = cut_golden<ListOffsetsAnswer>("list_offsets_v7.bin", ApiKey::kListOffsets, 7);
  EXPECT_EQ(now->response.partitions.size(), 3u);
  EXPECT_EQ(offset_of(*now, 0).offset, 4);  // the first one at or after the time
  EXPECT_EQ(offset_of(*now, 0).timestamp_ms, 1'700'000'070'000);
  EXPECT_EQ(offset_of(*now, 0).leader_epoch, 0);
  EXPECT_EQ(offset_of(*now, 1).offset, 0);
  EXPECT_EQ(offset_of(*now, 9).error, KafkaError::kUnknownTopicOrPartition);
}

TEST_F(AnswerCutterTest, ReadsMessagesOfBothCodecs) {
  const auto answer = cut_golden<FetchAnswer>("fetch_v4.bin", ApiKey::kFetch, 4);
  ASSERT_EQ(answer->hops.size(), 2u);
  EXPECT_EQ(answer->response.partitions[0].high_watermark, 10);
  EXPECT_EQ(answer->hops[0].end, Hop::End::kWhole);
  EXPECT_EQ(answer->hops[0].next_offset, 10);
  EXPECT_EQ(answer->hops[0].first_last_offset, 4);
  EXPECT_EQ(answer->hops[0].leader_epoch, 0);
  EXPECT_EQ(answer->hops[1].next_offset, -1);
  std::string text;
  for (int i = 0; i < 20; ++i) text += "0123456789abcdef";
  const std::vector<std::string> expected = {
      "0 key=value 0", "1 null=with headers", "2 tombstone=null", "3 =", "4 long=" + text,
      "5 key=value 5", "6 null=with headers", "7 tombstone=null", "8 =", "9 long=" + text};
  EXPECT_EQ(messages(*answer, 0, 0), expected);
}

TEST_F(AnswerCutterTest, ReadsACodecAsBothProducersWriteIt) {
  std::vector<std::string> expected;
  for (int i = 0; i < 30; ++i) {
    const std::string number = std::to_string(i);
    expected.push_back(number + " key " + number + "=value " + number + " " +
                       std::string(static_cast<std::size_t>(i), 'x'));
  }
  for (const codecs::Codec codec : {codecs::Codec::kGzip, codecs::Codec::kSnappy, codecs::Codec::kZstd}) {
    for (const char* producer : {"java", "rdkafka"}) {
      const std::string file = "fetch_v12_" + std::string(name_of(codec)) + "_" + producer + ".bin";
      const auto answer = cut_golden<FetchAnswer>(file, ApiKey::kFetch, 12);
      constexpr std::size_t kAttributesLowByte = 22;
      ASSERT_EQ(answer->response.partitions[0].records[kAttributesLowByte] & 7, static_cast<int>(codec)) << file;
      EXPECT_EQ(messages(*answer, 0, 0), expected) << file;
    }
  }
}

TEST_F(AnswerCutterTest, SkipsWhatLiesBelowTheAskedOffset) {
  const auto answer = cut_golden<FetchAnswer>("fetch_v12.bin", ApiKey::kFetch, 12);
  ASSERT_EQ(answer->hops.size(), 3u);
  EXPECT_EQ(answer->response.partitions[0].log_start_offset, 0);
  EXPECT_EQ(answer->hops[0].first_last_offset, 9);
  const auto texts = messages(*answer, 0, 7);
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_EQ(texts[0], "7 tombstone=null");
  EXPECT_EQ(answer->response.partitions[2].error, KafkaError::kUnknownTopicOrPartition);
}

TEST_F(AnswerCutterTest, LeavesOutAbortedMessages) {
  const std::vector<std::string> committed = {"0 t1-0=committed 1/0", "1 t1-1=committed 1/1", "6 t3-0=committed 3/0",
                                              "7 t3-1=committed 3/1"};
  const auto v4 = cut_golden<FetchAnswer>("fetch_v4_aborted.bin", ApiKey::kFetch, 4);
  ASSERT_EQ(v4->response.partitions[0].aborted.size(), 1u);
  EXPECT_EQ(messages(*v4, 0, 0), committed);
  const auto v12 = cut_golden<FetchAnswer>("fetch_v12_aborted.bin", ApiKey::kFetch, 12);
  EXPECT_EQ(v12->hops[0].next_offset, 9);
  EXPECT_EQ(messages(*v12, 0, 0), committed);
}

TEST_F(AnswerCutterTest, TellsOfAnOffsetOutsideTheLogAndOfATruncatedOne) {
  const auto outside = cut_golden<FetchAnswer>("fetch_v12_out_of_range.bin", ApiKey::kFetch, 12);
  EXPECT_EQ(outside->response.partitions[0].error, KafkaError::kOffsetOutOfRange);
  const auto truncated = cut_golden<FetchAnswer>("fetch_v12_diverging.bin", ApiKey::kFetch, 12);
  EXPECT_EQ(truncated->response.partitions[0].error, KafkaError::kNone);
  EXPECT_EQ(truncated->response.partitions[0].diverging_epoch, 0);
  EXPECT_EQ(truncated->response.partitions[0].diverging_end_offset, 10);
}

TEST_F(AnswerCutterTest, B40_RefusesAnAnswerToAnotherRequest) {
  const auto bytes = golden_bytes("metadata_v1.bin");
  const auto answer = cutter_.cut({8, 3, 1}, base::Buffer::copy_of(bytes));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(cut(ApiKey{99}, 0, bytes).error().code, ErrorCode::kUnsupported);
}

TEST_F(AnswerCutterTest, B39_RefusesEveryAnswerThatIsCutOff) {
  for (const auto& golden : kGolden) {
    const auto bytes = golden_bytes(golden.file);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto answer = cut(golden.api, golden.version, base::ByteView(bytes).first(size));
      ASSERT_FALSE(answer.ok()) << golden.file << " cut at " << size;
      ASSERT_EQ(answer.error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST_F(AnswerCutterTest, B41_RefusesBytesLeftOver) {
  for (const auto& golden : kGolden) {
    auto bytes = golden_bytes(golden.file);
    bytes.push_back(0);
    EXPECT_FALSE(cut(golden.api, golden.version, bytes).ok()) << golden.file;
  }
}

TEST_F(AnswerCutterTest, SurvivesEveryByteSetToEveryExtreme) {
  for (const auto& golden : kGolden) {
    const auto whole = golden_bytes(golden.file);
    for (std::size_t at = 4; at < whole.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF}) {
        auto bytes = whole;
        bytes[at] = static_cast<std::uint8_t>(value);
        auto answer = cut(golden.api, golden.version, bytes);
        if (!answer || golden.api != ApiKey::kFetch) continue;
        const auto& fetched = static_cast<const FetchAnswer&>(**answer);
        for (std::size_t i = 0; i < fetched.hops.size(); ++i) (void)messages(fetched, i, 0);
      }
    }
  }
}

}  // namespace
}  // namespace ductus::kafka
