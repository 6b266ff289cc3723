#include "config/erlang/terms.h"

#include <utility>

#include "base/escape.h"
#include "config/erlang/scanner.h"
#include "config/toml/nesting.h"
#include "config/utf8.h"

namespace ductus::config::erlang {
namespace {

constexpr std::size_t kMaxShownBytes = 40;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string quoted(std::string_view text) { return "'" + base::escaped(text, kMaxShownBytes) + "'"; }

std::string to_text(const Origin& place) { return std::to_string(place.line) + ':' + std::to_string(place.column); }

class Parser {
 public:
  Parser(std::string_view text, const std::shared_ptr<const std::string>& file)
      : text_(text), file_(file), scanner_(text) {}

  Result<Term> parse() {
    if (auto foreign = scanner_.foreign_byte()) return *std::move(foreign);
    if (auto read = shift(); !read) return std::move(read).error();
    if (token_.kind == Token::Kind::kEnd) return wrong("expected a term, the file is empty");
    auto term = parse_any(0);
    if (!term) return term;
    if (token_.kind == Token::Kind::kEnd) return wrong("expected '.' at the end of the term");
    if (token_.kind != Token::Kind::kStop) {
      return wrong("expected '.' at the end of the term, got " + quoted(snippet()));
    }
    if (auto read = shift(); !read) return std::move(read).error();
    if (token_.kind != Token::Kind::kEnd) return wrong("expected the end of the file: one term is all it holds");
    return term;
  }

 private:
  Error wrong(const std::string& what, ErrorCode code = ErrorCode::kInvalid) const {
    return Scanner::problem(token_.at, what, code);
  }

  Result<void> shift() {
    auto token = scanner_.next();
    if (!token) return std::move(token).error();
    token_ = *std::move(token);
    return {};
  }

  // What stands here, up to the next gap: "{callback_module".
  std::string_view snippet() const {
    const std::string_view rest = text_.substr(token_.offset);
    const std::size_t end = rest.find_first_of(" \t\r\n,]})%", 1);
    return rest.substr(0, end);
  }

  bool at_term() const {
    switch (token_.kind) {
      case Token::Kind::kAtom:
      case Token::Kind::kText:
      case Token::Kind::kInteger:
      case Token::Kind::kFloat:
        return true;
      case Token::Kind::kSymbol:
        return token_.is("[") || token_.is("{") || token_.is("#") || token_.is("<<");
      default:
        return false;
    }
  }

  Result<Term> parse_any(int depth) {
    if (++terms_ > kMaxTerms) return wrong("more than " + std::to_string(kMaxTerms) + " terms", ErrorCode::kLimit);
    Term term;
    term.at = {file_, token_.at.line, token_.at.column};
    switch (token_.kind) {
      case Token::Kind::kAtom:
        return parse_simple(std::move(term), Term::Kind::kAtom);
      case Token::Kind::kInteger:
        return parse_simple(std::move(term), Term::Kind::kInteger);
      case Token::Kind::kFloat:
        return parse_simple(std::move(term), Term::Kind::kFloat);
      case Token::Kind::kText:
        return parse_texts(std::move(term));
      case Token::Kind::kSymbol:
        break;
      case Token::Kind::kStop:
        return wrong("expected a term, got '.'");
      case Token::Kind::kEnd:
        return wrong("expected a term, the file ends here");
    }
    if (token_.is("-") || token_.is("+")) return parse_signed(std::move(term));
    if (token_.is("<<")) return parse_binary(std::move(term));
    if (!token_.is("[") && !token_.is("{") && !token_.is("#")) return refuse_symbol();
    if (depth >= kMaxNesting) {
      return wrong("nested more than " + std::to_string(kMaxNesting) + " levels deep", ErrorCode::kLimit);
    }
    if (token_.is("#")) return parse_map(std::move(term), depth);
    return parse_sequence(std::move(term), depth);
  }

  Error refuse_symbol() const {
    const char first = token_.text[0];
    if ((first >= 'A' && first <= 'Z') || first == '_') {
      return wrong(quoted(token_.text) + " is a variable: write text in \"double\" or an atom in 'single' quotes");
    }
    if (token_.is("fun") || token_.is("(")) {
      return wrong(quoted(token_.text) + " has no place in a configuration", ErrorCode::kUnsupported);
    }
    if (first >= 'a' && first <= 'z') {
      return wrong(quoted(token_.text) + " is a reserved word: write an atom in 'single' quotes");
    }
    return wrong("expected a term, got " + quoted(token_.text));
  }

  Result<Term> parse_simple(Term term, Term::Kind kind) {
    term.kind = kind;
    term.text = std::move(token_.text);
    term.integer = token_.integer;
    term.real = token_.real;
    if (auto read = shift(); !read) return std::move(read).error();
    return term;
  }

  // Texts in a row are one.
  Result<Term> parse_texts(Term term) {
    term.kind = Term::Kind::kText;
    while (token_.kind == Token::Kind::kText) {
      term.text += token_.text;
      if (auto read = shift(); !read) return std::move(read).error();
    }
    return term;
  }

  Result<Term> parse_signed(Term term) {
    const bool negative = token_.is("-");
    if (auto read = shift(); !read) return std::move(read).error();
    if (token_.is("(")) return refuse_symbol();
    if (token_.kind != Token::Kind::kInteger && token_.kind != Token::Kind::kFloat) {
      return wrong("expected a number after the sign");
    }
    const bool whole = token_.kind == Token::Kind::kInteger;
    auto number = parse_simple(std::move(term), whole ? Term::Kind::kInteger : Term::Kind::kFloat);
    if (!number || !negative) return number;
    number->integer = -number->integer;
    number->real = -number->real;
    return number;
  }

  // At '[' or '{'.
  Result<Term> parse_sequence(Term term, int depth) {
    term.kind = token_.is("[") ? Term::Kind::kList : Term::Kind::kTuple;
    const std::string_view closing = token_.is("[") ? "]" : "}";
    if (auto read = shift(); !read) return std::move(read).error();
    if (token_.is(closing)) return parse_closed(std::move(term));
    for (;;) {
      auto element = parse_any(depth + 1);
      if (!element) return element;
      term.elements.push_back(*std::move(element));
      if (token_.is(closing)) return parse_closed(std::move(term));
      if (!token_.is(",")) return refuse_gap(term, closing);
      if (auto read = shift(); !read) return std::move(read).error();
      if (token_.is(closing)) return wrong("expected a term after ',', got " + quoted(closing));
    }
  }

  Result<Term> parse_closed(Term term) {
    if (auto read = shift(); !read) return std::move(read).error();
    return term;
  }

  // Behind an element stands neither a comma nor the end of what it belongs to.
  Error refuse_gap(const Term& around, std::string_view closing) const {
    const std::string wanted = "expected ',' or '" + std::string(closing) + "'";
    const std::string begins =
        "the " + std::string(name_of(around.kind)).substr(2) + " that begins at " + to_text(around.at);
    if (at_term()) {
      const Term::Kind before = around.elements.back().kind;
      return wrong(wanted + ": " + quoted(snippet()) + " follows " + std::string(name_of(before)) + " without ','");
    }
    if (token_.kind == Token::Kind::kEnd) return wrong(wanted + ": " + begins + " is not closed");
    if (token_.is("|")) return wrong("a list with a tail has no place in a configuration", ErrorCode::kUnsupported);
    const std::string got = token_.kind == Token::Kind::kStop ? "." : token_.text;
    return wrong(wanted + ", got " + quoted(got) + "; " + begins + " is not closed");
  }

  Result<Term> parse_map(Term term, int depth) {
    term.kind = Term::Kind::kMap;
    if (auto read = shift(); !read) return std::move(read).error();
    if (!token_.is("{")) return wrong("expected '{' after '#'");
    if (auto read = shift(); !read) return std::move(read).error();
    if (token_.is("}")) return parse_closed(std::move(term));
    for (;;) {
      auto key = parse_any(depth + 1);
      if (!key) return key;
      if (!token_.is("=>")) return wrong("expected '=>' after the key of a map");
      if (auto read = shift(); !read) return std::move(read).error();
      auto value = parse_any(depth + 1);
      if (!value) return value;
      term.elements.push_back(*std::move(key));
      term.elements.push_back(*std::move(value));
      if (token_.is("}")) return parse_closed(std::move(term));
      if (!token_.is(",")) return refuse_gap(term, "}");
      if (auto read = shift(); !read) return std::move(read).error();
    }
  }

  // <<"text", "text"/utf8, 1, 2>>
  Result<Term> parse_binary(Term term) {
    term.kind = Term::Kind::kBinary;
    if (auto read = shift(); !read) return std::move(read).error();
    if (token_.is(">>")) return parse_closed(std::move(term));
    for (;;) {
      if (auto added = add_segment(term); !added) return std::move(added).error();
      if (token_.is(">>")) return parse_closed(std::move(term));
      if (token_.is(":") || token_.is("/")) {
        return wrong("bit syntax has no place in a configuration", ErrorCode::kUnsupported);
      }
      if (!token_.is(",")) return wrong("expected ',' or '>>' in the binary that begins at " + to_text(term.at));
      if (auto read = shift(); !read) return std::move(read).error();
    }
  }

  Result<void> add_segment(Term& binary) {
    const Token first = token_;
    if (first.kind == Token::Kind::kInteger) {
      if (auto read = shift(); !read) return read;
      if (first.integer <= 0xFF) {
        binary.text += static_cast<char>(first.integer);
        return {};
      }
      return Scanner::problem(first.at, "a number that is no byte", ErrorCode::kUnsupported);
    }
    if (first.is("-") || first.is("+") || first.is("(")) {
      return wrong("bit syntax has no place in a configuration", ErrorCode::kUnsupported);
    }
    if (first.kind != Token::Kind::kText) return wrong("expected text or a byte in the binary");
    auto texts = parse_texts({});
    if (!texts) return std::move(texts).error();
    if (token_.is("/")) {
      if (auto read = shift(); !read) return read;
      if (token_.kind != Token::Kind::kAtom || token_.text != "utf8") {
        return wrong("bit syntax has no place in a configuration", ErrorCode::kUnsupported);
      }
      binary.text += texts->text;
      return shift();
    }
    // Without /utf8 each character is one byte.
    for (std::string_view rest = texts->text; !rest.empty();) {
      const auto [character, size] = decode_utf8(rest);
      if (character > 0xFF) {
        return Scanner::problem(first.at, "a character that is no byte: write <<\"…\"/utf8>>", ErrorCode::kUnsupported);
      }
      binary.text += static_cast<char>(character);
      rest.remove_prefix(size);
    }
    return {};
  }

  std::string_view text_;
  const std::shared_ptr<const std::string>& file_;
  Scanner scanner_;
  Token token_;
  std::size_t terms_ = 0;
};

}  // namespace

std::string_view name_of(Term::Kind kind) noexcept {
  switch (kind) {
    case Term::Kind::kAtom:
      return "an atom";
    case Term::Kind::kText:
      return "a text";
    case Term::Kind::kBinary:
      return "a binary";
    case Term::Kind::kInteger:
    case Term::Kind::kFloat:
      return "a number";
    case Term::Kind::kTuple:
      return "a tuple";
    case Term::Kind::kList:
      return "a list";
    case Term::Kind::kMap:
      return "a map";
  }
  return "a term";
}

Result<Term> parse_term(std::string_view text, const std::shared_ptr<const std::string>& file) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  auto term = Parser(text, file).parse();
  if (!term) return Error{term.error().code, base::escaped(*file) + ':' + term.error().message};
  return term;
}

}  // namespace ductus::config::erlang
