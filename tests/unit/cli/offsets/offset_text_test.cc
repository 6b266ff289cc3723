#include "cli/offsets/offset_text.h"

#include <gtest/gtest.h>

namespace ductus::cli {
namespace {

using operate::PlanState;
using ports::Position;

TEST(OffsetText, ShowsAPlan) {
  config::NodeConfig config;
  config.handler_name = "tests";
  const operate::ResetPlan plan{{{{"orders", 0}, Position{118220}, Position{97010}, 0, 120000, ""},
                                 {{"orders-of-the-day", 11}, {}, Position{70}, 50, 100, ""},
                                 {{"o\x1b", 2}, Position{5}, {}, {}, {}, ""}},
                                {}};
  EXPECT_EQ(plan_text(config, plan, PlanState::kDryRun, {}),
            "PLAN  tests      nothing is written (--dry-run)\n"
            "TOPIC/PART               NOW    NEW  CHANGE  WHAT HAPPENS\n"
            "orders/0              118220  97010  -21210  21210 messages handled again\n"
            "orders-of-the-day/11    none     70       -  set for the first time\n"
            "o\\x1b/2                    5   none       -  forgotten: the node acts by offsets.when_missing\n");
  EXPECT_TRUE(plan_text(config, plan, PlanState::kWritten, {}).starts_with("PLAN  tests\n"));
}

TEST(OffsetText, ShowsWhatIsStored) {
  const ports::StoreEntries entries{{{{"orders", 0}, {4711, 7, {1, 2}}}, {{"o\x1b", 10}, {0}}}, {}};
  EXPECT_EQ(stored_text(entries, {}),
            "TOPIC/PART  OFFSET  EPOCH  TOPIC ID\n"
            "orders/0      4711      7  01020000000000000000000000000000\n"
            "o\\x1b/10         0      ?  ?\n");
}

TEST(OffsetText, ShowsTheJournal) {
  const std::vector<ports::JournalAct> acts{
      {7, "2026-11-26T13:00:00.000Z", "bob", "offsets undo", {{{"orders", 1}, Position{5}, {}}}},
      {4, "2026-11-26T12:00:00.000Z", "alice\x1b", "zero_offsets", {{{"orders", 1}, {}, Position{5}}}}};
  EXPECT_EQ(journal_text(acts),
            "act 7  2026-11-26T13:00:00.000Z  bob  offsets undo\n"
            "  orders/1: 5 -> none\n"
            "act 4  2026-11-26T12:00:00.000Z  alice\\x1b  zero_offsets\n"
            "  orders/1: none -> 5\n");
}

}  // namespace
}  // namespace ductus::cli
