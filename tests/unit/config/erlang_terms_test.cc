// What the reader of Erlang terms takes, and where and what it says is wrong.
#include <gtest/gtest.h>

#include <string>

#include "config/erlang/terms.h"
#include "config/toml/nesting.h"

namespace ductus::config::erlang {
namespace {

using Kind = Term::Kind;

const auto kFile = std::make_shared<const std::string>("config/example.config");

Term term_of(const std::string& text) {
  auto term = parse_term(text, kFile);
  if (term) return *std::move(term);
  ADD_FAILURE() << text << ": " << term.error().message;
  return {};
}

Error refusal_of(const std::string& text) {
  const auto term = parse_term(text, kFile);
  if (!term) return term.error();
  ADD_FAILURE() << text << " is taken";
  return {ErrorCode::kNotNeeded, ""};
}

/// Without the name of the file.
std::string problem_of(const std::string& text) {
  const std::string message = refusal_of(text).message;
  EXPECT_EQ(message.find("config/example.config:"), 0u) << message;
  return message.substr(std::min(message.size(), kFile->size() + 1));
}

TEST(ErlangTerms, TellsKindsApart) {
  const Term term = term_of("[atom, 'a b', \"text\", <<\"b\", 33>>, 17, -1.5e3, {}, {x}, [], #{k => 1}].");
  ASSERT_EQ(term.kind, Kind::kList);
  ASSERT_EQ(term.elements.size(), 10u);
  EXPECT_TRUE(term.elements[0].is_atom("atom"));
  EXPECT_TRUE(term.elements[1].is_atom("a b"));
  EXPECT_EQ(term.elements[2].kind, Kind::kText);
  EXPECT_EQ(term.elements[3].kind, Kind::kBinary);
  EXPECT_EQ(term.elements[3].text, "b!");
  EXPECT_EQ(term.elements[4].integer, 17);
  EXPECT_EQ(term.elements[5].real, -1500.0);
  EXPECT_EQ(term.elements[6].kind, Kind::kTuple);
  EXPECT_EQ(term.elements[7].elements.size(), 1u);
  EXPECT_TRUE(term.elements[8].elements.empty());
  ASSERT_EQ(term.elements[9].kind, Kind::kMap);
  EXPECT_EQ(term.elements[9].elements.size(), 2u);
}

TEST(ErlangTerms, ReadsIntegersInEveryNotation) {
  for (const auto& [text, value] :
       std::initializer_list<std::pair<const char*, std::int64_t>>{{"16#ff", 255},
                                                                   {"16#Ff_00", 0xFF00},
                                                                   {"2#1010", 10},
                                                                   {"36#z", 35},
                                                                   {"1_000", 1000},
                                                                   {"$a", 97},
                                                                   {"$\\n", 10},
                                                                   {"$\\x{20AC}", 0x20AC},
                                                                   {"$ ", 32},
                                                                   {"- 7", -7},
                                                                   {"+7", 7},
                                                                   {"007", 7},
                                                                   {"9223372036854775807", INT64_MAX}}) {
    EXPECT_EQ(term_of(text + std::string(".")).integer, value) << text;
  }
}

TEST(ErlangTerms, ResolvesEscapesAndJoinsNeighbouringTexts) {
  EXPECT_EQ(term_of(R"("\n\r\t\v\b\f\e\s\d\\\"\'\q".)").text, "\n\r\t\v\b\f\x1B \x7F\\\"'q");
  EXPECT_EQ(term_of(R"("\101\7\x41\x{20ac}\^A\^z".)").text, "A\aA\xE2\x82\xAC\x01\x1A");
  EXPECT_EQ(term_of("\"one \" % a comment\n \"two\".").text, "one two");
  EXPECT_EQ(term_of("\"over\nlines\".").text, "over\nlines");
  EXPECT_EQ(term_of("'\\x{e4}'.").text, "\xC3\xA4");
  EXPECT_EQ(term_of("<<\"\xC3\xA4\"/utf8, \"\xC3\xA4\", 0>>.").text, std::string("\xC3\xA4\xE4\0", 4));
}

TEST(ErlangTerms, KnowsTheLineAndColumnOfEveryPart) {
  const Term term = term_of("% first\n[\n  {k, \"\xC3\xA4\xC3\xB6\", <<1>>},\t17\n].");
  EXPECT_EQ(term.at.to_text(), "config/example.config:2:1");
  const Term& tuple = term.elements.at(0);
  EXPECT_EQ(tuple.at.to_text(), "config/example.config:3:3");
  EXPECT_EQ(tuple.elements.at(1).at.column, 7u);
  EXPECT_EQ(tuple.elements.at(2).at.column, 13u);
  EXPECT_EQ(term.elements.at(1).at.column, 21u);
}

TEST(ErlangTerms, TakesAByteOrderMarkAndCarriageReturns) {
  EXPECT_EQ(term_of("\xEF\xBB\xBF{a,\r\n b}.\r\n").elements.at(1).at.to_text(), "config/example.config:2:2");
}

TEST(ErlangTerms, NamesTheLineOfAMissingComma) {
  EXPECT_EQ(refusal_of("[\n    {ductus, [\n        {periodic_period, 10000}\n        {callback_module, example},\n"
                       "        {topics, []}\n    ]}\n].")
                .message,
            "config/example.config:4:9: expected ',' or ']': '{callback_module' follows a tuple without ','");
  EXPECT_EQ(problem_of("{a b}."), "1:4: expected ',' or '}': 'b' follows an atom without ','");
  EXPECT_EQ(problem_of("[\"a\" 'b']."), "1:6: expected ',' or ']': ''b'' follows a text without ','");
}

TEST(ErlangTerms, SaysWhatIsMissingOrTooMuch) {
  for (const auto& [text, problem] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "1:1: expected a term, the file is empty"},
           {"  % only a comment\n", "2:1: expected a term, the file is empty"},
           {"[a, b", "1:6: expected ',' or ']': the list that begins at 1:1 is not closed"},
           {"[{a, b].", "1:7: expected ',' or '}', got ']'; the tuple that begins at 1:2 is not closed"},
           {"[a,].", "1:4: expected a term after ',', got ']'"},
           {"[,a].", "1:2: expected a term, got ','"},
           {"[a,,b].", "1:4: expected a term, got ','"},
           {"[a", "1:3: expected ',' or ']': the list that begins at 1:1 is not closed"},
           {"[a].\n[b].", "2:1: expected the end of the file: one term is all it holds"},
           {"[a]", "1:4: expected '.' at the end of the term"},
           {"[a]]", "1:4: expected '.' at the end of the term, got ']'"},
           {"{a, \"b}.\n", "1:5: the text that begins here has no closing \""},
           {"'a", "1:1: the atom that begins here has no closing '"},
           {"{a, Foo}.", "1:5: 'Foo' is a variable: write text in \"double\" or an atom in 'single' quotes"},
           {"[end].", "1:2: 'end' is a reserved word: write an atom in 'single' quotes"},
           {"-a.", "1:2: expected a number after the sign"},
           {"16#.", "1:1: expected digits of base 16 after '#'"},
           {"37#1.", "1:1: expected a base from 2 to 36 in front of '#'"},
           {"1.0e.", "1:1: expected digits in the exponent"},
           {"1.0e999.", "1:1: a number that is too large or too small for a float"},
           {"\"\\xg\".", "1:2: expected '\\xHH' or '\\x{H…}' with hexadecimal digits"},
           {"\"\\x{110000}\".", "1:2: a character that Unicode does not have"},
           {"#{a, b}.", "1:4: expected '=>' after the key of a map"},
           {"<<a>>.", "1:3: expected text or a byte in the binary"},
           {"\"a\xFF\".", "1:3: a byte that is no UTF-8"},
           {"\"\xC0\x80\".", "1:2: a byte that is no UTF-8"}}) {
    EXPECT_EQ(problem_of(text), problem) << text;
  }
  EXPECT_EQ(problem_of(std::string("{a,\n\0b}.", 8)), "2:1: a NUL byte");
}

TEST(ErlangTerms, RefusesByNameWhatNoConfigurationHas) {
  for (const char* text : {"[a | b].", "fun lists:map/2.", "(a).", "<<1:16>>.", "<<\"a\"/utf16>>.", "<<256>>.",
                           "<<\"\xE2\x82\xAC\">>.", "-(1)."}) {
    EXPECT_EQ(refusal_of(text).code, ErrorCode::kUnsupported) << text;
  }
  for (const char* text : {"9223372036854775808.", "16#10000000000000000."}) {
    EXPECT_EQ(refusal_of(text).code, ErrorCode::kLimit) << text;
  }
}

TEST(ErlangTerms, TakesTermsNestedToTheLimitAndNotOneMore) {
  const auto nested = [](int levels, const char* open, const char* close) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += open;
    for (int i = 0; i < levels; ++i) text += close;
    return text + ".";
  };
  term_of(nested(kMaxNesting, "[", "]"));
  for (const int levels : {kMaxNesting + 1, 100'000}) {
    EXPECT_EQ(refusal_of(nested(levels, "[", "]")).code, ErrorCode::kLimit);
    EXPECT_EQ(refusal_of(nested(levels, "{", "}")).code, ErrorCode::kLimit);
    EXPECT_EQ(refusal_of(nested(levels, "#{1=>", "}")).code, ErrorCode::kLimit);
  }
}

TEST(ErlangTerms, TakesTermsUpToTheLimitAndNotOneMore) {
  std::string list = "[1";
  for (std::size_t i = 2; i < kMaxTerms; ++i) list += ",1";  // the list is one as well
  EXPECT_EQ(term_of(list + "].").elements.size(), kMaxTerms - 1);
  EXPECT_EQ(refusal_of(list + ",1].").code, ErrorCode::kLimit);
}

TEST(ErlangTerms, TakesAtomsOf255Characters) {
  std::string name;
  for (int i = 0; i < 255; ++i) name += "\xC3\xA4";
  EXPECT_EQ(term_of("'" + name + "'.").text, name);
  EXPECT_EQ(refusal_of("'" + name + "a'.").code, ErrorCode::kLimit);
}

TEST(ErlangTerms, EscapesWhatItShows) { EXPECT_EQ(problem_of("[a \"\x1B[31m\"].").find('\x1B'), std::string::npos); }

}  // namespace
}  // namespace ductus::config::erlang
