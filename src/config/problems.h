// Problems: all that is wrong with a configuration, told at once.
//
// Thread: none of its own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/tree.h"
#include "ductus/result.h"

namespace ductus::config {

class Problems {
 public:
  void add(const Origin& at, std::string text, ErrorCode code = ErrorCode::kInvalid);

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  /// One line for each problem, in the order of file, line and column; at most kMaxShown.
  /// The code is that of the problems where they agree, else kInvalid.
  Error to_error() const;

  static constexpr std::size_t kMaxShown = 100;

 private:
  struct Problem {
    Origin at;
    std::string text;
    ErrorCode code;
  };
  std::vector<Problem> list_;
};

}  // namespace ductus::config
