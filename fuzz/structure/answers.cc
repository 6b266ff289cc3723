#include "structure/answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "kafka/wire.h"
#include "structure/record_batches.h"

namespace ductus::fuzz {
namespace {

using kafka::Reader;
using kafka::Writer;

// iN: a number of N bits. [ … ]: an array. 7+, -12, 8-10: what follows is there in these versions only. tags: only
// where the version is flexible. Source: the *Response.json of Kafka.
struct Grammar {
  std::int16_t api_key;
  std::int16_t first_flexible;
  std::int16_t first_with_header_tags;
  std::string_view fields;
};
constexpr std::int16_t kNever = std::numeric_limits<std::int16_t>::max();
constexpr std::int16_t kApiVersions = 18;
constexpr std::array<Grammar, 5> kGrammars = {{
    {1, 12, 12,
     "i32 7+ i16 7+ i32 [ -12 string 13+ uuid [ i32 i16 i64 i64 5+ i64 [ i64 i64 tags ] 11+ i32 records tags ] tags ] "
     "tags"},
    {2, 6, 6, "2+ i32 [ string [ i32 i16 i64 i64 4+ i32 tags ] tags ] tags"},
    {3, 9, 9,
     "3+ i32 [ i32 string i32 string tags ] 2+ string i32 [ i16 string 10+ uuid i8 [ i16 i32 i32 7+ i32 [ i32 ] "
     "[ i32 ] 5+ [ i32 ] tags ] 8+ i32 tags ] 8-10 i32 tags"},
    {kApiVersions, 3, kNever, "i16 [ i16 i16 i16 tags ] 1+ i32 tags"},
    {23, 4, 4, "i32 [ string [ i16 i32 i32 i64 tags ] tags ] tags"},
}};

struct Field {
  std::string_view kind;
  std::size_t end = 0;  ///< of an array: where its ] stands
};

int number_in(std::string_view text, int otherwise) {
  int number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Whether `word` says versions; then `is_there` is whether `version` is one of them.
bool says_versions(std::string_view word, int version, bool& is_there) {
  const std::size_t mark = word.find_first_of("+-");
  if (mark == std::string_view::npos) return false;
  const int first = number_in(word.substr(0, mark), 0);
  const int last = word[mark] == '+' ? kNever : number_in(word.substr(mark + 1), kNever);
  is_there = first <= version && version <= last;
  return true;
}

// The fields that an answer of `version` has.
std::vector<Field> fields_of(std::string_view grammar, int version) {
  std::vector<Field> fields;
  std::vector<std::size_t> open;
  bool is_there = true;
  std::size_t absent_depth = 0;  // within an array that is not there
  while (!grammar.empty()) {
    const std::size_t size = std::min(grammar.find(' '), grammar.size());
    const std::string_view word = grammar.substr(0, size);
    grammar.remove_prefix(std::min(size + 1, grammar.size()));
    if (says_versions(word, version, is_there)) continue;
    if (!is_there || absent_depth > 0) {
      if (word == "[") ++absent_depth;
      if (word == "]") --absent_depth;
      is_there = true;
      continue;
    }
    if (word == "[") open.push_back(fields.size());
    if (word == "]") {
      fields[open.back()].end = fields.size();
      open.pop_back();
    }
    fields.push_back({word});
  }
  return fields;
}

// Copies an answer field by field, but for one, which it changes.
class Copying {
 public:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  Copying(const Bytes& answer, const std::vector<Field>& fields, bool flexible, std::size_t target, Dice& dice)
      : reader_(answer), good_(answer), fields_(fields), flexible_(flexible), target_(target), dice_(dice) {}

  void copy_header(bool tags) {
    number(sizeof(std::int32_t));
    if (tags) copy_tags();
  }
  /// How many changes there are to choose from.
  std::size_t copy_body() {
    copy(0, fields_.size());
    return seen_;
  }
  Bytes result() && {
    Reader& rest = reader_.ok() ? reader_ : good_;
    writer_.raw(rest.raw(rest.left()));
    return std::move(writer_).take();
  }

 private:
  // What is worth a look more often counts for several.
  bool is_hit(std::size_t weight = 1) {
    const bool hit = target_ != kNone && target_ >= seen_ && target_ - seen_ < weight;
    seen_ += weight;
    return hit;
  }

  void copy(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to && reader_.ok(); ++i) {
      good_ = reader_;
      const std::string_view kind = fields_[i].kind;
      if (kind == "[") {
        copy_array(i + 1, fields_[i].end);
        i = fields_[i].end;
      } else if (kind == "tags") {
        if (flexible_) copy_tags();
      } else if (kind == "string") {
        copy_string();
      } else if (kind == "records") {
        copy_records();
      } else if (kind == "uuid") {
        for (int half = 0; half < 2; ++half) number(sizeof(std::int64_t));
      } else {
        number(static_cast<std::size_t>(number_in(kind.substr(1), 8)) / 8);
      }
    }
  }

  void number(std::size_t bytes) {
    std::int64_t value = bytes == 1   ? reader_.i8()
                         : bytes == 2 ? reader_.i16()
                         : bytes == 4 ? reader_.i32()
                                      : reader_.i64();
    if (!reader_.ok()) return;
    if (is_hit()) value = dice_.number(value, bytes);
    if (bytes == 1) writer_.i8(static_cast<std::int8_t>(value));
    if (bytes == 2) writer_.i16(static_cast<std::int16_t>(value));
    if (bytes == 4) writer_.i32(static_cast<std::int32_t>(value));
    if (bytes == 8) writer_.i64(value);
  }

  // A length or a count; -1 is null.
  std::int64_t read_size(std::size_t plain_bytes) {
    if (flexible_) return static_cast<std::int64_t>(reader_.uvarint()) - 1;
    return plain_bytes == sizeof(std::int16_t) ? reader_.i16() : reader_.i32();
  }
  void write_size(std::int64_t size, std::size_t plain_bytes) {
    if (flexible_) return writer_.uvarint(static_cast<std::uint32_t>(size + 1));
    if (plain_bytes == sizeof(std::int16_t)) return writer_.i16(static_cast<std::int16_t>(size));
    writer_.i32(static_cast<std::int32_t>(size));
  }

  template <class Change>
  void copy_sized(std::size_t plain_bytes, std::size_t weight, Change change) {
    std::int64_t size = read_size(plain_bytes);
    const base::ByteView view = reader_.raw(static_cast<std::size_t>(std::max<std::int64_t>(size, 0)));
    if (!reader_.ok()) return;
    Bytes bytes(view.begin(), view.end());
    if (is_hit(weight)) {
      if (dice_.one_in(8)) {
        size = dice_.number(size, plain_bytes);  // and the bytes as they are
      } else {
        change(bytes);
        size = bytes.empty() && dice_.one_in(4) ? -1 : static_cast<std::int64_t>(bytes.size());
      }
    }
    write_size(size, plain_bytes);
    writer_.raw(bytes);
  }

  void copy_string() {
    copy_sized(sizeof(std::int16_t), 1, [this](Bytes& text) {
      if (dice_.one_in(2)) return dice_.damage(text);
      text = dice_.some_bytes(dice_.one_in(32) ? 300 : 20);
    });
  }
  void copy_records() {
    copy_sized(sizeof(std::int32_t), 8, [this](Bytes& records) { mutate_records(records, dice_); });
  }

  void copy_array(std::size_t from, std::size_t to) {
    const std::int64_t size = read_size(sizeof(std::int32_t));
    if (!reader_.ok() || size > static_cast<std::int64_t>(reader_.left())) return reader_.fail();
    enum { kAsItIs, kWrongCount, kOneLess, kOneMore } change = kAsItIs;
    if (is_hit(2)) change = size <= 0 || dice_.one_in(4) ? kWrongCount : dice_.one_in(2) ? kOneLess : kOneMore;
    const auto chosen = static_cast<std::int64_t>(size > 0 ? dice_.below(static_cast<std::size_t>(size)) : 0);
    const auto more = static_cast<std::int64_t>(change == kOneMore ? 1 + dice_.below(dice_.one_in(32) ? 100 : 2) : 0);
    const std::int64_t written =
        change == kWrongCount ? dice_.number(size, 4) : size - (change == kOneLess ? 1 : 0) + more;
    write_size(written, sizeof(std::int32_t));
    for (std::int64_t i = 0; i < size && reader_.ok(); ++i) {
      const Reader element = reader_;
      if (change == kOneLess && i == chosen) {
        const Writer before = writer_;
        copy(from, to);
        writer_ = before;
        continue;
      }
      copy(from, to);
      for (std::int64_t n = 0; n < more && i == chosen && reader_.ok(); ++n) {
        reader_ = element;
        copy(from, to);
      }
    }
  }

  void copy_tags() {
    std::vector<std::pair<std::uint32_t, Bytes>> tags;
    for (std::uint32_t left = reader_.uvarint(); left > 0 && reader_.ok(); --left) {
      const std::uint32_t tag = reader_.uvarint();
      const base::ByteView bytes = reader_.raw(reader_.uvarint());
      tags.emplace_back(tag, Bytes(bytes.begin(), bytes.end()));
    }
    if (!reader_.ok()) return;
    std::size_t count_flaw = 0;
    std::size_t size_flaw = 0;
    if (is_hit()) {
      if (!tags.empty() && dice_.one_in(3)) {
        tags.pop_back();
      } else {
        // 13 bytes: an epoch, an offset and no tags, which is what most tags of a fetch hold.
        tags.emplace_back(dice_.below(4), dice_.one_in(2) ? Bytes(13) : dice_.some_bytes(20));
        dice_.damage(tags.back().second);
      }
      if (dice_.one_in(8)) count_flaw = dice_.below(1000);
      if (dice_.one_in(8)) size_flaw = dice_.below(1000);
    }
    writer_.uvarint(static_cast<std::uint32_t>(tags.size() + count_flaw));
    for (const auto& [tag, bytes] : tags) {
      writer_.uvarint(tag);
      writer_.uvarint(static_cast<std::uint32_t>(bytes.size() + size_flaw));
      writer_.raw(bytes);
    }
  }

  Reader reader_;
  Reader good_;  // where the field begins that `reader_` is at
  Writer writer_;
  const std::vector<Field>& fields_;
  const bool flexible_;
  const std::size_t target_;
  std::size_t seen_ = 0;
  Dice& dice_;
};

// A broker that does not know the version that was asked for answers in the first one.
bool is_of_first_version(std::int16_t api_key, const Bytes& answer) {
  constexpr std::uint8_t kUnsupportedVersion = 35;
  return api_key == kApiVersions && answer.size() > 5 && answer[4] == 0 && answer[5] == kUnsupportedVersion;
}

}  // namespace

bool mutate_answer(std::int16_t api_key, std::int16_t version, Bytes& answer, Dice& dice) {
  const auto* const grammar = std::ranges::find(kGrammars, api_key, &Grammar::api_key);
  if (grammar == kGrammars.end()) return false;
  const bool header_tags = version >= grammar->first_with_header_tags;
  if (is_of_first_version(api_key, answer)) version = 0;
  const bool flexible = version >= grammar->first_flexible;
  const std::vector<Field> fields = fields_of(grammar->fields, version);
  for (std::size_t left = 1 + dice.below(3); left > 0; --left) {
    Copying counting(answer, fields, flexible, Copying::kNone, dice);
    counting.copy_header(header_tags);
    const std::size_t changes = counting.copy_body();
    Copying changing(answer, fields, flexible, dice.below(changes + 1), dice);
    changing.copy_header(header_tags);
    (void)changing.copy_body();
    answer = std::move(changing).result();
  }
  return true;
}

}  // namespace ductus::fuzz
