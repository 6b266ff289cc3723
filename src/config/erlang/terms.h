// parse_term(): a file that holds one Erlang term → the term, with the place of each part.
//
// Thread: any. Source: erl_parse of Erlang/OTP 25, as file:consult/1 uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"
#include "ductus/result.h"

namespace ductus::config::erlang {

/// All parts of a term counted.
inline constexpr std::size_t kMaxTerms = 200'000;

struct Term {
  enum class Kind : std::uint8_t { kAtom, kText, kBinary, kInteger, kFloat, kTuple, kList, kMap };

  Kind kind = Kind::kAtom;
  std::string text;          ///< of an atom or "…": UTF-8; of a binary: its bytes
  std::int64_t integer = 0;  ///< `$a` is 97
  double real = 0;
  std::vector<Term> elements;  ///< of a tuple or list; of a map: key, value, key, value
  Origin at;

  bool is_atom(std::string_view name) const { return kind == Kind::kAtom && text == name; }
  /// An atom, "…" or a binary.
  bool is_text() const { return kind <= Kind::kBinary; }
  bool is_pair() const { return kind == Kind::kTuple && elements.size() == 2; }
};

/// "a tuple", "an atom": for messages.
std::string_view name_of(Term::Kind kind) noexcept;

/// One term, ended by '.', and nothing behind it. Comments and a byte order mark are skipped. Nothing that is wrong is
/// mended. Errors, with `file:line:column` in front: kInvalid (no such term, not UTF-8), kLimit (kMaxTerms,
/// kMaxNesting, a number of more than 64 bits), kUnsupported (improper lists, funs, bit syntax, parentheses: no
/// configuration has them).
Result<Term> parse_term(std::string_view text, const std::shared_ptr<const std::string>& file);

}  // namespace ductus::config::erlang
