#include <memory>
#include <string>

#include "unit/node/brain_fixture.h"

namespace ductus::node {
namespace {

constexpr base::Duration kRound = Brain::kLongWait;

class BrainWaitingTest : public BrainTest {
 protected:
  /// A set of `text` that stands somewhere in an answer of `body_bytes`; returns the answer's body.
  std::weak_ptr<const base::Buffer> deliver_part(std::int64_t from, std::int64_t to, const std::string& text,
                                                 std::size_t body_bytes, std::uint32_t child = 0) {
    base::Buffer bytes(body_bytes);
    std::copy(text.begin(), text.end(), bytes.data() + body_bytes - text.size());
    auto body = std::make_shared<const base::Buffer>(std::move(bytes));
    ports::FetchedSet set;
    set.records = body->view().last(text.size());
    set.body = body;
    set.asked_offset = from;
    set.next_offset = to;
    say(ports::Deliver{at(child), std::move(set)});
    return body;
  }
  static std::string text_of(const Work& work) { return {work.set.records.begin(), work.set.records.end()}; }
};

TEST_F(BrainWaitingTest, ASetBehindABusyCallbackLetsGoOfItsAnswer) {
  begin(0);
  const auto first = deliver_part(0, 4, "first", 1000);
  Work busy = next_work(Kind::kHandle);
  const auto second = deliver_part(4, 8, "second", 1000);
  wait(kRound);
  EXPECT_FALSE(second.expired()) << "it has only just come";
  wait(kRound);
  EXPECT_TRUE(second.expired());
  EXPECT_FALSE(first.expired()) << "a callback is reading it";
  EXPECT_GT(brain_->next_tick(), clock_.now() + std::chrono::seconds(1)) << "there is no more to do for it";

  ports::Handled ok;
  ok.position = {4, 1, {}};
  ok.last = true;
  done(std::move(busy), {}, ok);
  EXPECT_EQ(text_of(next_work(Kind::kHandle)), "second");
}

TEST_F(BrainWaitingTest, ASetThatNoThreadTakesLetsGoOfItsAnswer) {
  begin(0);
  const auto body = deliver_part(0, 4, "waiting", 1000);
  wait(kRound);
  wait(kRound);
  EXPECT_TRUE(body.expired());
  EXPECT_EQ(text_of(next_work(Kind::kHandle)), "waiting");
}

TEST_F(BrainWaitingTest, ASetThatIsMostOfItsAnswerIsNotCopied) {
  begin(0);
  const auto body = deliver_part(0, 4, std::string(600, 'x'), 1000);
  wait(kRound);
  wait(kRound);
  EXPECT_FALSE(body.expired());
}

TEST_F(BrainWaitingTest, WhatIsBeyondTheBytesOfARoundLetsGoInTheNextOne) {
  for (const bool beyond : {false, true}) {
    start();
    topic_has(2);
    bring_up({0, 0});
    const std::size_t bytes = Brain::kMaxCopiedBytes - (beyond ? 0 : 1);
    const auto first = deliver_part(0, 4, std::string(bytes, 'x'), 3 * bytes, 0);
    const auto second = deliver_part(0, 4, "second", 1000, 1);
    wait(kRound);
    wait(kRound - std::chrono::nanoseconds(1));
    EXPECT_FALSE(first.expired());
    wait(std::chrono::nanoseconds(1));
    EXPECT_TRUE(first.expired());
    EXPECT_EQ(second.expired(), !beyond);
    wait(kRound);
    EXPECT_TRUE(second.expired());
  }
}

TEST_F(BrainWaitingTest, NothingTicksWhenNothingWaits) {
  begin(0);
  deliver_part(0, 4, "x", 10);
  accept(4);
  wait(pipeline::Rounds::kRoundDelay);
  sync();
  store();
  wait(kRound);
  wait(kRound);
  EXPECT_GT(brain_->next_tick(), clock_.now() + std::chrono::seconds(1));
}

}  // namespace
}  // namespace ductus::node
