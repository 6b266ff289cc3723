#include "offsets/journal.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

namespace ductus::offsets {
namespace {

std::string utc_now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(ms % 1000));
  return text.data();
}

}  // namespace

ports::JournalAct journal_act(std::int64_t act, const ports::OperatorChange& change) {
  ports::JournalAct noted{act, utc_now(), change.who, change.why, change.positions};
  std::sort(noted.positions.begin(), noted.positions.end(),
            [](const auto& left, const auto& right) { return left.partition < right.partition; });
  return noted;
}

Error too_many_entries() {
  return {ErrorCode::kLimit,
          "the store holds more than " + std::to_string(ports::kMaxStoreEntries) + " places of one handler_name"};
}

}  // namespace ductus::offsets
