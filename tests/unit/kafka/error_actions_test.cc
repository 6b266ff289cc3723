// What a source really does about each error code, in each answer that can carry it, from a sandbox that is told to say
// it.
#include <algorithm>

#include "unit/kafka/sandbox_source.h"

namespace ductus::kafka {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

using Codes = std::vector<int>;

// Written down a second time, so that a row of the product's table cannot change unseen.
const Codes kRetried{-1, 2, 7, 70, 71, 78, 106};
const Codes kRefreshed{3, 5, 6, 8, 9, 13, 56, 72, 74, 75, 80, 83, 100, 103};
const Codes kReconnected{4, 33, 34, 35, 42, 58, 129};
const Codes kLookedUp{1};
const Codes kRare{10,  11,  12,  14,  15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  26,  27,  28,
                  29,  30,  31,  32,  36,  37,  38,  39,  40,  41,  43,  44,  45,  46,  47,  48,  49,  50,
                  51,  52,  53,  54,  55,  57,  59,  60,  61,  62,  63,  64,  65,  66,  67,  68,  69,  73,
                  76,  77,  79,  81,  82,  84,  85,  86,  87,  88,  89,  90,  91,  92,  93,  94,  95,  96,
                  97,  98,  99,  101, 102, 104, 105, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117,
                  118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 130, 131, 132, 133};
const Codes kUnknown{-2, 134, 999, 32767};

// What is seen for the codes of each action. Then the error is over, and delivery must go on.
struct Expected {
  std::string retried;
  std::string refreshed;
  std::string reconnected;
  std::string looked_up;
  std::string rare;
};
template <class Walk>
void walk(const Expected& expected, const Walk& walk_one) {
  const std::vector<std::pair<const Codes&, const std::string&>> rows{
      {kRetried, expected.retried},    {kRefreshed, expected.refreshed}, {kReconnected, expected.reconnected},
      {kLookedUp, expected.looked_up}, {kRare, expected.rare},           {kUnknown, expected.refreshed}};
  for (const auto& [codes, seen] : rows) {
    for (const int code : codes) {
      SCOPED_TRACE("error " + std::to_string(code));
      walk_one(code, seen);
    }
  }
}

// Attached long enough for whatever hurries to be let through at once.
void attach_in_peace(SandboxSource& source) {
  source.attach_topic();
  source.attach();
  source.pass(seconds(5));
  source.forget();
}

TEST(ErrorActions, each_code_is_walked_once) {
  Codes all;
  for (const Codes& codes : {kRetried, kRefreshed, kReconnected, kLookedUp, kRare}) {
    all.insert(all.end(), codes.begin(), codes.end());
  }
  std::sort(all.begin(), all.end());
  Codes known;
  for (int code = -1; code <= static_cast<int>(KafkaError::kShareSessionLimitReached); ++code) {
    if (code != 0) known.push_back(code);
  }
  EXPECT_EQ(all, known);
}

TEST(ErrorActions, of_a_partition_in_a_fetch_answer) {
  const Expected expected{.retried = "Fetch, later Fetch, set",
                          .refreshed = "Fetch, Metadata, later Fetch, set",
                          .reconnected = "Fetch, close, later open, ApiVersions, Fetch, set",
                          .looked_up = "Fetch, ListOffsets, ListOffsets, Metadata, later Fetch, set",
                          .rare = "Fetch, told refused, much later Fetch, healed, set"};
  walk(expected, [](int code, const std::string& seen) {
    SandboxSource source("fetch 1 of t/0: error " + std::to_string(code));
    attach_in_peace(source);
    source.want();
    source.await("set");
    EXPECT_EQ(source.seen, seen);
    source.read_to_the_end();
  });
}

// The script has no word for the code of the whole answer; its bytes, high and low, are turned from 0 to 255.
TEST(ErrorActions, of_a_whole_fetch_answer) {
  const std::string unknown_server_error = "fetch 1: flip 13\nfetch 1: flip 14";
  const std::string unknown_code = "fetch 1: flip 14";
  for (const auto& [script, seen] : {std::pair{unknown_server_error, "Fetch, later Fetch, set"},
                                     std::pair{unknown_code, "Fetch, Metadata, later Fetch, set"}}) {
    SandboxSource source(script);
    attach_in_peace(source);
    source.want();
    source.await("set");
    EXPECT_EQ(source.seen, seen);
    source.read_to_the_end();
  }
}

TEST(ErrorActions, of_a_partition_in_an_answer_to_list_offsets) {
  const std::string begin = "open, ApiVersions, ListOffsets, ";
  const Expected expected{.retried = begin + "later ListOffsets, ListOffsets",
                          .refreshed = begin + "Metadata, later ListOffsets, ListOffsets",
                          .reconnected = begin + "close, later open, ApiVersions, ListOffsets, ListOffsets",
                          .looked_up = begin + "later ListOffsets, ListOffsets",
                          .rare = begin + "told refused, much later ListOffsets, ListOffsets, healed"};
  walk(expected, [](int code, const std::string& seen) {
    SandboxSource source("list_offsets 1 of t/0: error " + std::to_string(code));
    source.attach_topic();
    source.pass(seconds(5));
    source.forget();
    source.attach();
    source.await("ListOffsets", 3);
    EXPECT_EQ(source.seen, seen);
    source.read_to_the_end();
  });
}

TEST(ErrorActions, of_a_topic_in_metadata) {
  const std::string begin = "open, ApiVersions, Metadata, ";
  const std::string soon = begin + "missing unreachable, later Metadata, found";
  const Expected expected{.retried = soon,
                          .refreshed = soon,
                          .reconnected = begin + "missing refused, close, later open, ApiVersions, Metadata, found",
                          .looked_up = soon,
                          .rare = begin + "missing refused, much later Metadata, found"};
  walk(expected, [&](int code, const std::string& seen) {
    SandboxSource source("metadata 1 of t: error " + std::to_string(code));
    source.attach_topic();
    source.await("found");
    const bool unknown_topic = code == static_cast<int>(KafkaError::kUnknownTopicOrPartition);
    EXPECT_EQ(source.seen, unknown_topic ? begin + "missing not_found, later Metadata, found" : seen);
    source.attach();
    source.read_to_the_end();
  });
}

// UNSUPPORTED_VERSION is how a broker says that it knows an older greeting only.
constexpr int kOlderGreeting = 35;

TEST(ErrorActions, of_api_versions_at_a_leader) {
  const std::string begin = "open, ApiVersions, close, away, Metadata, ";
  const std::string end = "open, ApiVersions, ListOffsets, ListOffsets";
  const std::string soon = begin + "later " + end;
  const Expected expected{soon, soon, soon, soon, begin + "much later " + end};
  walk(expected, [](int code, const std::string& seen) {
    SandboxSource source("api_versions 2: error " + std::to_string(code));
    source.attach_topic();
    source.pass(seconds(5));
    source.forget();
    source.attach();
    source.await("ListOffsets", 2);
    EXPECT_EQ(source.seen, code == kOlderGreeting ? "open, ApiVersions, ApiVersions, ListOffsets, ListOffsets" : seen);
    source.read_to_the_end();
  });
}

// Another broker may know what this one does not say.
TEST(ErrorActions, of_api_versions_where_metadata_is_asked_for_is_always_a_new_connection_soon) {
  const std::string soon = "open, ApiVersions, close, away, later open, ApiVersions, Metadata, found";
  walk({soon, soon, soon, soon, soon}, [](int code, const std::string& seen) {
    SandboxSource source("api_versions 1: error " + std::to_string(code));
    source.attach_topic();
    source.await("found");
    EXPECT_EQ(source.seen, code == kOlderGreeting ? "open, ApiVersions, ApiVersions, Metadata, found" : seen);
  });
}

// ---- what lasts --------------------------------------------------------------------------------------------

TEST(ErrorActions, a_retry_that_lasts_is_told_after_a_while_and_healed_once) {
  SandboxSource source("fetch 1-20: error 7");
  attach_in_peace(source);
  source.read_to_the_end();
  EXPECT_EQ(source.count("told unreachable"), 1u);
  EXPECT_EQ(source.count("healed"), 1u);
  EXPECT_EQ(source.count("open") + source.count("Metadata"), 0u) << source.seen;
}

TEST(ErrorActions, missing_rights_are_asked_for_until_they_are_granted) {
  SandboxSource source("metadata 1-50: error 29\nlist_offsets 1-50: error 29\nfetch 1-50: error 29");
  source.attach_topic();
  source.await("found");
  source.attach();
  source.await("healed");
  source.read_to_the_end();
  EXPECT_EQ(source.count("missing refused"), 1u);
  EXPECT_EQ(source.count("told refused"), 2u);
  EXPECT_EQ(source.count("healed"), 2u);
}

TEST(ErrorActions, a_question_that_is_refused_again_and_again_is_asked_over_three_new_connections_and_then_rarely) {
  SandboxSource source("fetch 1-6: error 42");
  attach_in_peace(source);
  source.want();
  source.await("set");
  const std::string anew = "close, later open, ApiVersions, Fetch, ";
  EXPECT_EQ(source.seen, "Fetch, " + anew + anew + anew +
                             "told refused, much later Fetch, much later Fetch, much later Fetch, healed, set");
  source.read_to_the_end();
}

TEST(ErrorActions, metadata_that_is_refused_again_and_again_is_asked_over_three_new_connections_and_then_rarely) {
  SandboxSource source("metadata 1-6: error 42");
  source.attach_topic();
  source.await("found");
  const std::string anew = "close, later open, ApiVersions, Metadata, ";
  EXPECT_EQ(source.seen, "open, ApiVersions, Metadata, missing refused, " + anew + anew + anew +
                             "much later Metadata, much later Metadata, much later Metadata, found");
}

TEST(ErrorActions, three_new_connections_are_there_for_each_refusal_anew) {
  SandboxSource source("fetch 1-3: error 42\nfetch 5-7: error 42");
  attach_in_peace(source);
  source.read_to_the_end();
  EXPECT_EQ(source.count("open"), 6u);
  EXPECT_EQ(source.count("told refused"), 0u);
}

TEST(ErrorActions, an_offset_that_stays_out_of_range_stops_the_partition_after_three_looks) {
  SandboxSource source("fetch: error 1");
  attach_in_peace(source);
  source.want();
  source.await("stopped refused");
  source.pass(minutes(5));
  EXPECT_EQ(source.count("Fetch"), 3u);
  EXPECT_EQ(source.count("ListOffsets"), 6u);
}

TEST(ErrorActions, a_broker_that_refuses_both_greetings_is_tried_again) {
  SandboxSource source("api_versions 2-3: error 35");
  source.attach_topic();
  source.pass(seconds(5));
  source.forget();
  source.attach();
  source.await("ListOffsets", 2);
  EXPECT_EQ(source.seen,
            "open, ApiVersions, ApiVersions, close, away, Metadata, later open, ApiVersions, ListOffsets, ListOffsets");
}

}  // namespace
}  // namespace ductus::kafka
