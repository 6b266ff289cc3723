#include "base/message_list.h"

#include <gtest/gtest.h>

namespace ductus::base {
namespace {

TEST(MessageList, KeepsItsMemoryForTheNextBatchUnlessItIsTooMuch) {
  MessageList list;
  list.grow_to(list.room_for(MessageList::kMaxKept));
  const Message* const kept = list.data();
  list.clear();
  EXPECT_EQ(list.data(), kept);
  (void)list.room_for(MessageList::kMaxKept + 1);
  list.clear();
  EXPECT_EQ(list.data(), nullptr);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace ductus::base
