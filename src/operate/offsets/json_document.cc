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

// The library takes the last of two equal keys. Its callback while it parses would tell of them, but looks through the
// whole list again for each of its elements.
class KeysOnce final : public nlohmann::json_sax<Json> {
 public:
  std::string twice;

  bool start_object(std::size_t) override { return keys_.emplace_back(), true; }
  bool end_object() override { return keys_.pop_back(), true; }
  bool key(std::string& name) override {
    if (keys_.back().insert(name).second) return true;
    twice = name;
    return false;
  }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

Result<Json> parse_document(std::string_view text, TrailingCommas commas) {
  std::string scanned(text);
  if (auto scan = Scan(scanned, commas == TrailingCommas::kTaken).run(); !scan) return std::move(scan).error();
  try {
    Json document = Json::parse(scanned);
    KeysOnce keys;
    Json::sax_parse(scanned, &keys);
    if (!keys.twice.empty()) {
      return Error{ErrorCode::kInvalid, "the key '" + base::escaped(keys.twice, 100) + "' stands twice in one object"};
    }
    return document;
  } catch (const Json::exception& error) {
    std::string_view what = error.what();
    if (const auto end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
    return Error{ErrorCode::kInvalid, "no JSON: " + base::escaped(what, 300)};
  }
}

}  // namespace ductus::operate
