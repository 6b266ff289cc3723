#include "cli/completion/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/escape.h"
#include "cli/attach/node_commands.h"
#include "cli/status/status_text.h"
#include "cli/verb.h"
#include "config/load.h"
#include "control/client.h"
#include "control/node_process.h"

namespace ductus::cli {
namespace {

// A folder with more is none of configurations.
constexpr int kMaxFolderEntries = 10'000;
// A word is completed at once or not at all.
constexpr std::chrono::milliseconds kNodeTimeout{500};

struct Candidate {
  std::string word;
  std::string meaning;
};
using Candidates = std::vector<Candidate>;

// The command line so far, taken apart.
struct Typed {
  Call call;
  const Verb* verb = nullptr;
  std::string group;
  std::vector<std::string> values;  ///< behind the verb, without options
  std::string option;               ///< the word is its value
  std::string word;                 ///< that is being typed
  bool nonsense = false;            ///< there is no such verb
};

// With what all of them take.
void describe_options(const Verb& verb, CLI::App& app) {
  verb.describe(app);
  app.add_option("--config-dir")->description("Where CONFIG is looked up, in place of config/ and conf/");
  app.add_option("--set")->description("Set a key of the configuration; may be repeated");
  if (verb.tells_json) app.add_flag("--json")->description("One line of JSON, for a script");
}

const Verb* verb_named(const std::string& group, const std::string& name) {
  const auto known = verbs();
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Verb& one) { return group == one.group && name == one.name; });
  return found == known.end() ? nullptr : &*found;
}

bool is_group(const std::string& word) {
  const auto known = verbs();
  return !word.empty() && std::any_of(known.begin(), known.end(), [&](const Verb& one) { return word == one.group; });
}

bool takes_value(const Typed& typed, const std::string& option) {
  if (option == "--config-dir" || option == "--set") return true;
  if (typed.verb == nullptr) return false;
  CLI::App app;
  typed.verb->describe(app);
  const CLI::Option* const known = app.get_option_no_throw(option);
  return known != nullptr && known->get_expected_min() > 0;
}

void take_value(Typed& typed, const std::string& option, const std::string& value) {
  if (option == "--config-dir") typed.call.config_dir = value;
  if (option == "--set") typed.call.sets.push_back(value);
}

Typed taken_apart(const std::vector<std::string>& words) {
  Typed typed;
  typed.word = words.empty() ? "" : words.back();
  std::string option;  // waits for its value
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "=" && !option.empty()) continue;  // bash parts words there
    if (!std::exchange(option, "").empty()) continue;
    if (word.starts_with("-")) {
      const auto equals = word.find('=');
      if (equals != std::string::npos) take_value(typed, word.substr(0, equals), word.substr(equals + 1));
      if (equals == std::string::npos && (takes_value(typed, word) || words[i + 1] == "=")) option = word;
      if (!option.empty() && i + 2 < words.size())
        take_value(typed, option, words[words[i + 1] == "=" ? i + 2 : i + 1]);
    } else if (typed.verb == nullptr && typed.group.empty() && is_group(word)) {
      typed.group = word;
    } else if (typed.verb == nullptr) {
      typed.verb = verb_named(typed.group, word);
      typed.nonsense = typed.verb == nullptr;
      if (typed.nonsense) return typed;
    } else {
      typed.values.push_back(word);
    }
  }
  typed.option = option;
  if (typed.word == "=") typed.word.clear();
  if (const auto equals = typed.word.find('='); typed.word.starts_with("--") && equals != std::string::npos) {
    typed.option = typed.word.substr(0, equals);
  }
  if (typed.verb != nullptr && typed.verb->takes_config && !typed.values.empty()) {
    typed.call.config = typed.values.front();
    typed.values.erase(typed.values.begin());
  }
  return typed;
}

Candidates verb_names(const std::string& group) {
  std::map<std::string, std::string> names;
  for (const Verb& verb : verbs()) {
    if (group == verb.group) names[verb.name] = verb.description;
    if (group.empty() && *verb.group != '\0') names.emplace(verb.group, std::string("More of ") + verb.group);
  }
  Candidates candidates;
  for (auto& [name, meaning] : names) candidates.push_back({name, meaning});
  return candidates;
}

// As load() looks them up: in config/ and conf/, or in one folder.
Candidates config_names(const Typed& typed, const Surroundings& around) {
  std::vector<std::filesystem::path> folders = {around.cwd / "config", around.cwd / "conf"};
  const auto variable = around.environment ? around.environment("DUCTUS_CONFIG_DIR") : std::nullopt;
  if (variable) folders = {around.cwd / *variable};
  if (typed.call.config_dir) folders = {around.cwd / *typed.call.config_dir};
  std::map<std::string, bool> names;
  for (const auto& folder : folders) {
    std::error_code gone;
    int seen = 0;
    for (std::filesystem::directory_iterator entry(folder, gone), end;
         !gone && entry != end && ++seen <= kMaxFolderEntries; entry.increment(gone)) {
      const auto& path = entry->path();
      const bool is_config =
          path.extension() == ".toml" || path.extension() == ".config" || path.extension() == ".conf";
      if (is_config && path.stem() != "default") names[path.stem().string()] = true;
    }
  }
  Candidates candidates;
  for (const auto& [name, ignored] : names) candidates.push_back({name, ""});
  return candidates;
}

std::optional<config::NodeConfig> config_of(const Typed& typed, const Surroundings& around) {
  if (typed.call.config.empty()) return std::nullopt;
  auto config =
      config::load({typed.call.config, typed.call.config_dir, typed.call.sets, around.environment, around.cwd});
  if (!config) return std::nullopt;
  return *std::move(config);
}

std::vector<operate::PartitionStatus> partitions_of(const config::NodeConfig& config) {
  const auto answer = control::request(control::socket_path(config.dir), "GET", "/v1/status", kNodeTimeout);
  if (!answer || answer->status != 200) return {};
  auto report = operate::status_from_json(answer->body);
  return report ? std::move(report->partitions) : std::vector<operate::PartitionStatus>{};
}

Candidates topics_and(const config::NodeConfig& config, bool partitions) {
  Candidates candidates;
  for (const config::TopicConfig& topic : config.topics) candidates.push_back({topic.name, ""});
  if (!partitions) return candidates;
  for (const operate::PartitionStatus& partition : partitions_of(config)) {
    if (partition.partition >= 0) candidates.push_back({place_of(partition), partition.state});
  }
  return candidates;
}

// "topic|partition" of the help; behind a colon stands what the library adds.
Candidates parted(const std::string& shown) {
  Candidates candidates;
  const std::string words = shown.substr(0, shown.find(':'));
  if (words.find('|') == std::string::npos) return candidates;
  for (const std::string& word : CLI::detail::split(words, '|')) {
    if (!word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos)
      candidates.push_back({word, ""});
  }
  return candidates;
}

Candidates values_of(const Typed& typed, const CLI::Option& option, const Surroundings& around) {
  Candidates words = parted(option.get_type_name());
  if (!words.empty()) return words;
  const std::string name = option.get_positional() ? option.get_name(true) : option.get_name();
  const auto config = config_of(typed, around);
  if (!config) return {};
  if (name == "TOPIC" || name == "--topic") return topics_and(*config, false);
  if (name == "PLACE") return topics_and(*config, true);
  if (name != "--partition" || typed.values.empty()) return {};
  for (const operate::PartitionStatus& partition : partitions_of(*config)) {
    if (partition.topic == typed.values.front() && partition.partition >= 0) {
      words.push_back({std::to_string(partition.partition), partition.state});
    }
  }
  return words;
}

Candidates options_of(const CLI::App& app) {
  Candidates candidates;
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) candidates.push_back({"--" + name, option->get_description()});
    if (!option->get_lnames().empty()) continue;
    for (const std::string& name : option->get_snames()) candidates.push_back({"-" + name, option->get_description()});
  }
  return candidates;
}

Candidates candidates_for(const Typed& typed, const Surroundings& around) {
  if (typed.nonsense) return {};
  if (typed.verb == nullptr && typed.option.empty()) {
    return typed.word.starts_with("-")
               ? Candidates{{"--help", ""}, {"--version", ""}, {"--config-dir", ""}, {"--set", ""}}
               : verb_names(typed.group);
  }
  if (typed.verb == nullptr) return {};
  CLI::App app;
  describe_options(*typed.verb, app);
  if (!typed.option.empty()) {
    const CLI::Option* const option = app.get_option_no_throw(typed.option);
    return option == nullptr ? Candidates{} : values_of(typed, *option, around);
  }
  if (typed.word.starts_with("-")) return options_of(app);
  if (typed.verb->takes_config && typed.call.config.empty()) return config_names(typed, around);
  std::size_t place = typed.values.size();
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_positional() && place-- == 0) return values_of(typed, *option, around);
  }
  return {};
}

constexpr std::string_view kBash = R"(# bash completion of ductus; printed by: ductus completion bash
_ductus() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _ductus ductus
)";

constexpr std::string_view kZsh = R"(#compdef ductus
# zsh completion of ductus; printed by: ductus completion zsh
_ductus() {
  local line candidate
  local -a candidates
  for line in "${(@f)$("${words[1]}" complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    candidate=${${line%%$'\t'*}//:/\\:}
    [[ $line == *$'\t'* ]] && candidate+=:${line#*$'\t'}
    candidates+=($candidate)
  done
  _describe ductus candidates || _files
}
if [[ ${funcstack[1]} == _ductus ]]; then
  _ductus "$@"
else
  compdef _ductus ductus
fi
)";

constexpr std::string_view kFish = R"(# fish completion of ductus; printed by: ductus completion fish
function __ductus_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] complete $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c ductus -f -a '(__ductus_complete)'
)";

}  // namespace

void print_candidates(const std::vector<std::string>& words, Surroundings& around) {
  const Typed typed = taken_apart(words);
  // The shell puts the candidate in place of the whole word; bash has parted it at the '='.
  std::string front;
  std::string word = typed.word;
  if (const auto equals = word.find('=');
      !typed.option.empty() && word.starts_with("--") && equals != std::string::npos) {
    front = word.substr(0, equals + 1);
    word = word.substr(equals + 1);
  }
  for (const Candidate& candidate : candidates_for(typed, around)) {
    if (!candidate.word.starts_with(word)) continue;
    around.out << front << base::escaped(candidate.word);
    if (!candidate.meaning.empty()) around.out << '\t' << base::escaped(candidate.meaning);
    around.out << '\n';
  }
}

Action describe_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "Whose words it is in")
      ->required()
      ->type_name("bash|zsh|fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [shell](const Call&, Surroundings& around) {
    around.out << (*shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish);
    return to_int(ExitCode::kOk);
  };
}

}  // namespace ductus::cli
