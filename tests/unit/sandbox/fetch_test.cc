#include "sandbox/api/fetch.h"

#include <gtest/gtest.h>

#include <limits>

#include "practice_broker.h"
#include "record_reader.h"

namespace ductus::sandbox {
namespace {

using std::chrono::milliseconds;

constexpr TopicId kNobodys{0xff};

struct Ask {
  std::int16_t version = 4;
  std::string topic = "events";
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int32_t max_wait_ms = 0;
  std::int32_t min_bytes = 1;
  std::int32_t max_bytes = 1 << 20;
  std::int32_t partition_max_bytes = 1 << 20;
  std::int8_t isolation_level = 0;
  std::int32_t session_id = 0;
  std::int32_t leader_epoch = -1;
  std::size_t times = 1;  ///< the same partition so often in one request
  TopicId topic_id{};     ///< from version 13 on, instead of the name
};

kafka::Writer fetch_request(const Ask& ask) {
  const bool flexible = ask.version >= 12;
  kafka::Writer out = request(1, ask.version, flexible);
  if (ask.version <= 14) out.i32(-1);
  out.i32(ask.max_wait_ms);
  out.i32(ask.min_bytes);
  out.i32(ask.max_bytes);
  out.i8(ask.isolation_level);
  if (ask.version >= 7) {
    out.i32(ask.session_id);
    out.i32(-1);
  }
  out.array_size(1, flexible);
  ask.version >= 13 ? out.raw(ask.topic_id) : out.string(ask.topic, flexible);
  out.array_size(ask.times, flexible);
  for (std::size_t i = 0; i < ask.times; ++i) {
    out.i32(ask.partition);
    if (ask.version >= 9) out.i32(ask.leader_epoch);
    out.i64(ask.offset);
    if (ask.version >= 12) out.i32(-1);
    if (ask.version >= 5) out.i64(-1);
    out.i32(ask.partition_max_bytes);
    out.no_tags(flexible);
  }
  out.no_tags(flexible);
  if (ask.version >= 7) out.array_size(0, flexible);
  if (ask.version >= 11) out.string("", flexible);
  out.no_tags(flexible);
  return out;
}

struct Part {
  std::int16_t error = 0;
  std::int64_t high_watermark = 0;
  std::int64_t last_stable_offset = 0;
  std::vector<ReadRecord> records;
  std::size_t record_bytes = 0;
  std::size_t cut_off_bytes = 0;
};

struct Fetched {
  std::int16_t error = 0;
  std::vector<Part> parts;
};

Part read_part(kafka::Reader& reader, const Ask& ask) {
  const bool flexible = ask.version >= 12;
  Part part;
  EXPECT_EQ(reader.i32(), ask.partition);
  part.error = reader.i16();
  part.high_watermark = reader.i64();
  part.last_stable_offset = reader.i64();
  if (ask.version >= 5) {
    EXPECT_EQ(reader.i64(), part.error == 0 ? 0 : -1) << "log start";
  }
  EXPECT_EQ(reader.array_size(flexible, 16), 0U) << "aborted transactions";
  if (ask.version >= 11) {
    EXPECT_EQ(reader.i32(), -1) << "preferred replica";
  }
  base::ByteView records = reader.nullable_bytes(flexible);
  part.record_bytes = records.size();
  part.records = read_records(records);
  part.cut_off_bytes = records.size();
  reader.skip_tags(flexible);
  return part;
}

Fetched read_fetched(const Bytes& answer, const Ask& ask) {
  const bool flexible = ask.version >= 12;
  kafka::Reader reader(answer);
  Fetched fetched;
  EXPECT_EQ(reader.i32(), 7);
  reader.skip_tags(flexible);
  EXPECT_EQ(reader.i32(), 0) << "throttle time";
  if (ask.version >= 7) {
    fetched.error = reader.i16();
    EXPECT_EQ(reader.i32(), 0) << "session id";
  }
  for (std::size_t topics = reader.array_size(flexible, 1); topics > 0 && reader.ok(); --topics) {
    if (ask.version >= 13) {
      const base::ByteView id = reader.raw(ask.topic_id.size());
      EXPECT_TRUE(std::equal(id.begin(), id.end(), ask.topic_id.begin()));
    } else {
      EXPECT_EQ(reader.string(flexible), ask.topic);
    }
    for (std::size_t parts = reader.array_size(flexible, 1); parts > 0 && reader.ok(); --parts) {
      fetched.parts.push_back(read_part(reader, ask));
    }
    reader.skip_tags(flexible);
  }
  reader.skip_tags(flexible);
  EXPECT_TRUE(reader.complete()) << "version " << ask.version;
  return fetched;
}

class Fetch : public PracticeBroker {
 protected:
  Fetched fetch(const Ask& ask) {
    Client client = connect();
    return read_fetched(PracticeBroker::ask(client, fetch_request(ask)), ask);
  }
  Part fetch_one(const Ask& ask) {
    Fetched fetched = fetch(ask);
    EXPECT_EQ(fetched.parts.size(), 1U);
    return fetched.parts.empty() ? Part{} : fetched.parts.front();
  }
};

TEST_F(Fetch, ServesTheEventsInEveryVersion) {
  serve_events("events:2:600");
  for (std::int16_t version = 4; version <= 16; ++version) {
    const Part part = fetch_one({.version = version, .partition = 1, .topic_id = catalog.find("events")->id});
    EXPECT_EQ(part.error, 0);
    EXPECT_EQ(part.high_watermark, 600);
    EXPECT_EQ(part.last_stable_offset, 600);
    ASSERT_EQ(part.records.size(), 600U) << "version " << version;
    for (std::size_t i = 0; i < part.records.size(); ++i) {
      EXPECT_EQ(part.records[i].offset, static_cast<std::int64_t>(i));
      EXPECT_EQ(part.records[i].value, EventLog::value(1, static_cast<std::int64_t>(i)));
      EXPECT_EQ(part.records[i].timestamp_ms, kStartMs - 600 + static_cast<std::int64_t>(i));
    }
  }
}

TEST_F(Fetch, AnOffsetWithinABatchGetsTheWholeBatch) {
  serve_events("events:1:1200");
  const Part part = fetch_one({.offset = 700});
  ASSERT_FALSE(part.records.empty());
  EXPECT_EQ(part.records.front().offset, 500);
  EXPECT_EQ(part.records.back().offset, 1199);
}

TEST_F(Fetch, TheFirstBatchComesWholeBeyondTheLimits) {
  serve_events("events:1:1200");
  const Part part = fetch_one({.max_bytes = 1, .partition_max_bytes = 1});
  EXPECT_EQ(part.records.size(), 500U);
  EXPECT_EQ(part.cut_off_bytes, 0U);
}

TEST_F(Fetch, OnlyTheFirstPartitionMayGoBeyondTheLimits) {
  serve_events("events:1:1200");
  const Fetched fetched = fetch({.partition_max_bytes = 100, .times = 3});
  ASSERT_EQ(fetched.parts.size(), 3U);
  EXPECT_EQ(fetched.parts[0].records.size(), 500U);
  EXPECT_EQ(fetched.parts[1].record_bytes, 0U);
  EXPECT_EQ(fetched.parts[2].record_bytes, 0U);
}

TEST_F(Fetch, LaterBatchesAreCutOffAtTheLimit) {
  serve_prebuilt("bench:1:1000:none");
  const Part part = fetch_one({.topic = "bench", .partition_max_bytes = 150'000});
  EXPECT_EQ(part.record_bytes, 150'000U);
  EXPECT_GT(part.cut_off_bytes, 0U);
  EXPECT_GT(part.records.size(), 60U);
}

TEST_F(Fetch, TheLimitOfTheAnswerCountsOverAllPartitions) {
  serve_prebuilt("bench:1:1000:none");
  const Fetched fetched = fetch({.topic = "bench", .max_bytes = 200'000, .partition_max_bytes = 150'000, .times = 3});
  ASSERT_EQ(fetched.parts.size(), 3U);
  EXPECT_EQ(fetched.parts[0].record_bytes, 150'000U);
  EXPECT_EQ(fetched.parts[1].record_bytes, 0U) << "less is left than the first batch takes";
}

TEST_F(Fetch, AnAnswerHoldsNoMoreThanTheSandboxesOwnLimit) {
  serve_prebuilt("bench:1:1000:none");
  constexpr std::size_t kEach = 1 << 20;
  constexpr std::size_t kTimes = kMaxFetchBytes / kEach + 1;
  const Fetched fetched = fetch({.topic = "bench",
                                 .max_bytes = std::numeric_limits<std::int32_t>::max(),
                                 .partition_max_bytes = kEach,
                                 .times = kTimes});
  ASSERT_EQ(fetched.parts.size(), kTimes);
  std::size_t bytes = 0;
  for (const Part& part : fetched.parts) bytes += part.record_bytes;
  EXPECT_EQ(bytes, kMaxFetchBytes);
  EXPECT_EQ(fetched.parts.back().record_bytes, 0U);
}

TEST_F(Fetch, OffsetsOutsideTheLogAreOutOfRange) {
  serve_events("events:1:100");
  for (const std::int64_t offset : {std::int64_t{-1}, std::int64_t{101}}) {
    const Part part = fetch_one({.offset = offset, .max_wait_ms = 10'000});
    EXPECT_EQ(part.error, 1);
    EXPECT_EQ(part.high_watermark, -1);
  }
}

TEST_F(Fetch, WhatIsNotThereIsNamedAtOnce) {
  serve_events("events:1:100");
  EXPECT_EQ(fetch_one({.topic = "missing", .max_wait_ms = 10'000}).error, 3);
  EXPECT_EQ(fetch_one({.partition = 1, .max_wait_ms = 10'000}).error, 3);
  EXPECT_EQ(fetch_one({.version = 9, .max_wait_ms = 10'000, .leader_epoch = 5}).error, 75);
  EXPECT_EQ(fetch({.version = 7, .max_wait_ms = 10'000, .session_id = 42}).error, 70);
  EXPECT_EQ(fetch_one({.version = 13, .max_wait_ms = 10'000, .topic_id = kNobodys}).error, 100);
}

TEST_F(Fetch, WhoDoesNotLeadSaysWhoDoes) {
  options.listeners = 2;
  serve_events("events:2:100");
  Client client = connect(1);
  const Ask ask{.version = 16, .partition = 1, .topic_id = catalog.find("events")->id};
  const Bytes answer = PracticeBroker::ask(client, fetch_request(ask));
  const Fetched fetched = read_fetched(answer, ask);
  ASSERT_EQ(fetched.parts.size(), 1U);
  EXPECT_EQ(fetched.parts[0].error, 6);
  kafka::Writer tags;  // of the partition, then of the topic, then of the answer
  tags.raw(Bytes{1, 1, 9, 0, 0, 0, 2, 0, 0, 0, 0, 0});
  tags.raw(Bytes{0, 1, 0, 21, 2, 0, 0, 0, 2});
  tags.string("127.0.0.1", true);
  tags.i32(server->ports()[1]);
  tags.raw(Bytes{0, 0});
  ASSERT_GE(answer.size(), tags.size());
  EXPECT_EQ(Bytes(answer.end() - static_cast<std::ptrdiff_t>(tags.size()), answer.end()), tags.bytes());
}

TEST_F(Fetch, ReadCommittedGetsAListOfAbortedTransactions) {
  serve_events("events:1:100");
  EXPECT_EQ(fetch_one({.isolation_level = 1}).records.size(), 100U);
  EXPECT_EQ(fetch_one({.version = 12, .isolation_level = 1}).records.size(), 100U);
}

TEST_F(Fetch, AtTheEndItWaitsForMaxWait) {
  serve_events("events:1:100");
  Client client = connect();
  const Ask at_end{.offset = 100, .max_wait_ms = 500};
  client.send(fetch_request(at_end));
  settle();
  clock.advance(milliseconds(499));
  settle();
  EXPECT_FALSE(client.answer());
  clock.advance(milliseconds(1));
  const Part part = read_fetched(await_answer(client), at_end).parts.at(0);
  EXPECT_EQ(part.error, 0);
  EXPECT_EQ(part.record_bytes, 0U);
  EXPECT_EQ(part.high_watermark, 100);
}

TEST_F(Fetch, AtTheEndItIsWokenByNewEvents) {
  serve_events("events:1:100:50");  // batches of 5, ten a second
  Client client = connect();
  const Ask at_end{.max_wait_ms = 10'000};
  client.send(fetch_request(at_end));
  settle();
  EXPECT_FALSE(client.answer());
  clock.advance(milliseconds(101));
  const Part part = read_fetched(await_answer(client), at_end).parts.at(0);
  EXPECT_EQ(part.high_watermark, 5);
  EXPECT_EQ(part.records.size(), 5U);
  EXPECT_EQ(part.records.front().timestamp_ms, kStartMs);
}

TEST_F(Fetch, ItWaitsUntilMinBytesAreThere) {
  serve_events("events:1:1000:50");
  Client client = connect();
  const Ask patient{.max_wait_ms = 60'000, .min_bytes = 1000};
  client.send(fetch_request(patient));
  settle();
  clock.advance(milliseconds(101));
  settle();
  EXPECT_FALSE(client.answer());
  clock.advance(milliseconds(500));
  EXPECT_GE(read_fetched(await_answer(client), patient).parts.at(0).record_bytes, 1000U);
}

TEST_F(Fetch, AConnectionIsAnsweredInOrder) {
  serve_events("events:1:100");
  Client client = connect();
  const Ask at_end{.offset = 100, .max_wait_ms = 500};
  client.send(fetch_request(at_end));
  client.send(request(18, 0, false));
  settle();
  EXPECT_FALSE(client.answer()) << "the second request waits behind the first";
  clock.advance(milliseconds(500));
  EXPECT_EQ(read_fetched(await_answer(client), at_end).parts.size(), 1U);
  EXPECT_FALSE(await_answer(client).empty());
}

TEST_F(Fetch, PrebuiltBatchesRepeatWithRisingOffsets) {
  serve_prebuilt("bench:2:2000:lz4");
  std::int64_t next = 0;
  while (next < 5000) {  // the 64 batches hold less than half of that
    const Part part = fetch_one({.version = 11, .topic = "bench", .partition = 1, .offset = next});
    ASSERT_FALSE(part.records.empty());
    for (const ReadRecord& record : part.records) {
      ASSERT_EQ(record.offset, next++);
      ASSERT_EQ(record.value.size(), 2000U);
      ASSERT_EQ(record.key.size(), 8U);
    }
  }
}

TEST_F(Fetch, AFinitePrebuiltTopicIsWhatItsExpectationSays) {
  serve_prebuilt("bench:1:2000:lz4:2501");
  Expectation seen;
  for (std::int64_t next = 0; next < 2501;) {
    const Part part = fetch_one({.topic = "bench", .offset = next});
    ASSERT_FALSE(part.records.empty());
    for (const ReadRecord& record : part.records) {
      ASSERT_EQ(record.offset, next++);
      seen.messages += 1;
      seen.value_bytes += static_cast<std::int64_t>(record.value.size());
      std::uint64_t first = 0;
      std::memcpy(&first, record.value.data(), 8);
      seen.checksum += first ^ static_cast<std::uint64_t>(record.offset);
    }
  }
  const Expectation expected = *catalog.find("bench")->partition(0)->expectation();
  EXPECT_EQ(seen.messages, expected.messages);
  EXPECT_EQ(seen.value_bytes, expected.value_bytes);
  EXPECT_EQ(seen.checksum, expected.checksum);
  EXPECT_EQ(fetch_one({.topic = "bench", .offset = 2501}).high_watermark, 2501);
}

}  // namespace
}  // namespace ductus::sandbox
