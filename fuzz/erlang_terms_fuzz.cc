// A configuration in Erlang terms.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "config/erlang/document.h"
#include "config/erlang/terms.h"

namespace {

using ductus::config::erlang::Term;

// Places go forward, and the number of terms is bounded.
std::size_t count(const Term& term, std::uint32_t& line) {
  DUCTUS_ASSERT(term.at.line >= line && term.at.column > 0);
  line = term.at.line;
  std::size_t terms = 1;
  for (const Term& element : term.elements) terms += count(element, line);
  return terms;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kFile = std::make_shared<const std::string>("fuzz.config");
  const std::string text(data, data + size);
  const auto term = ductus::config::erlang::parse_term(text, kFile);
  std::uint32_t line = 1;
  if (term) {
    DUCTUS_ASSERT(count(*term, line) <= ductus::config::erlang::kMaxTerms);
    ductus::config::Problems problems;
    std::vector<std::string> warnings;
    (void)ductus::config::erlang::document_of({&*term, 1}, problems, warnings);
    if (!problems.empty()) DUCTUS_ASSERT(problems.to_error().message.starts_with("fuzz.config:"));
  } else {
    DUCTUS_ASSERT(term.error().message.starts_with("fuzz.config:"));
  }
  return 0;
}
