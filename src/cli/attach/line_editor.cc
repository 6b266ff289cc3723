#include "cli/attach/line_editor.h"

#include <histedit.h>
#include <signal.h>

#include <algorithm>
#include <clocale>
#include <cstdio>

#include "cli/attach/history_file.h"

#if defined(__SANITIZE_ADDRESS__)
#define DUCTUS_LEAK_CHECK
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DUCTUS_LEAK_CHECK
#endif
#endif
#ifdef DUCTUS_LEAK_CHECK
#include <sanitizer/lsan_interface.h>
#endif

namespace ductus::cli {
namespace {

constexpr std::size_t kMaxShownCandidates = 100;

std::string common_front(const std::vector<std::string>& words) {
  std::string front = words.front();
  for (const std::string& word : words) {
    const auto differ = std::mismatch(front.begin(), front.end(), word.begin(), word.end()).first;
    front.erase(differ, front.end());
  }
  return front;
}

}  // namespace

struct LineEditor::Library {
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string prompt;
  Complete complete;
  bool interrupted = false;  // the last key was Ctrl-C
  bool cleared = false;      // the line that ends was cleared
  bool leaves = false;

  ~Library() {
    if (editor != nullptr) ::el_end(editor);
    if (history != nullptr) ::history_end(history);
  }

  static Library& of(EditLine* editor) {
    void* self = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Library*>(self);
  }
  static void add_functions(EditLine* editor);
  static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }

  // Ctrl-C.
  static unsigned char interrupt(EditLine* editor, int) {
    Library& self = of(editor);
    const LineInfo* const line = ::el_line(editor);
    const bool empty = line->lastchar == line->buffer;
    self.leaves = empty && self.interrupted;
    self.interrupted = true;
    self.cleared = true;
    std::fputs(empty && !self.leaves ? "^C (once more, or Ctrl-D, leaves)\n" : "^C\n", stdout);
    return self.leaves ? CC_EOF : CC_NEWLINE;
  }

  // Ctrl-Z.
  static unsigned char suspend(EditLine*, int) {
    ::raise(SIGTSTP);  // puts the terminal right before it stops, and again when it goes on
    return CC_REFRESH;
  }

  static unsigned char complete_word(EditLine* editor, int) {
    Library& self = of(editor);
    const LineInfo* const line = ::el_line(editor);
    const std::string before(line->buffer, line->cursor);
    const Completion found = self.complete(before);
    if (found.candidates.empty() || found.from > before.size()) return CC_REFRESH_BEEP;
    const std::string typed = before.substr(found.from);
    std::string rest =
        common_front(found.candidates).substr(std::min(typed.size(), common_front(found.candidates).size()));
    if (found.candidates.size() == 1 && !found.candidates.front().ends_with('/')) rest += ' ';
    if (!rest.empty()) return ::el_insertstr(editor, rest.c_str()) == 0 ? CC_REFRESH : CC_REFRESH_BEEP;
    std::fputc('\n', stdout);
    for (std::size_t i = 0; i < std::min(found.candidates.size(), kMaxShownCandidates); ++i) {
      std::fputs((found.candidates[i] + "  ").c_str(), stdout);
    }
    if (found.candidates.size() > kMaxShownCandidates) std::fputs("…", stdout);
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }
};

void LineEditor::Library::add_functions(EditLine* editor) {
#ifdef DUCTUS_LEAK_CHECK
  __lsan_disable();  // the library does not free their names at its end
#endif
  ::el_set(editor, EL_ADDFN, "ductus-interrupt", "Clear the line, or leave", &Library::interrupt);
  ::el_set(editor, EL_ADDFN, "ductus-suspend", "Stop until continued", &Library::suspend);
  ::el_set(editor, EL_ADDFN, "ductus-complete", "Complete the word", &Library::complete_word);
#ifdef DUCTUS_LEAK_CHECK
  __lsan_enable();
#endif
}

LineEditor::LineEditor(std::unique_ptr<Library> library) : library_(std::move(library)) {}
LineEditor::~LineEditor() = default;

Result<std::unique_ptr<LineEditor>> LineEditor::open(const std::string& prompt, Complete complete) {
  std::setlocale(LC_CTYPE, "");
  auto library = std::make_unique<Library>();
  library->prompt = prompt;
  library->complete = std::move(complete);
  library->history = ::history_init();
  library->editor = ::el_init("ductus", stdin, stdout, stderr);
  if (library->editor == nullptr || library->history == nullptr) {
    return Error{ErrorCode::kIo, "the terminal cannot be used for editing lines"};
  }
  HistEvent event{};
  ::history(library->history, &event, H_SETSIZE, static_cast<int>(HistoryFile::kMaxLines));
  EditLine* const editor = library->editor;
  ::el_set(editor, EL_CLIENTDATA, library.get());
  ::el_set(editor, EL_PROMPT, &Library::show_prompt);
  ::el_set(editor, EL_EDITOR, "emacs");
  ::el_set(editor, EL_HIST, ::history, library->history);
  ::el_set(editor, EL_SIGNAL, 1);  // puts the terminal right before a signal ends the process, or stops it
  Library::add_functions(editor);
  // While a line is typed Ctrl-C is a key like others.
  ::el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  ::el_set(editor, EL_BIND, "^C", "ductus-interrupt", nullptr);
  ::el_set(editor, EL_BIND, "^Z", "ductus-suspend", nullptr);
  ::el_set(editor, EL_BIND, "^I", "ductus-complete", nullptr);
  ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  return std::unique_ptr<LineEditor>(new LineEditor(std::move(library)));
}

void LineEditor::remember(const std::string& line) {
  HistEvent event{};
  ::history(library_->history, &event, H_ENTER, line.c_str());
}

LineEditor::End LineEditor::read(std::string& line) {
  for (;;) {
    int count = 0;
    library_->cleared = false;
    const char* const got = ::el_gets(library_->editor, &count);
    if (library_->leaves) return End::kLeave;
    if (library_->cleared) continue;
    if (got == nullptr || count <= 0) return End::kLeave;
    library_->interrupted = false;
    line.assign(got, static_cast<std::size_t>(count));
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    return End::kLine;
  }
}

}  // namespace ductus::cli
