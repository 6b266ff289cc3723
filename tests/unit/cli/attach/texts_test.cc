#include "cli/attach/texts.h"

#include <gtest/gtest.h>

namespace ductus::cli {
namespace {

operate::PartitionStatus busy() {
  operate::PartitionStatus partition;
  partition.topic = "orders";
  partition.partition = 1;
  partition.state = "stalled";
  partition.reason = "the handler is busy";
  partition.next_offset = 117'001;
  partition.log_start_offset = 0;
  partition.readable_end = 119'211;
  partition.high_watermark = 119'300;
  partition.activity.call = operate::PartitionCall{"handle_messages", 358};
  partition.activity.batch = operate::BatchInHand{117'001, 119'211, 861'000};
  partition.activity.last_results = {{"ok", 0.081, 360, 100, std::nullopt}, {"defer", 0.01, 370, 90, 5.0}};
  partition.activity.restarts = 2;
  partition.activity.last_error = "a\x1b[2Jb";
  return partition;
}

TEST(TraceText, TellsAllThatIsKnown) {
  EXPECT_EQ(trace_text(busy(), {}),
            "orders/1  stalled  offset 117001  lag 2 210\n"
            "  reason    the handler is busy\n"
            "  log       from 0 to 119211, high watermark 119300\n"
            "  batch     117001..119210 (861 kB as fetched)\n"
            "  call      handle_messages for 5m58s\n"
            "  results   ok 81ms · defer 5.0s\n"
            "  restarts  2 since the node started\n"
            "  error     a\\x1b[2Jb\n");
}

TEST(TraceText, SaysLittleWhereLittleIsKnown) {
  operate::PartitionStatus partition;
  partition.topic = "orders";
  partition.partition = -1;
  partition.state = "waiting";
  EXPECT_EQ(trace_text(partition, {}),
            "orders/?  waiting  offset ?  lag ?\n"
            "  log       from ? to ?\n");
}

TEST(TreeText, CountsWhoIsWellAndNamesWhoIsNot) {
  operate::StatusReport report;
  report.store.url = "sqlite:offsets.db";
  report.supervision.level = "A";
  report.supervision.store = "running";
  report.supervision.adapters = {{"backing_off", 1}, {"running", 2}};
  report.supervision.adapter_restarts = 3;
  report.supervision.periodic = operate::PeriodicStatus{"running", 7.0, 12, 0};
  operate::PartitionStatus well;
  well.topic = "orders";
  well.state = "ok";
  auto failing = busy();
  failing.state = "backoff";
  failing.activity.retry_in_s = 4.0;
  report.partitions = {well, failing};
  EXPECT_EQ(tree_text(report, {}),
            "ductus_sup  level A  restarts of everything 0  counted failures 0\n"
            "├─ store  running  sqlite:offsets.db\n"
            "├─ adapter_sup  adapters: 1 backing_off 2 running  restarts 3\n"
            "│  ├─ orders/1  backoff  again in 4.0s  restarts 2  last error: a\\x1b[2Jb\n"
            "└─ periodic  running  next in 7.0s  collections 12\n");
}

TEST(OffsetsText, MarksWhatIsUnknown) {
  operate::StatusReport report;
  report.partitions = {busy(), {}};
  report.partitions[1].topic = "test";
  EXPECT_EQ(offsets_text(report, {}),
            "TOPIC/PART    NEXT  LOG START  READABLE END    LAG\n"
            "orders/1    117001          0        119211  2 210\n"
            "test/0           ?          ?             ?      ?\n");
}

}  // namespace
}  // namespace ductus::cli
