#include "config/problems.h"

#include <algorithm>
#include <tuple>

namespace ductus::config {

void Problems::add(const Origin& at, std::string text, ErrorCode code) { list_.push_back({at, std::move(text), code}); }

Error Problems::to_error() const {
  std::vector<const Problem*> sorted;
  for (const Problem& problem : list_) sorted.push_back(&problem);
  std::sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    // At one place, as they were found: the list lies in one piece.
    return std::tie(*a->at.source, a->at.line, a->at.column, a) < std::tie(*b->at.source, b->at.line, b->at.column, b);
  });
  Error error{list_.front().code, ""};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i]->code != error.code) error.code = ErrorCode::kInvalid;
    if (i > kMaxShown) continue;
    if (i > 0) error.message += '\n';
    error.message += i == kMaxShown ? "and " + std::to_string(sorted.size() - kMaxShown) + " more problems"
                                    : sorted[i]->at.to_text() + ": " + sorted[i]->text;
  }
  return error;
}

}  // namespace ductus::config
