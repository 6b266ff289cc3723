#include "operate/offsets/json_document.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/escape.h"

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;

std::string place_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return "line " + std::to_string(std::count(before.begin(), before.end(), '\n') + 1) + ", column " +
         std::to_string(at - line_start + 1);
}

// Reads the text once, knowing only strings, brackets and commas. A comma to be overlooked becomes a blank, so that the
// places in errors stay right.
class Scan {
 public:
  Scan(std::string& text, bool take_commas) : text_(text), take_commas_(take_commas) {}

  Result<void> run() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (in_string_) {
        in_string_ = c != '"' || escaped_;
        escaped_ = c == '\\' && !escaped_;
        continue;
      }
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
      if (c == '"') in_string_ = true;
      if ((c == '[' || c == '{') && ++depth_ > kMaxJsonDepth) {
        return Error{ErrorCode::kLimit,
                     place_of(text_, at_) + ": nested more than " + std::to_string(kMaxJsonDepth) + " levels deep"};
      }
      if (c == ']' || c == '}') close();
      // Each value but the first of a list or an object stands behind a comma.
      if ((c == ',' || c == '[' || c == '{') && ++values_ > kMaxJsonValues) {
        return Error{ErrorCode::kLimit, "more than " + std::to_string(kMaxJsonValues) + " values"};
      }
      before_last_ = last_;
      last_ = c;
      last_at_ = at_;
    }
    return {};
  }

 private:
  void close() {
    depth_ -= depth_ > 0 ? 1 : 0;
    const bool behind_value = before_last_ != ',' && before_last_ != '[' && before_last_ != '{' && before_last_ != '\0';
    if (take_commas_ && last_ == ',' && behind_value) text_[last_at_] = ' ';
  }

  std::string& text_;
  const bool take_commas_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  char last_ = '\0';  // of what is no blank; '"' for a whole string
  char before_last_ = '\0';
  std::size_t last_at_ = 0;
};

}  // namespace

Result<Json> parse_document(std::string_view text, TrailingCommas commas) {
  std::string scanned(text);
  if (auto scan = Scan(scanned, commas == TrailingCommas::kTaken).run(); !scan) return std::move(scan).error();
  // The library takes the last of two equal keys.
  std::vector<std::set<std::string>> keys;
  std::string twice;
  const auto look_at = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second && twice.empty()) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  try {
    Json document = Json::parse(scanned, look_at);
    if (!twice.empty()) {
      return Error{ErrorCode::kInvalid, "the key '" + base::escaped(twice, 100) + "' stands twice in one object"};
    }
    return document;
  } catch (const Json::exception& error) {
    std::string_view what = error.what();
    if (const auto end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
    return Error{ErrorCode::kInvalid, "no JSON: " + base::escaped(what, 300)};
  }
}

}  // namespace ductus::operate
