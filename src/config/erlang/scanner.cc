#include "config/erlang/scanner.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "config/utf8.h"

namespace ductus::config::erlang {
namespace {

constexpr std::size_t kMaxAtomCharacters = 255;
constexpr int kLargestBase = 36;

constexpr auto kReservedWords =
    std::to_array<std::string_view>({"after", "and",  "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr",
                                     "bxor",  "case", "catch",   "cond",   "div",     "end",  "fun", "if",   "let",
                                     "not",   "of",   "or",      "orelse", "receive", "rem",  "try", "when", "xor"});

constexpr auto kSymbols =
    std::to_array<std::string_view>({"<<", ">>", "=>", ":=", "--", "++", "[", "]", "{", "}", "(", ")", ",", "|", "#",
                                     "+",  "-",  "/",  ":",  ".",  ";",  "=", "?", "*", "<", ">", "!", "@", "~", "&"});

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_small(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7); }
bool is_capital(char32_t c) { return (c >= 'A' && c <= 'Z') || c == '_' || (c >= 0xC0 && c <= 0xDE && c != 0xD7); }
bool is_of_name(char32_t c) { return is_small(c) || is_capital(c) || is_digit(c) || c == '@'; }
bool is_blank(char32_t c) { return (c >= 1 && c <= ' ') || (c >= 0x80 && c <= 0xA0); }
bool is_character(char32_t c) { return c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF && c != 0xFFFE && c != 0xFFFF); }

int digit_value(char32_t c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'z') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'Z') return static_cast<int>(c - 'A') + 10;
  return kLargestBase;
}

// Of '\n', '\e' and so on; every other character stands for itself.
char32_t meaning_of(char32_t c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'e':
      return 0x1B;
    case 's':
      return ' ';
    case 'd':
      return 0x7F;
    default:
      return c;
  }
}

}  // namespace

Error Scanner::problem(const Place& at, const std::string& what, ErrorCode code) {
  return {code, std::to_string(at.line) + ':' + std::to_string(at.column) + ": " + what};
}

std::optional<Error> Scanner::foreign_byte() const {
  Place at;
  for (std::size_t offset = 0; offset < text_.size();) {
    const auto [character, size] = decode_utf8(text_.substr(offset));
    if (size == 0) return problem(at, "a byte that is no UTF-8");
    if (character == 0) return problem(at, "a NUL byte");
    offset += size;
    ++at.column;
    if (character == '\n') at = {at.line + 1, 1};
  }
  return std::nullopt;
}

char32_t Scanner::peek(std::size_t ahead) const {
  const std::size_t offset = offset_ + ahead;
  return offset < text_.size() ? decode_utf8(text_.substr(offset)).character : 0;
}

void Scanner::advance() {
  const auto [character, size] = decode_utf8(text_.substr(offset_));
  offset_ += std::max<std::size_t>(size, 1);
  ++at_.column;
  if (character == '\n') at_ = {at_.line + 1, 1};
}

bool Scanner::take(std::string_view ascii) {
  if (text_.substr(offset_, ascii.size()) != ascii) return false;
  offset_ += ascii.size();
  at_.column += static_cast<std::uint32_t>(ascii.size());
  return true;
}

void Scanner::skip_blank() {
  while (offset_ < text_.size() && (is_blank(peek()) || peek() == '%')) {
    const bool comment = peek() == '%';
    advance();
    while (comment && offset_ < text_.size() && peek() != '\n') advance();
  }
}

Result<Token> Scanner::next() {
  skip_blank();
  Token token;
  token.at = at_;
  token.offset = offset_;
  if (offset_ == text_.size()) return token;
  const char32_t first = peek();
  if (first == '"' || first == '\'') return scan_quoted(std::move(token), static_cast<char>(first));
  if (first == '$') return scan_character(std::move(token));
  if (is_digit(first)) return scan_number(std::move(token));
  if (is_small(first) || is_capital(first)) return scan_name(std::move(token));
  if (first == '.' && (offset_ + 1 == text_.size() || is_blank(peek(1)) || peek(1) == '%')) {
    advance();
    token.kind = Token::Kind::kStop;
    return token;
  }
  token.kind = Token::Kind::kSymbol;
  const auto* const symbol =
      std::find_if(kSymbols.begin(), kSymbols.end(), [this](std::string_view one) { return take(one); });
  if (symbol != kSymbols.end()) {
    token.text = *symbol;
    return token;
  }
  advance();
  token.text = text_.substr(token.offset, offset_ - token.offset);
  return token;
}

Result<Token> Scanner::scan_quoted(Token token, char quote) {
  const bool atom = quote == '\'';
  token.kind = atom ? Token::Kind::kAtom : Token::Kind::kText;
  advance();
  std::size_t characters = 0;
  while (offset_ < text_.size() && peek() != static_cast<unsigned char>(quote)) {
    const Place at = at_;
    char32_t character = peek();
    advance();
    if (character == '\\') {
      auto escape = scan_escape();
      if (!escape) return std::move(escape).error();
      character = *escape;
    }
    if (!is_character(character)) return problem(at, "a character that Unicode does not have");
    append_utf8(token.text, character);
    ++characters;
  }
  if (offset_ == text_.size()) {
    return problem(token.at, std::string(atom ? "the atom" : "the text") + " that begins here has no closing " + quote);
  }
  advance();
  if (atom && characters > kMaxAtomCharacters) {
    return problem(token.at, "an atom of more than " + std::to_string(kMaxAtomCharacters) + " characters",
                   ErrorCode::kLimit);
  }
  return token;
}

Result<Token> Scanner::scan_character(Token token) {
  advance();
  if (offset_ == text_.size()) return problem(token.at, "expected a character after '$'");
  char32_t character = peek();
  advance();
  if (character == '\\') {
    auto escape = scan_escape();
    if (!escape) return std::move(escape).error();
    character = *escape;
  }
  if (!is_character(character)) return problem(token.at, "a character that Unicode does not have");
  token.kind = Token::Kind::kInteger;
  token.integer = static_cast<std::int64_t>(character);
  return token;
}

// Behind the backslash.
Result<char32_t> Scanner::scan_escape() {
  const Place at{at_.line, at_.column - 1};
  if (offset_ == text_.size()) return problem(at, "expected a character after '\\'");
  const char32_t first = peek();
  advance();
  if (first == 'x') return scan_hex_escape(at);
  if (first == '^') {
    const char32_t control = peek();
    if (!(control >= '@' && control <= '_') && !(control >= 'a' && control <= 'z')) {
      // Older releases of Erlang take others as well.
      return problem(at, "expected a letter after '\\^'", ErrorCode::kUnsupported);
    }
    advance();
    return control & 0x1F;
  }
  if (first < '0' || first > '7') return meaning_of(first);
  char32_t value = first - '0';
  for (int digits = 1; digits < 3 && peek() >= '0' && peek() <= '7'; ++digits) {
    value = value * 8 + (peek() - '0');
    advance();
  }
  return value;
}

Result<char32_t> Scanner::scan_hex_escape(const Place& at) {
  constexpr char32_t kTooLarge = 0x110000;
  const bool braced = take("{");
  char32_t value = 0;
  std::size_t digits = 0;
  while (digit_value(peek()) < 16 && (braced || digits < 2)) {
    value = std::min<char32_t>(value * 16 + static_cast<char32_t>(digit_value(peek())), kTooLarge);
    advance();
    ++digits;
  }
  if (digits == 0 || (braced ? !take("}") : digits < 2)) {
    return problem(at, "expected '\\xHH' or '\\x{H…}' with hexadecimal digits");
  }
  return value;
}

// Digits, and each '_' that stands between two of them.
void Scanner::take_digits(std::string& digits) {
  while (is_digit(peek()) || (peek() == '_' && is_digit(peek(1)) && !digits.empty() && is_digit(digits.back()))) {
    if (peek() != '_') digits += static_cast<char>(peek());
    advance();
  }
}

Result<Token> Scanner::scan_number(Token token) {
  std::string digits;
  take_digits(digits);
  if (peek() == '#') return scan_based(std::move(token), digits);
  if (peek() == '.' && is_digit(peek(1))) return scan_float(std::move(token), std::move(digits));
  token.kind = Token::Kind::kInteger;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer);
  if (failure != std::errc()) return problem(token.at, "a number of more than 64 bits", ErrorCode::kLimit);
  return token;
}

Result<Token> Scanner::scan_based(Token token, const std::string& base_digits) {
  int base = 0;
  std::from_chars(base_digits.data(), base_digits.data() + base_digits.size(), base);
  advance();
  if (base < 2 || base > kLargestBase) return problem(token.at, "expected a base from 2 to 36 in front of '#'");
  const auto is_of_base = [&](char32_t c) { return digit_value(c) < base; };
  std::string digits;
  while (is_of_base(peek()) || (peek() == '_' && is_of_base(peek(1)) && !digits.empty())) {
    if (peek() != '_') digits += static_cast<char>(peek());
    advance();
  }
  if (digits.empty()) return problem(token.at, "expected digits of base " + base_digits + " after '#'");
  token.kind = Token::Kind::kInteger;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer, base);
  if (failure != std::errc()) return problem(token.at, "a number of more than 64 bits", ErrorCode::kLimit);
  return token;
}

Result<Token> Scanner::scan_float(Token token, std::string digits) {
  advance();
  digits += '.';
  take_digits(digits);
  if (peek() == 'e' || peek() == 'E') {
    advance();
    digits += 'e';
    if (peek() == '-' || peek() == '+') {
      if (peek() == '-') digits += '-';
      advance();
    }
    if (!is_digit(peek())) return problem(token.at, "expected digits in the exponent");
    take_digits(digits);
  }
  token.kind = Token::Kind::kFloat;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), token.real);
  if (failure != std::errc()) {
    return problem(token.at, "a number that is too large or too small for a float", ErrorCode::kLimit);
  }
  return token;
}

Token Scanner::scan_name(Token token) {
  const bool variable = is_capital(peek());
  while (offset_ < text_.size() && is_of_name(peek())) advance();
  token.text = text_.substr(token.offset, offset_ - token.offset);
  const bool reserved = std::ranges::find(kReservedWords, token.text) != kReservedWords.end();
  token.kind = variable || reserved ? Token::Kind::kSymbol : Token::Kind::kAtom;
  return token;
}

}  // namespace ductus::config::erlang
