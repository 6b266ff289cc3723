#include "config/erlang/lager.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "config/erlang/init_value.h"

namespace ductus::config::erlang {
namespace {

struct Level {
  std::string_view lagers;
  std::string_view ours;  ///< empty: nothing is written
};
// The most talkative first.
constexpr auto kLevels = std::to_array<Level>({{"debug", "debug"},
                                               {"info", "info"},
                                               {"notice", "info"},
                                               {"warning", "warn"},
                                               {"error", "error"},
                                               {"critical", "error"},
                                               {"alert", "error"},
                                               {"emergency", "error"},
                                               {"none", ""}});

const Level* level_of(const Term& term) {
  const auto* const found = std::find_if(
      kLevels.begin(), kLevels.end(), [&](const Level& level) { return term.is_text() && term.text == level.lagers; });
  return found == kLevels.end() ? nullptr : found;
}

const Term* value_of(std::string_view key, const Term& list) {
  for (const Term& element : list.elements) {
    if (element.is_pair() && element.elements[0].is_atom(key)) return &element.elements[1];
  }
  return nullptr;
}

class Reader {
 public:
  Reader(Problems& problems, std::vector<std::string>& warnings) : problems_(problems), warnings_(warnings) {}

  void read(const Term& handlers) {
    if (handlers.kind != Term::Kind::kList) return refuse(handlers, "a list of handlers");
    for (const Term& handler : handlers.elements) {
      if (handler.is_pair() && handler.elements[0].is_atom("lager_console_backend")) {
        read_console(handler.elements[1]);
      } else if (handler.is_pair() && handler.elements[0].is_atom("lager_file_backend")) {
        read_files(handler.elements[1]);
      } else {
        warn(handler, "this handler of lager is not read");
      }
    }
  }

  void put(Tree::Table& log) {
    if (file_) {
      for (const Target& other : others_) {
        warn(*other.file, shown(*other.file) + " is not written: " + shown(*file_->file) + " holds all of it");
      }
      if (console_) warn(*console_->level, "the log goes to " + shown(*file_->file) + ", not to the console as well");
      put_text(log, "file", *file_->file, file_->file->text);
    }
    if (const auto& chosen = file_ ? file_ : console_) {
      put_text(log, "level", *chosen->level, std::string(level_of(*chosen->level)->ours));
    }
  }

 private:
  struct Target {
    const Term* level = nullptr;
    const Term* file = nullptr;
  };

  static void put_text(Tree::Table& log, const char* key, const Term& at, std::string text) {
    log.insert_or_assign(key, Tree{std::move(text), at.at, at.at, ""});
  }
  void warn(const Term& term, const std::string& what) { warnings_.push_back(term.at.to_text() + ": " + what); }
  void refuse(const Term& term, const std::string& wanted) {
    problems_.add(term.at, "lager: expected " + wanted + ", got " + shown(term));
  }

  const Term* checked_level(const Term* level, const Term& around) {
    if (level != nullptr && level_of(*level) != nullptr) return level;
    refuse(level != nullptr ? *level : around, "a level such as 'info' or 'error'");
    return nullptr;
  }

  // info | [info, …] | [{level, info}, …]
  void read_console(const Term& settings) {
    const Term* level = &settings;
    if (settings.kind == Term::Kind::kList) {
      level = value_of("level", settings);
      if (level == nullptr && !settings.elements.empty()) level = settings.elements.data();
    }
    if (const Term* checked = checked_level(level, settings)) choose({checked, nullptr}, console_);
  }

  // [{"log/error.log", error, …}, …] | [{file, "log/error.log"}, {level, error}, …]
  void read_files(const Term& settings) {
    if (settings.kind != Term::Kind::kList) return refuse(settings, "a list of files");
    if (const Term* file = value_of("file", settings)) return add_file(*file, value_of("level", settings), settings);
    for (const Term& file : settings.elements) {
      if (file.kind != Term::Kind::kTuple || file.elements.size() < 2) {
        refuse(file, "{\"file\", level, …}");
      } else {
        add_file(file.elements[0], &file.elements[1], file);
      }
    }
  }

  void add_file(const Term& file, const Term* level, const Term& around) {
    if (!text_of(file)) return refuse(file, "the name of a file");
    if (const Term* checked = checked_level(level, around)) choose({checked, &file}, file_);
  }

  void choose(const Target& candidate, std::optional<Target>& chosen) {
    const Level* level = level_of(*candidate.level);
    if (level->ours.empty()) return;
    if (!chosen) {
      chosen = candidate;
    } else if (level < level_of(*chosen->level)) {
      others_.push_back(std::exchange(*chosen, candidate));
    } else {
      others_.push_back(candidate);
    }
  }

  Problems& problems_;
  std::vector<std::string>& warnings_;
  std::optional<Target> console_;
  std::optional<Target> file_;
  std::vector<Target> others_;
};

}  // namespace

void add_lager(const Term& handlers, Tree::Table& log, Problems& problems, std::vector<std::string>& warnings) {
  Reader reader(problems, warnings);
  reader.read(handlers);
  reader.put(log);
}

}  // namespace ductus::config::erlang
