// The reader of Erlang terms beside Erlang's own: both take the same files and make the same of them.
#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "config/erlang/terms.h"
#include "config/utf8.h"
#include "support/temporary_directory.h"

namespace ductus::config::erlang {
namespace {

constexpr int kFiles = 1000;

// Prints for each file what file:consult/1 makes of it, in the notation of canonical().
constexpr const char* kOracle = R"erl(
main([Folder, Count]) ->
    ok = io:setopts(standard_io, [{encoding, latin1}]),
    [io:put_chars([consult(filename:join(Folder, integer_to_list(I))), "\n"])
     || I <- lists:seq(0, list_to_integer(Count) - 1)].

consult(File) ->
    case catch file:consult(File) of
        {ok, [Term]} -> try canonical(Term) catch _:_ -> "other" end;
        {ok, _} -> "not one";
        _ -> "refused"
    end.

canonical(T) when is_atom(T) -> ["a", hex(unicode:characters_to_binary(atom_to_list(T)))];
canonical(T) when is_integer(T) -> ["i", integer_to_list(T)];
canonical(T) when is_float(T) -> ["f", hex(<<T/float>>)];
canonical(T) when is_binary(T) -> ["b", hex(T)];
canonical(T) when is_tuple(T) -> ["{", all(tuple_to_list(T)), "}"];
canonical(T) when is_list(T) -> true = is_list(T) andalso length(T) >= 0, ["[", all(T), "]"];
canonical(T) when is_map(T) ->
    Pairs = [iolist_to_binary([canonical(K), "=", canonical(V)]) || {K, V} <- maps:to_list(T)],
    ["#", [[P, " "] || P <- lists:sort(Pairs)], "}"].

all(Ts) -> [[canonical(T), " "] || T <- Ts].
hex(B) -> [io_lib:format("~2.16.0b", [X]) || <<X>> <= B].
)erl";

std::string hex(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string canonical(const Term& term);

std::string all(const std::vector<Term>& terms) {
  std::string text;
  for (const Term& term : terms) text += canonical(term) + " ";
  return text;
}

std::string canonical(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kAtom:
      return "a" + hex(term.text);
    case Term::Kind::kInteger:
      return "i" + std::to_string(term.integer);
    case Term::Kind::kFloat: {
      std::string bytes;
      for (int shift = 56; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(std::bit_cast<std::uint64_t>(term.real) >> shift);
      }
      return "f" + hex(bytes);
    }
    case Term::Kind::kBinary:
      return "b" + hex(term.text);
    case Term::Kind::kTuple:
      return "{" + all(term.elements) + "}";
    case Term::Kind::kList:
      return "[" + all(term.elements) + "]";
    case Term::Kind::kText: {
      std::string text = "[";
      for (std::string_view rest = term.text; !rest.empty();) {
        const auto [character, size] = decode_utf8(rest);
        text += "i" + std::to_string(static_cast<std::uint32_t>(character)) + " ";
        rest.remove_prefix(size);
      }
      return text + "]";
    }
    case Term::Kind::kMap: {
      std::map<std::string, std::string> pairs;
      for (std::size_t i = 0; i < term.elements.size(); i += 2) {
        pairs[canonical(term.elements[i])] = canonical(term.elements[i + 1]);
      }
      std::vector<std::string> sorted;
      for (const auto& [key, value] : pairs) sorted.push_back(key + "=" + value);
      std::ranges::sort(sorted);
      std::string text = "#";
      for (const std::string& pair : sorted) text += pair + " ";
      return text + "}";
    }
  }
  return "";
}

/// Files as somebody might write them, and as they look with a few wrong letters.
class Author {
 public:
  explicit Author(std::uint64_t seed) : random_(seed) {}

  std::string file() {
    std::string text = term(0) + gap() + "." + one_of({"\n", "", " % end", "\r\n"});
    if (one_in(20)) text += term(0) + ".";
    for (int changes = one_in(2) ? roll(3) : 0; changes > 0; --changes) damage(text);
    return text;
  }

 private:
  int roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  bool one_in(int cases) { return roll(cases) == 0; }
  std::string one_of(const std::vector<std::string>& choices) {
    return choices[static_cast<std::size_t>(roll(static_cast<int>(choices.size())))];
  }

  std::string gap() {
    std::string text;
    while (one_in(3)) text += one_of({" ", "\n", "\t", "\r\n", "% it's a \"comment\" {\n", "\xC2\xA0"});
    return text;
  }

  std::string term(int depth) {
    switch (depth < 4 ? roll(10) : roll(6)) {
      case 0:
        return atom();
      case 1:
        return text('"') + (one_in(4) ? gap() + " " + text('"') : "");
      case 2:
      case 3:
        return integer();
      case 4:
        return real();
      case 5:
        return binary();
      case 6:
        return "#" + gap() + "{" + elements(depth, " => ") + "}";
      case 7:
        return "{" + elements(depth, "") + "}";
      default:
        return "[" + elements(depth, "") + "]";
    }
  }

  std::string elements(int depth, const std::string& arrow) {
    std::string text = gap();
    for (int left = roll(4); left > 0; --left) {
      text += term(depth + 1) + (arrow.empty() ? "" : arrow + term(depth + 1)) + gap();
      if (left > 1) text += "," + gap();
    }
    if (arrow.empty() && one_in(60)) text += "|" + term(depth + 1);
    return text;
  }

  std::string atom() {
    if (one_in(2)) return text('\'');
    return one_of({"a", "true", "undefined", "ductus", "aB_9@x", "\xC3\xA4h", "\xC3\xB7", "case", "maybe", "cond",
                   "let", "A", "_", "not", "zß", "else", "'x'y"});
  }

  std::string text(char quote) {
    std::string text(1, quote);
    for (int left = roll(6); left > 0; --left) {
      text += one_of({"a",
                      " ",
                      "%",
                      ".",
                      "\n",
                      "\xC3\xA4",
                      "\xE2\x82\xAC",
                      "\xF0\x9F\x98\x80",
                      "\\n",
                      "\\s",
                      "\\e",
                      "\\d",
                      "\\\\",
                      "\\\"",
                      "\\'",
                      "\\q",
                      "\\0",
                      "\\12",
                      "\\101",
                      "\\777",
                      "\\8",
                      "\\x41",
                      "\\x4",
                      "\\x{41}",
                      "\\x{1F600}",
                      "\\x{D800}",
                      "\\x{FFFE}",
                      "\\x{FFFF}",
                      "\\x{110000}",
                      "\\x{}",
                      "\\^A",
                      "\\^z",
                      "\\^[",
                      "\\\n",
                      "\\\xC3\xA4",
                      "\x7F",
                      "\x01"});
    }
    return text + quote;
  }

  std::string integer() {
    const std::string sign = one_of({"", "", "", "-", "+", "- ", "-\n"});
    return sign + one_of({"0",
                          "17",
                          "1_000",
                          "1__0",
                          "1_",
                          "007",
                          "16#ff",
                          "16#FF_0a",
                          "2#102",
                          "2#",
                          "36#zZ",
                          "37#1",
                          "1#0",
                          "$a",
                          "$\\n",
                          "$ ",
                          "$\\x{20AC}",
                          "$\xE2\x82\xAC",
                          "$\\^A",
                          "$'",
                          "$\"",
                          "$%",
                          "9223372036854775807",
                          "9223372036854775808",
                          "16#8000000000000000",
                          "1_6#f",
                          "16#f_",
                          "16#g",
                          std::to_string(random_() >> 1)});
  }

  std::string real() {
    return one_of({"", "-", "+"}) + one_of({"1.0",
                                            "0.1",
                                            "1.5e3",
                                            "1.5E-3",
                                            "1.5e+3",
                                            "1_0.0_1",
                                            "1.0e1_0",
                                            "1.e5",
                                            "1e5",
                                            "1.",
                                            ".5",
                                            "1.0e",
                                            "1.0e400",
                                            "1.0e-400",
                                            "123456789.123456789",
                                            "0.0",
                                            "1.7976931348623157e308",
                                            "4.9e-324",
                                            "2.2250738585072014e-308",
                                            std::to_string(roll(1000)) + "." + std::to_string(random_() >> 20)});
  }

  std::string binary() {
    std::string bytes = "<<";
    for (int left = roll(3); left > 0; --left) {
      bytes +=
          one_of({text('"'), text('"') + "/utf8", "1", "255", "$a", "256", "-1", "1:16", "x", "1/integer"}) + gap();
      if (left > 1) bytes += ",";
    }
    return bytes + ">>";
  }

  void damage(std::string& text) {
    const auto at = static_cast<std::size_t>(roll(static_cast<int>(text.size())));
    switch (roll(3)) {
      case 0:
        text.erase(at, static_cast<std::size_t>(roll(3) + 1));
        break;
      case 1:
        text.insert(at, one_of({"{", "}", "[", "]",  ",", ".",        "\"",       "'",           "%", "\n",
                                " ", "$", "#", "\\", "|", "<<",       ">>",       "(",           ")", "=>",
                                "1", "a", "A", "-",  "_", "\xC3\xA4", "\xC3\x97", "\xE2\x82\xAC"}));
        break;
      default:
        text[at] = static_cast<char>(roll(255) + 1);
        break;
    }
    if (text.empty()) text = " ";
  }

  std::mt19937_64 random_;
};

class ErlangOracle : public testing::Test {
 protected:
  std::vector<std::string> ask(const std::vector<std::string>& files) {
    for (std::size_t i = 0; i < files.size(); ++i) dir_.write(std::to_string(i), files[i]);
    const auto script = dir_.write("oracle.escript", std::string("#!/usr/bin/env escript\n") + kOracle);
    const std::string command =
        "escript " + script.string() + " " + dir_.path().string() + " " + std::to_string(files.size());
    FILE* const output = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a fixed command
    std::string text;
    std::array<char, 4096> part{};
    for (std::size_t got; output != nullptr && (got = ::fread(part.data(), 1, part.size(), output)) > 0;) {
      text.append(part.data(), got);
    }
    EXPECT_EQ(output == nullptr ? -1 : ::pclose(output), 0) << "escript of the package erlang-base is needed";
    std::vector<std::string> answers;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) answers.push_back(line);
    return answers;
  }

  test::TemporaryDirectory dir_;
};

TEST_F(ErlangOracle, TakesAndMakesTheSameOfEveryFile) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Author author(seed);
  std::vector<std::string> files;
  for (int i = 0; i < kFiles; ++i) files.push_back(author.file());
  const auto answers = ask(files);
  ASSERT_EQ(answers.size(), files.size());
  const auto name = std::make_shared<const std::string>("x");
  int taken = 0;
  int refused = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    SCOPED_TRACE(files[i]);
    const auto ours = parse_term(files[i], name);
    if (ours) {
      EXPECT_EQ(canonical(*ours), answers[i]);
      ++taken;
    } else if (answers[i] == "refused" || answers[i] == "not one") {
      ++refused;
    } else {
      // More than a configuration needs; never a difference in what the grammar is.
      EXPECT_NE(ours.error().code, ErrorCode::kInvalid) << ours.error().message << "\n" << answers[i];
    }
  }
  EXPECT_GT(taken, kFiles / 5);
  EXPECT_GT(refused, kFiles / 5);
}

}  // namespace
}  // namespace ductus::config::erlang
