#include "cli/status/status_text.h"

#include <gtest/gtest.h>

namespace ductus::cli {
namespace {

using operate::PartitionStatus;
using operate::StatusReport;
using Number = std::optional<std::int64_t>;

PartitionStatus partition(const std::string& topic, std::int32_t index, const std::string& state, Number next,
                          Number end, const std::string& reason = "") {
  PartitionStatus status;
  status.topic = topic;
  status.partition = index;
  status.state = state;
  status.reason = reason;
  status.next_offset = next;
  status.readable_end = end;
  return status;
}

StatusReport report_of(std::vector<PartitionStatus> partitions) {
  StatusReport report;
  report.name = "local";
  report.handler_name = "kafka_ductus";
  report.state = "running";
  report.source = "kafka-1:9092";
  report.partitions = std::move(partitions);
  return report;
}

StatusReport two_topics() {
  return report_of({partition("orders", 0, "ok", 118'220, 118'220),
                    partition("orders", 11, "stalled", 117'001, 119'211, "handler busy 358 s"),
                    partition("test", 0, "behind", 10'253'927'224, 10'253'972'344)});
}

TEST(StatusText, KeepsTheOriginalsFirstAndLastLine) {
  EXPECT_EQ(status_text(two_topics(), {}, {}),
            "kafka_ductus 'kafka_ductus' from kafka-1:9092\n"
            "● running\n"
            "\n"
            "TOPIC/PART  STATE         OFFSET     LAG  REASON\n"
            "orders/0    ok            118220       0\n"
            "orders/11   stalled       117001   2 210  handler busy 358 s\n"
            "test/0      behind   10253927224  45 120\n"
            "\n"
            "Total lag: 47330 messages   worst: orders/11 stalled\n");
}

TEST(StatusText, SaysWhichOldProtocolIsSpokenAndThatLagsAreBytes) {
  auto report = two_topics();
  report.protocol = ports::ProtocolFound{ports::OffsetUnit::kBytes, "kafka-0.7", "it closed on a topic without a name"};
  const auto text = status_text(report, {}, {});
  EXPECT_NE(text.find("\n  kafka-0.7: it closed on a topic without a name\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nTotal lag: 47330 Bytes "), std::string::npos) << text;
}

TEST(StatusText, MarksWhatIsUnknownAndSaysHowMuchItIsAtLeast) {
  const auto report = report_of({partition("a", 0, "behind", 7, 9), partition("a", 1, "waiting", std::nullopt, 9)});
  const auto text = status_text(report, {}, {});
  EXPECT_NE(text.find("a/1         waiting       ?    ?\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\nTotal lag: ? messages (at least 2: 1 of 2 partitions unknown)   worst: a/1 waiting\n"))
      << text;
  EXPECT_EQ(total_line(report_of({})), "Total lag: ? messages");
}

TEST(StatusText, ShowsATopicThatWasNotFound) {
  const auto text =
      status_text(report_of({partition("orders", -1, "waiting", {}, {}, "topic orders does not exist")}), {}, {});
  EXPECT_NE(text.find("orders/?    waiting       ?    ?  topic orders does not exist\n"), std::string::npos) << text;
}

TEST(StatusText, LetsNoNameDriveTheTerminal) {
  auto report = report_of({partition("t\x1b[2J", 0, "ok\a", 1, 2, "a\nTotal lag: 0 messages")});
  report.handler_name = "x\x1b]0;owned\x07";
  report.source = "h\r:1";
  report.state = "run\x1bning";
  for (const auto& text :
       {status_text(report, {}, {}), status_text(report, {.by_topic = true}, {}), classic_text(report)}) {
    EXPECT_EQ(text.find_first_of("\x1b\a\r"), std::string::npos) << text;
  }
  EXPECT_NE(status_text(report, {}, {}).find("a\\nTotal lag"), std::string::npos);
}

TEST(StatusText, ColoursTheStateWordsOnly) {
  const auto text = status_text(two_topics(), {}, {.colour = true});
  EXPECT_NE(text.find("\x1b[32mok\x1b[0m"), std::string::npos) << text;
  EXPECT_NE(text.find("\x1b[31mstalled\x1b[0m"), std::string::npos) << text;
  EXPECT_NE(text.find("  behind "), std::string::npos) << text;
  EXPECT_EQ(status_text(two_topics(), {}, {}).find('\x1b'), std::string::npos);
}

TEST(StatusText, HintsAtTheNextCommandOnATerminalOnly) {
  const Style terminal{.terminal = true, .columns = 80};
  auto report = two_topics();
  EXPECT_TRUE(status_text(report, {.config = "local"}, terminal)
                  .ends_with("\nhint: ductus attach local -c 'trace orders/11'\n"));
  EXPECT_EQ(status_text(report, {.config = "local"}, {}).find("hint"), std::string::npos);
  report.partitions[1].state = "paused";
  report.partitions[2].state = "ok";
  EXPECT_TRUE(status_text(report, {.config = "local"}, terminal).ends_with("hint: ductus resume local orders/11\n"));
  report.partitions[1].state = "ok";
  EXPECT_EQ(status_text(report, {.config = "local"}, terminal).find("hint"), std::string::npos);
  report.state = "not_running";
  EXPECT_TRUE(status_text(report, {.config = "local"}, terminal).ends_with("hint: ductus start local\n"));
}

TEST(StatusText, CutsALongNameInTheMiddleOnATerminal) {
  const std::string name = "a" + std::string(247, '-') + "z";
  const auto report = report_of({partition(name, 11, "ok", 1, 1)});
  EXPECT_NE(status_text(report, {}, {}).find(name + "/11  ok"), std::string::npos);
  const auto text = status_text(report, {}, {.columns = 90});
  EXPECT_NE(text.find("\na---------…---------------z/11  ok"), std::string::npos) << text;
}

TEST(StatusText, LeavesOutWhatDoesNotLag) {
  const auto report = report_of({partition("a", 0, "ok", 9, 9), partition("a", 1, "behind", 8, 9),
                                 partition("a", 2, "waiting", {}, 9), partition("b", 0, "ok", 1, 1)});
  const auto text = status_text(report, {.only_lagging = true}, {});
  EXPECT_EQ(text.find("a/0"), std::string::npos);
  EXPECT_NE(text.find("a/1"), std::string::npos);
  EXPECT_NE(text.find("a/2"), std::string::npos);
  EXPECT_EQ(status_text(report, {.by_topic = true, .only_lagging = true}, {}).find("\nb "), std::string::npos);
}

TEST(StatusText, SumsUpByTopic) {
  const auto report = report_of({partition("orders", 0, "ok", 9, 9), partition("orders", 1, "stalled", 7, 9, "busy"),
                                 partition("orders", 2, "stalled", 4, 9, "stuck"), partition("test", 0, "ok", 1, 1),
                                 partition("void", -1, "waiting", {}, {}, "does not exist")});
  EXPECT_EQ(status_text(report, {.by_topic = true}, {}),
            "kafka_ductus 'kafka_ductus' from kafka-1:9092\n"
            "● running\n"
            "\n"
            "TOPIC   PARTITIONS  STATE        LAG  REASON\n"
            "orders           3  stalled (2)    7  2: stuck\n"
            "test             1  ok             0\n"
            "void             ?  waiting        ?  does not exist\n"
            "\n"
            "Total lag: ? messages (at least 7: 1 of 5 partitions unknown)   worst: orders/2 stalled\n");
}

TEST(StatusText, TakesAThousandPartitions) {
  std::vector<PartitionStatus> many;
  for (std::int32_t i = 0; i < 1'000; ++i) many.push_back(partition("wide", i, "behind", 0, 1'000'000));
  const auto text = status_text(report_of(std::move(many)), {}, {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1'000 + 6);
  EXPECT_NE(text.find("wide/999    behind       0  1 000 000\n"), std::string::npos) << text.substr(0, 500);
  EXPECT_NE(text.find("Total lag: 1000000000 messages   worst: wide/0 behind\n"), std::string::npos);
}

TEST(StatusText, MarksTheNodesState) {
  StatusReport report = report_of({});
  EXPECT_EQ(node_mark(report, {.unicode = false}), "* running");
  report.state = "not_running";
  EXPECT_EQ(node_mark(report, {}), "○ not running");
  report.state = "retrying";
  EXPECT_EQ(node_mark(report, {.colour = true}), "\x1b[31m◐ retrying\x1b[0m");
}

// Source: the shapes of the original's ductus_adapter:status and ductus:status; one line for each topic, sorted as
// text.
TEST(ClassicText, IsTheOriginalsTextToTheLetter) {
  EXPECT_EQ(classic_text(report_of({partition("a_long_topic_name", 0, "ok", 10'253'927'224, 10'253'927'344),
                                    partition("test", 0, "behind", 7, 9)})),
            "kafka_ductus 'kafka_ductus' from kafka-1:9092\n"
            "a_long_top:          10253927224 Offset       120 messages lag\n"
            "test      :                    7 Offset         2 messages lag\n"
            "\n"
            "Total lag: 122 messages");
}

TEST(ClassicText, TellsOfBytesAsTheOriginalDid) {
  auto report = report_of({partition("test", 0, "behind", 10'253'927'224, 10'253'927'224 + 3'570'864'347)});
  report.source = "kafka-primary.acc:9092";
  report.protocol = ports::ProtocolFound{ports::OffsetUnit::kBytes, "kafka-0.7", ""};
  EXPECT_EQ(classic_text(report),
            "kafka_ductus 'kafka_ductus' from kafka-primary.acc:9092\n"
            "test      :          10253927224 Offset      3405 MB lag\n"
            "\n"
            "Total lag: 3570864347 Bytes");
}

TEST(ClassicText, RoundsToWholeMegabytes) {
  for (const auto& [bytes, shown] : {std::pair{0, "0"}, {(1 << 19) - 1, "0"}, {1 << 19, "1"}, {3 << 20, "3"}}) {
    auto report = report_of({partition("t", 0, "behind", 0, bytes)});
    report.protocol = ports::ProtocolFound{ports::OffsetUnit::kBytes, "kafka-0.6", ""};
    const std::string line = std::string("         ") + shown + " MB lag\n";
    EXPECT_NE(classic_text(report).find(line), std::string::npos) << classic_text(report);
  }
}

TEST(ClassicText, AddsUpThePartitionsOfATopic) {
  const auto text = classic_text(report_of({partition("t", 0, "ok", 10, 11), partition("t", 1, "ok", 20, 25)}));
  EXPECT_NE(text.find("\nt         :                   30 Offset         6 messages lag\n"), std::string::npos) << text;
}

TEST(ClassicText, ShowsWhatIsUnknownAndSaysThatTheTotalIsPartial) {
  const auto text = classic_text(
      report_of({partition("a", 0, "ok", 10, 11), partition("b", -1, "waiting", {}, {}, "does not exist")}));
  EXPECT_NE(text.find("\nb         :                    ? Offset         ? messages lag\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\n\nTotal lag: ? messages (at least 1: 1 of 2 partitions unknown)")) << text;
}

TEST(ClassicText, HasTheOriginalsErrorsInPlaceOfLines) {
  const std::string head = "kafka_ductus 'kafka_ductus' from kafka-1:9092\n";
  auto report = report_of({partition("a", 0, "starting", {}, {})});
  EXPECT_EQ(classic_text(report), head + "Error: No adpaters running.");
  EXPECT_EQ(classic_text(report_of({})), head + "Error: Adapter supervisor has no children.");
  for (const char* const state : {"retrying", "not_running"}) {
    report.state = state;
    EXPECT_EQ(classic_text(report), head + "Error: Adapter supervisor not running.");
  }
}

}  // namespace
}  // namespace ductus::cli
