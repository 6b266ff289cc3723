// Scanner: the text of an Erlang term → its tokens, one at a time, each with its place.
//
// Source: erl_scan of Erlang/OTP 25. Text is UTF-8. Thread: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::config::erlang {

/// From 1; the column in characters.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

struct Token {
  enum class Kind : std::uint8_t {
    kEnd,      ///< of the text
    kStop,     ///< the '.' that ends a term
    kSymbol,   ///< punctuation, a reserved word or a variable: `text`
    kAtom,     ///< `text`
    kText,     ///< "…": `text`, escapes resolved
    kInteger,  ///< `integer`
    kFloat,    ///< `real`
  } kind = Kind::kEnd;
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
  Place at;
  std::size_t offset = 0;  ///< in bytes, of its first one

  bool is(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Errors, as problem(): kInvalid, kLimit (a number beyond 64 bits). Not to be called again after one.
  Result<Token> next();

  /// "line:column: what".
  static Error problem(const Place& at, const std::string& what, ErrorCode code = ErrorCode::kInvalid);
  /// Where the text holds a NUL or is no UTF-8; to be asked before the first next().
  std::optional<Error> foreign_byte() const;

 private:
  char32_t peek(std::size_t ahead = 0) const;  // in bytes; 0 at the end
  void advance();                              // by one character
  bool take(std::string_view ascii);
  void skip_blank();
  Result<Token> scan_quoted(Token token, char quote);
  Result<Token> scan_character(Token token);
  Result<Token> scan_number(Token token);
  Result<Token> scan_based(Token token, const std::string& base);
  Result<Token> scan_float(Token token, std::string digits);
  Token scan_name(Token token);
  Result<char32_t> scan_escape();
  Result<char32_t> scan_hex_escape(const Place& at);
  void take_digits(std::string& digits);

  std::string_view text_;
  std::size_t offset_ = 0;
  Place at_;
};

}  // namespace ductus::config::erlang
