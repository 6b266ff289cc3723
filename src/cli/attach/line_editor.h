// LineEditor: lines from a terminal, with editing, history and completion.
//
// Thread: one.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"

namespace ductus::cli {

struct Completion {
  std::size_t from = 0;                 ///< where the word begins that they complete
  std::vector<std::string> candidates;  ///< whole words
};

class LineEditor {
 public:
  /// What the text in front of the cursor may be completed to.
  using Complete = std::function<Completion(std::string_view before_cursor)>;
  enum class End { kLine, kLeave };

  /// Both must be terminals. Takes the locale's characters from the environment. Error: kIo.
  static Result<std::unique_ptr<LineEditor>> open(const std::string& prompt, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// `line` can be called back from now on, by the keys that go through the history.
  void remember(const std::string& line);
  /// The next line, without its end. Ctrl-C clears it; Ctrl-C once more, or Ctrl-D on an empty line, is kLeave.
  /// Blocking: until then. The terminal is as before in between, and when a signal ends the process.
  End read(std::string& line);

 private:
  struct Library;
  explicit LineEditor(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace ductus::cli
