// PathTemplate: which file the messages of a topic-partition go to.
//
//   "out.txt"                       one file
//   "{topic}/{partition}.txt"       one for each partition
//
// Without {partition} all partitions of a topic share a file, without {topic} whatever names the same path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ductus/result.h"
#include "ductus/value.h"

namespace ductus::handlers {

class PathTemplate {
 public:
  /// From a topic's `init`: the path as a string, or {path = "..."}.
  /// Errors: kInvalid (no path, one that names no file, an unknown {word}).
  static Result<PathTemplate> parse(const Value& init_data);

  /// The path, in normal form; a relative one counts from `base_dir`.
  /// Errors: kInvalid: a topic that would leave the folder ("..", a "/" in its name).
  Result<std::filesystem::path> resolve(std::string_view topic, std::int32_t partition,
                                        const std::filesystem::path& base_dir) const;

 private:
  explicit PathTemplate(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace ductus::handlers
