// Every capture decoded as the index says, and every request that we can make made byte for byte.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "base/big_endian.h"
#include "captures/capture.h"
#include "captures/entry_tree.h"
#include "captures/requests_of.h"
#include "kafka06/answer_cutter.h"
#include "kafka06/set_decoder.h"
#include "net/frame_stream.h"

namespace ductus::kafka06 {
namespace {

template <class Answer>
std::unique_ptr<Answer> cut(const ports::RequestTag& tag, base::ByteView frame) {
  auto answer = LegacyAnswerCutter().cut(tag, base::Buffer::copy_of(frame));
  if (!answer) throw std::runtime_error(answer.error().message);
  return std::unique_ptr<Answer>(static_cast<Answer*>(std::move(*answer).release()));
}

// What of an entry's messages the decoder gives: their place and their payload.
struct Given {
  std::int64_t offset;
  std::size_t size;
  std::string sha256;
  bool operator==(const Given&) const = default;
  friend std::ostream& operator<<(std::ostream& to, const Given& given) {
    return to << given.size << " bytes at " << given.offset << ", " << given.sha256;
  }
};
using AllGiven = std::vector<Given>;

AllGiven expected_of(const Json& messages) {
  AllGiven all;
  for (const Json& message : messages) {
    all.push_back({message.at("entry_offset"), message.at("payload_len"), message.at("payload_sha256")});
  }
  return all;
}

class Captures : public ::testing::Test {
 protected:
  static const std::vector<Capture>& captures() {
    static const std::vector<Capture> all = all_captures();
    return all;
  }

  /// A set through the decoder, in batches of about `max_bytes`; the refusal, where there is one, in `refusal`.
  static AllGiven decode(base::ByteView entries, std::int64_t offset, std::size_t max_bytes, std::string& refusal) {
    ports::FetchedSet set;
    set.records = entries;
    set.asked_offset = offset;
    ports::DecodeArena arena;
    ports::SetCursor cursor{0, offset};
    AllGiven all;
    for (bool last = entries.empty(); !last;) {
      const auto batch = MessageSetDecoder().decode(set, cursor, max_bytes, arena);
      if (!batch) {
        refusal = batch.error().message;
        return all;
      }
      for (const Message& message : arena.messages) {
        const auto* payload = reinterpret_cast<const std::uint8_t*>(message.value().data());
        all.push_back({message.offset(), message.value().size(), sha256({payload, message.value().size()})});
      }
      cursor = batch->cursor;
      last = batch->last;
    }
    EXPECT_EQ(cursor.next_offset, offset + static_cast<std::int64_t>(entries.size()));
    return all;
  }

  /// Against an `expect`, a part of one, or a frame of a sequence.
  void expect_set(const FetchedPart& part, const Json& expect, std::int64_t offset) {
    EXPECT_EQ(static_cast<int>(part.error), expect.at("error_code"));
    EXPECT_EQ(part.set.size(), expect.at("set_bytes"));
    EXPECT_EQ(part.set.size() + 2, expect.at("frame_size"));
    if (part.error != BrokerError::kNone) {
      EXPECT_FALSE(expect.contains("messages"));
      return;
    }
    const Json& messages = expect.at("messages");
    EXPECT_EQ(messages.size(), expect.at("message_count"));
    if (!messages.empty() && messages.at(0).at("entry_magic") > 1) return expect_foreign_magic(part, expect, offset);
    EXPECT_EQ(part.walked.bytes, expect.at("valid_bytes"));
    EXPECT_EQ(part.tail().size(), expect.at("trailing_partial_bytes"));
    EXPECT_EQ(offset + static_cast<std::int64_t>(part.walked.bytes), expect.at("next_offset"));
    EXPECT_EQ(part.walked.bytes == 0 && !part.set.empty(), expect.value("first_message_incomplete", false));
    if (expect.contains("first_size_field") && !expect.at("first_size_field").is_null()) {
      EXPECT_EQ(claimed_size(part.set), expect.at("first_size_field").get<std::int32_t>());
      ++cut_firsts_;
    }
    expect_entries(part.set, messages, offset);
    expect_messages(part.set.first(part.walked.bytes), messages, offset);
  }

  /// 0.6 stores whatever magic it is given; it is refused here, for it may as well be a misaligned offset.
  void expect_foreign_magic(const FetchedPart& part, const Json& expect, std::int64_t offset) {
    EXPECT_EQ(part.walked.bytes, 0u);
    EXPECT_EQ(part.walked.end, Flaw::kMagic);
    EXPECT_EQ(part.set.size(), expect.at("valid_bytes"));
    EXPECT_EQ(part.set[4], expect.at("messages").at(0).at("entry_magic"));
    std::string refusal;
    EXPECT_TRUE(decode(part.set, offset, SIZE_MAX, refusal).empty());
    EXPECT_NE(refusal.find("(magic) 7"), std::string::npos) << refusal;
    ++refused_;
  }

  /// Structure: each field that the index gives of each message.
  void expect_entries(base::ByteView set, const Json& expected, std::int64_t offset) {
    Json read = messages_of(set, offset);
    ASSERT_EQ(read.size(), expected.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      if (!expected[i].contains("payload_hex")) read[i].erase("payload_hex");
      EXPECT_EQ(read[i], expected[i]) << "message " << i;
    }
    messages_ += read.size();
  }

  /// What a handler gets. Where a checksum is wrong, what lies before it and then a refusal that names the place.
  void expect_messages(base::ByteView entries, const Json& expected, std::int64_t offset) {
    AllGiven given = expected_of(expected);
    std::optional<std::int64_t> refused_at;
    for (const Json& message : expected) {
      if (!refused_at && !message.at("crc_ok")) refused_at = message.at("entry_offset").get<std::int64_t>();
    }
    std::erase_if(given, [&](const Given& one) { return refused_at && one.offset >= *refused_at; });
    for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
      std::string refusal;
      EXPECT_EQ(decode(entries, offset, max_bytes, refusal), given);
      EXPECT_EQ(!refusal.empty(), refused_at.has_value()) << refusal;
      if (refused_at) {
        EXPECT_NE(refusal.find("offset " + std::to_string(*refused_at)), std::string::npos) << refusal;
      }
    }
    if (refused_at) ++refused_;
  }

  static void expect_offsets(const OffsetsAnswer& answer, const Json& expect) {
    EXPECT_EQ(static_cast<int>(answer.error), expect.at("error_code"));
    EXPECT_EQ(answer.offsets, expect.at("offsets").get<std::vector<std::int64_t>>());
  }

  void expect_frame(const MadeRequest& made, base::ByteView frame, const Json& expect) {
    EXPECT_EQ(frame.size(), expect.at("frame_size"));
    if (expect.at("kind") == "offsets") return expect_offsets(*cut<OffsetsAnswer>(made.request.tag, frame), expect);
    const auto answer = cut<FetchAnswer>(made.request.tag, frame);
    if (expect.at("kind") == "message_set") {
      ASSERT_EQ(answer->parts.size(), 1u);
      return expect_set(answer->parts[0], expect, made.offsets.at(0));
    }
    ASSERT_EQ(expect.at("kind"), "multi");
    EXPECT_EQ(expect.at("error_code"), 0);
    const Json& parts = expect.at("parts");
    ASSERT_EQ(answer->parts.size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) expect_set(answer->parts[i], parts[i], made.offsets.at(i));
    parts_ += parts.size();
  }

  /// A request that we make, or one of several in one write, against the answers on its connection.
  void expect_answers(const Capture& capture, const std::vector<MadeRequest>& made) {
    const auto frames = capture.frames();
    if (capture.kind() != "sequence") {
      ASSERT_EQ(frames.size(), 1u);
      return expect_frame(made.at(0), frames[0], capture.expect());
    }
    const Json& expected = capture.expect().at("frames");
    ASSERT_EQ(frames.size(), expected.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (expected[i].contains("base_offset")) {
        EXPECT_EQ(expected[i].at("base_offset"), made.at(i).offsets.at(0));
      }
      expect_frame(made.at(i), frames[i], expected[i]);
    }
    frames_ += frames.size();
  }

  std::size_t messages_ = 0;
  std::size_t parts_ = 0;
  std::size_t frames_ = 0;
  std::size_t cut_firsts_ = 0;
  std::size_t refused_ = 0;
};

TEST_F(Captures, AreAllThatLiesThere) {
  std::set<std::string> named;
  for (const Capture& capture : captures()) {
    for (const char* which : {"request_file", "response_file"}) {
      const Json& file = capture.index.at(which);
      if (!file.is_null()) named.insert(capture.line + "/" + file.get<std::string>());
    }
  }
  std::set<std::string> there;
  for (const std::string line : {"0.6", "0.7"}) {
    for (const auto& file : std::filesystem::directory_iterator(CAPTURES_DIR "/" + line)) {
      if (file.path().extension() == ".bin") there.insert(line + "/" + file.path().filename().string());
    }
  }
  EXPECT_EQ(there, named);
}

TEST_F(Captures, AreDecodedAsTheIndexSays) {
  std::map<std::string, int> decoded;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.line + " " + capture.name);
    ++decoded[capture.kind()];
    if (capture.kind() == "none") continue;  // the next test
    const auto made = requests_of(capture);
    ASSERT_TRUE(made);
    expect_answers(capture, *made);
  }
  for (const auto& [kind, count] : decoded) std::printf("%s: %d\n", kind.c_str(), count);
  std::printf("all: %zu captures, %zu messages\n", captures().size(), messages_);
  EXPECT_EQ(decoded, (std::map<std::string, int>{
                         {"message_set", 111}, {"multi", 12}, {"none", 110}, {"offsets", 54}, {"sequence", 8}}));
  EXPECT_EQ(captures().size(), 295u);
  EXPECT_EQ(messages_, 1497u) << "all but the one with a foreign magic";
  EXPECT_EQ(parts_, 30u);
  EXPECT_EQ(frames_, 28u);
  EXPECT_EQ(cut_firsts_, 14u);
  EXPECT_EQ(refused_, 2u) << "a wrong checksum behind a fragment, a foreign magic";
}

// Nothing to decode: mostly because nothing came.
TEST_F(Captures, WithoutAnAnswerHoldNothingOrWhatIsNoAnswerOfTheirs) {
  int silent = 0;
  std::map<std::string, int> answered;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.line + " " + capture.name);
    if (capture.kind() != "none") continue;
    if (capture.response.empty()) {
      ++silent;
      continue;
    }
    ++answered[capture.name];
    if (capture.name == "fetch_negative_max") {  // its size is negative
      EXPECT_THROW((void)capture.frames(), std::runtime_error);
      continue;
    }
    ASSERT_EQ(capture.frames().size(), 1u);
    const base::ByteView frame = capture.frames()[0];
    const bool multi = capture.name == "modern_listoffsets_v1";
    const Range range{"t", 0, 0, 0};
    const auto answer = cut<FetchAnswer>(multi ? multi_fetch({&range, 1}).tag : fetch(range).tag, frame);
    ASSERT_EQ(answer->parts.size(), 1u);
    const std::map<std::string, BrokerError> errors = {
        {"fetch_negative_max_at_end", BrokerError::kNone},
        {"bad_null_topic", BrokerError::kUnknown},
        {"modern_listoffsets_v1", BrokerError::kUnknown},
        {"modern_fetch_v4", capture.line == "0.6" ? BrokerError::kWrongPartition : BrokerError::kUnknown}};
    EXPECT_EQ(answer->parts[0].error, errors.at(capture.name));
    EXPECT_TRUE(answer->parts[0].set.empty());
  }
  EXPECT_EQ(silent, 101);
  EXPECT_EQ(answered, (std::map<std::string, int>{{"bad_null_topic", 1},
                                                  {"fetch_negative_max", 2},
                                                  {"fetch_negative_max_at_end", 2},
                                                  {"modern_fetch_v4", 2},
                                                  {"modern_listoffsets_v1", 2}}));
}

TEST_F(Captures, ANegativeSizeEndsTheConnection) {
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  const net::Socket broker(ends[0]);
  net::FrameStream stream(net::Socket(ends[1]), std::size_t{1} << 20);
  int seen = 0;
  for (const Capture& capture : captures()) {
    if (capture.name != "fetch_negative_max" || ++seen > 1) continue;
    ASSERT_EQ(::send(broker.fd(), capture.response.data(), capture.response.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(capture.response.size()));
    const auto frame = stream.read();
    ASSERT_FALSE(frame.ok());
    EXPECT_EQ(frame.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_EQ(seen, 2);
}

TEST_F(Captures, RequestsAreMadeByteForByte) {
  std::map<std::string, int> made_count;
  std::set<std::string> not_made;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.line + " " + capture.name);
    const std::string api = capture.api();
    if (api != "FETCH" && api != "MULTIFETCH" && api != "OFFSETS" && api != "PIPELINE") continue;
    const auto made = requests_of(capture);
    Bytes all;
    if (made) {
      for (const MadeRequest& one : *made) all.insert(all.end(), one.request.bytes.begin(), one.request.bytes.end());
    }
    if (all != capture.request) {
      not_made.insert(capture.name);
    } else {
      ++made_count[api];
    }
  }
  for (const auto& [api, count] : made_count) std::printf("%s requests made byte for byte: %d\n", api.c_str(), count);
  EXPECT_EQ(made_count,
            (std::map<std::string, int>{{"FETCH", 109}, {"MULTIFETCH", 12}, {"OFFSETS", 58}, {"PIPELINE", 4}}));
  EXPECT_EQ(not_made, (std::set<std::string>{"fetch_negative_max", "fetch_negative_max_at_end", "fetch_trailing_junk",
                                             "multifetch_count_negative", "multifetch_count_too_big",
                                             "offsets_max_negative", "pipeline_bad_middle", "pipeline_produce_fetch"}))
      << "what no consumer should ask";
}

// What a source relies on: but for OFFSETS of what is not there, no request of ours ends a connection.
TEST_F(Captures, OnlyOffsetsOfWhatIsNotThereEndTheConnection) {
  std::set<std::string> ended;
  for (const Capture& capture : captures()) {
    const auto made = requests_of(capture);
    if (!made || made->at(0).request.bytes != capture.request) continue;
    const auto after = capture.index.at("connection_after").get<std::string>();
    EXPECT_NE(after, "open_no_answer") << capture.name;
    if (after == "closed_by_broker") ended.insert(capture.name);
  }
  EXPECT_EQ(ended, (std::set<std::string>{"halfclose", "offsets_empty_topic", "offsets_invalid_partition"}))
      << "`halfclose`: the client had closed its side";
}

// A producer's set lies in the request as it will lie in the log.
TEST_F(Captures, ProducedSetsHoldWhatTheyAreSaidToHold) {
  int produced = 0;
  int stored = 0;
  for (const Capture& capture : captures()) {
    SCOPED_TRACE(capture.line + " " + capture.name);
    const Json& asked = capture.index.at("request");
    if (capture.api() != "PRODUCE" || !asked.contains("payloads")) continue;
    base::BigEndianReader reader(capture.request);
    reader.skip(4 + 2);
    reader.skip(static_cast<std::size_t>(reader.i16()));
    reader.skip(4 + 4);
    const base::ByteView set = reader.raw(reader.left());
    AllGiven expected;
    for (const Json& payload : asked.at("payloads")) expected.push_back({0, payload.at("len"), payload.at("sha256")});
    AllGiven given = expected_of(messages_of(set, 0));
    for (Given& one : given) one.offset = 0;
    EXPECT_EQ(given, expected);
    ++produced;
    const Json& before = capture.expect().at("log_end_before");
    if (before.is_null() || capture.name.starts_with("unflushed")) continue;
    EXPECT_EQ(capture.expect().at("log_end_after").get<std::size_t>() - before.get<std::size_t>(), walk(set).bytes);
    ++stored;
  }
  EXPECT_GT(produced, 10);
  EXPECT_GT(stored, 10);
}

}  // namespace
}  // namespace ductus::kafka06
