#include "operate/offsets/offsets_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "operate/offsets/json_document.h"
#include "support/temporary_directory.h"

namespace ductus::operate {
namespace {

constexpr const char* kSample =
    "{\"results\":[{\"topic\":\"topic1\",\"offset\":2732945670},{\"topic\":\"topic2\",\"offset\":18992525,}]}";

const ports::StoreEntries kEntries{
    {{{"orders", 0}, {4711, 7, {1, 2, 0xFF}}}, {{"orders", 10}, {0, -1, {}}}, {{"users", 0}, {INT64_MAX, 0, {3}}}},
    {{"orders", {{1, 2, 0xFF}, 12}}, {"removed", {{}, 0}}}};

OffsetsFile taken(const std::string& text) {
  auto file = parse_offsets(text);
  if (file) return *std::move(file);
  ADD_FAILURE() << text.substr(0, 200) << ": " << file.error().message;
  return {};
}

Error refusal(const std::string& text) {
  const auto file = parse_offsets(text);
  if (!file) return file.error();
  ADD_FAILURE() << "taken: " << text.substr(0, 200);
  return {ErrorCode::kNotNeeded, ""};
}

void expect_refused(const std::string& text, const std::string& with) {
  const Error error = refusal(text);
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_NE(error.message.find(with), std::string::npos) << error.message;
}

std::string json_offset(const std::string& offset) {
  return R"({"results":[{"topic":"topic1","offset":)" + offset + "}]}";
}

TEST(OffsetsFile, IsTheOriginalsSampleWithItsTrailingComma) {  // B26
  const auto file = taken(kSample);
  ASSERT_EQ(file.entries.size(), 2u);
  EXPECT_FALSE(file.complete);
  EXPECT_EQ(file.entries[0].topic, "topic1");
  EXPECT_EQ(file.entries[0].partition, std::nullopt);
  EXPECT_EQ(file.entries[0].position, ports::Position{2732945670});
  EXPECT_EQ(file.entries[1].position, ports::Position{18992525});
}

TEST(OffsetsFile, OverlooksOneCommaBeforeABracket) {
  EXPECT_EQ(taken(R"({ "results" : [ {"topic":"a","offset":1 , } , ] , })").entries.size(), 1u);
  EXPECT_EQ(taken(R"({"results":[{"topic":"a","offset":1,"note":",]"},]})").entries.size(), 1u);
  for (const char* text : {R"({"results":[,]})", R"({"results":[{"topic":"a","offset":1,,}]})",
                           R"({"results":[{,"topic":"a","offset":1}]})", R"({"results":[{"topic":"a","offset":1}],,})",
                           R"({"results":[{"topic":"a","offset":,}]})"}) {
    EXPECT_EQ(refusal(text).code, ErrorCode::kInvalid) << text;
  }
}

TEST(OffsetsFile, TakesAPartitionAndFieldsOfOthers) {
  const auto file = taken(R"({"from":"kafka_bisect","results":[{"topic":"a","partition":3,"offset":0,"time":1.5}]})");
  ASSERT_EQ(file.entries.size(), 1u);
  EXPECT_EQ(file.entries[0].partition, 3);
  EXPECT_EQ(file.entries[0].position, ports::Position{0});
}

TEST(OffsetsFile, TakesOnlyWholeNumbersThatAnOffsetCanBe) {  // B27
  for (const char* offset : {"\"5\"", "1e10", "5.0", "-1", "null", "true", "[]", "{}", "9223372036854775808",
                             "18446744073709551616", "1e400"}) {
    SCOPED_TRACE(offset);
    EXPECT_EQ(refusal(json_offset(offset)).code, ErrorCode::kInvalid);
  }
  expect_refused(json_offset("1.5"), "results[0].offset: expected a whole number");
  EXPECT_EQ(taken(json_offset("9007199254740993")).entries[0].position, ports::Position{9007199254740993});
  EXPECT_EQ(taken(json_offset("9223372036854775807")).entries[0].position, ports::Position{INT64_MAX});
  for (const char* partition : {"-1", "2147483648", "1.0", "\"0\""}) {
    expect_refused(std::string(R"({"results":[{"topic":"a","offset":1,"partition":)") + partition + "}]}",
                   "results[0].partition");
  }
}

TEST(OffsetsFile, NeedsItsListOfResults) {  // B28
  expect_refused("{}", "results: missing");
  expect_refused(R"({"results":{"topic":"a","offset":1}})", "results: expected a list, got an object");
  expect_refused(R"({"results":null})", "results");
  expect_refused(R"([{"topic":"a","offset":1}])", "expected an object with the list 'results'");
  expect_refused(R"({"results":[["a",1]]})", "results[0]: expected an object");
  expect_refused(R"({"results":[]})", "names no offset");
  expect_refused(R"({"results":[{"offset":1}]})", "results[0].topic: missing");
  expect_refused(R"({"results":[{"topic":"a"}]})", "results[0].offset: missing");
  expect_refused(R"({"results":[{"topic":"a","offset":1,"offset":2}]})", "'offset' stands twice");
  expect_refused("", "empty");
  expect_refused(" \n", "empty");
}

TEST(OffsetsFile, RefusesATopicWithTwoOffsetsAndJoinsEqualOnes) {  // B29
  expect_refused(R"({"results":[{"topic":"a","offset":1},{"topic":"b","offset":1},{"topic":"a","offset":2}]})",
                 "results[2] and results[0] say different things of a");
  expect_refused("a/0 1\na/0 2\n", "line 2 and line 1 say different things of a/0");
  EXPECT_EQ(taken("a,0,1\na,1,1\na,0,1\n").entries.size(), 2u);
}

TEST(OffsetsFile, RefusesNamesThatNoTopicHas) {
  for (const std::string& topic : {std::string(), std::string("a b"), std::string("a/b"), std::string(250, 'a'),
                                   std::string(".."), std::string("\\u0000")}) {
    expect_refused(R"({"results":[{"topic":")" + topic + R"(","offset":1}]})", "results[0]: topic");
  }
}

TEST(OffsetsFile, IsNotFollowedIntoDeepNesting) {  // B32
  const std::string deep(100'000, '[');
  const Error error = refusal(R"({"results":)" + deep);
  EXPECT_EQ(error.code, ErrorCode::kLimit);
  EXPECT_NE(error.message.find("line 1, column " + std::to_string(12 + kMaxJsonDepth - 1)), std::string::npos)
      << error.message;
  EXPECT_EQ(refusal(deep + std::string(deep.size(), ']')).code, ErrorCode::kLimit);
}

TEST(OffsetsFile, HasBoundsOfBytesEntriesAndValues) {  // B33
  EXPECT_EQ(refusal(std::string(kMaxOffsetsFileBytes + 1, ' ')).code, ErrorCode::kLimit);
  std::string lines;
  for (std::size_t i = 0; i < kMaxOffsetsFileEntries; ++i) lines += "a/" + std::to_string(i) + " 1\n";
  EXPECT_EQ(taken(lines).entries.size(), kMaxOffsetsFileEntries);
  EXPECT_EQ(refusal(lines + "b/0 1\n").code, ErrorCode::kLimit);
  std::string values = R"({"results":[0)";
  for (std::size_t i = 0; i < kMaxJsonValues; ++i) values += ",0";
  EXPECT_EQ(refusal(values + "]}").code, ErrorCode::kLimit);
}

TEST(OffsetsFile, RefusesBytesThatAreNoUtf8) {  // B34
  for (const char* bytes : {"\\ud800", "\\udc00x", "\xC0\xAF", "\xED\xA0\x80", "\xFF"}) {
    EXPECT_EQ(refusal(std::string(R"({"results":[{"topic":")") + bytes + R"(","offset":1}]})").code,
              ErrorCode::kInvalid);
  }
}

TEST(OffsetsFile, IsRefusedCutOffAnywhere) {  // B35
  for (const std::string& whole :
       {std::string(kSample), write_offsets(kEntries, "h", OffsetsForm::kJson),
        write_offsets(kEntries, "h", OffsetsForm::kCsv), write_offsets(kEntries, "h", OffsetsForm::kText)}) {
    const std::size_t end = whole.find_last_not_of('\n');
    for (std::size_t size = 0; size <= end; ++size) {
      // A line form may be cut behind a line: that is a file as well.
      if (size > 0 && whole[size - 1] == '\n') continue;
      EXPECT_EQ(refusal(whole.substr(0, size)).code, ErrorCode::kInvalid) << whole.substr(0, size);
    }
  }
}

TEST(OffsetsFile, SaysWhereALineIsWrong) {
  for (const char* line :
       {"a/0", "a/0 ", "a/ 1", "a/-1 1", "a/0 -1", "a/0 +1", "a/0  1", "a/0 1 ", "a/0 1e3", "a/0 0x10",
        "a/2147483648 1", "a/0 9223372036854775808", "/0 1", "a 1", "a/0 ５", "a/0 1\t"}) {
    SCOPED_TRACE(line);
    EXPECT_EQ(refusal(std::string("ok/0 1\n") + line + "\n").code, ErrorCode::kInvalid);
  }
  expect_refused("ok/0 1\n\nbad\n", "line 3: expected TOPIC/PARTITION OFFSET");
  expect_refused("ok,0,1\nbad\n", "line 2: expected TOPIC,PARTITION,OFFSET");
  expect_refused("ok,0,1\nb,0,1,2\n", "line 2");
}

TEST(OffsetsFile, TakesTheLinesOfOtherSystems) {
  EXPECT_EQ(taken("\xEF\xBB\xBF"
                  "a,0,5\r\n\r\nb,0,6\r\n")
                .entries.size(),
            2u);
  EXPECT_EQ(taken(std::string("\xEF\xBB\xBF") + kSample).entries.size(), 2u);
}

TEST(OffsetsFile, GivesBackAllThatWasWritten) {
  const auto file = taken(write_offsets(kEntries, "handler", OffsetsForm::kJson));
  EXPECT_TRUE(file.complete);
  EXPECT_EQ(file.topics, kEntries.topics);
  ASSERT_EQ(file.entries.size(), kEntries.positions.size());
  for (std::size_t i = 0; i < file.entries.size(); ++i) {
    EXPECT_EQ(file.entries[i].topic, kEntries.positions[i].partition.topic);
    EXPECT_EQ(file.entries[i].partition, kEntries.positions[i].partition.partition);
    EXPECT_EQ(file.entries[i].position, kEntries.positions[i].position);
  }
  EXPECT_TRUE(taken(write_offsets({}, "handler", OffsetsForm::kJson)).complete);
}

TEST(OffsetsFile, WritesTheFormsOfOthers) {
  EXPECT_EQ(write_offsets(kEntries, "h", OffsetsForm::kCsv),
            "orders,0,4711\norders,10,0\nusers,0,9223372036854775807\n");
  EXPECT_EQ(write_offsets(kEntries, "h", OffsetsForm::kText),
            "orders/0 4711\norders/10 0\nusers/0 9223372036854775807\n");
  for (const OffsetsForm form : {OffsetsForm::kCsv, OffsetsForm::kText}) {
    const auto file = taken(write_offsets(kEntries, "h", form));
    EXPECT_FALSE(file.complete);
    ASSERT_EQ(file.entries.size(), kEntries.positions.size());
    EXPECT_EQ(file.entries[0].position, ports::Position{4711});
  }
}

TEST(OffsetsFile, IsRefusedWhereACompleteOneIsNot) {
  const std::string good = write_offsets(kEntries, "h", OffsetsForm::kJson);
  const auto with = [&](const std::string& what, const std::string& by) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), by);
  };
  expect_refused(with("ductus.offsets/1", "ductus.offsets/2"), "ductus.offsets/1");
  expect_refused(with("\"topics\"", "\"later\""), "topics: missing");
  expect_refused(with("\"partition\":10", "\"x\":10"), "results[1].partition: missing");
  expect_refused(with("\"leader_epoch\":7", "\"leader_epoch\":-7"), "results[0].leader_epoch");
  expect_refused(with("0102ff", "0102FF"), "results[0].topic_id");
  expect_refused(with("\"partition_count\":12", "\"partition_count\":-1"), "topics[0].partition_count");
}

class OffsetsFileOnDisk : public ::testing::Test {
 protected:
  Error refusal(const std::filesystem::path& path) {
    const auto file = load_offsets_file(path);
    if (!file) return file.error();
    ADD_FAILURE() << "taken";
    return {ErrorCode::kNotNeeded, ""};
  }
  test::TemporaryDirectory dir_;
};

TEST_F(OffsetsFileOnDisk, IsReadWhole) {
  dir_.write("offsets.json", kSample);
  const auto file = load_offsets_file(dir_ / "offsets.json");
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->entries.size(), 2u);
}

TEST_F(OffsetsFileOnDisk, NamesTheFileInEachError) {
  dir_.write("bad.json", "{\n \"results\": [}\n");
  const Error error = refusal(dir_ / "bad.json");
  EXPECT_NE(error.message.find("bad.json: no JSON: parse error at line 2"), std::string::npos) << error.message;
  EXPECT_EQ(refusal(dir_ / "none.json").code, ErrorCode::kNotFound);
  EXPECT_EQ(refusal(dir_.path()).code, ErrorCode::kInvalid);
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(refusal(dir_ / "fifo").code, ErrorCode::kInvalid);
}

TEST_F(OffsetsFileOnDisk, IsRefusedWhereItChangesWhileItIsRead) {  // B36
  // A file of /proc has another size than what is read of it, as one that grows meanwhile.
  const Error error = refusal("/proc/self/status");
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_NE(error.message.find("changed while it was read"), std::string::npos) << error.message;
}

TEST_F(OffsetsFileOnDisk, IsNotReadBeyondItsBound) {
  dir_.write("large", "");
  std::filesystem::resize_file(dir_ / "large", 500u << 20);  // no byte of it lies on disk
  EXPECT_EQ(refusal(dir_ / "large").code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace ductus::operate
