// AttachCommands: what can be typed in `attach`, and the doing of it.
//
// Thread: one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/attach/line_editor.h"
#include "cli/attach/node_commands.h"
#include "cli/surroundings.h"
#include "cli/terminal/style.h"
#include "config/node_config.h"
#include "operate/status_report.h"

namespace ductus::cli {

class AttachCommands {
 public:
  enum class Outcome { kOk, kFailed, kLeave };
  /// Asks the person for a word, and tells whether it was that one. Empty: there is nobody to ask, and what a script
  /// says is meant.
  using Confirm = std::function<bool(const std::string& question, const std::string& word)>;
  using Words = std::vector<std::string>;

  /// All outlive it.
  AttachCommands(const config::NodeConfig& config, Surroundings& around, const Style& style, Confirm confirm);

  /// Does what the line says. Nothing for an empty one, and for one that begins with '#'. Blocking: until it is done.
  Outcome run(std::string_view line);
  /// Commands, topics and partitions. Blocking: a moment, where the node has to be asked.
  Completion complete(std::string_view before_cursor);

 private:
  enum class Takes { kNothing, kPlace, kPartition, kLevel, kNumber };
  struct Command {
    const char* name;
    const char* takes_text;
    Takes takes;
    const char* does;
    Outcome (AttachCommands::*act)(const Words& words);
  };
  static const std::vector<Command>& commands();

  Outcome help(const Words& words);
  Outcome status(const Words& words);
  Outcome trace(const Words& words);
  Outcome tree(const Words& words);
  Outcome offsets(const Words& words);
  Outcome peek(const Words& words);
  Outcome act_on_place(const Words& words);
  Outcome set_log_level(const Words& words);
  Outcome aggregate(const Words& words);
  Outcome events(const Words& words);
  Outcome show_config(const Words& words);
  Outcome reload(const Words& words);
  Outcome shutdown(const Words& words);
  Outcome leave(const Words& words);

  Outcome fail(const std::string& why);
  Outcome fail(const Error& error);
  Result<operate::StatusReport> ask_status();
  std::vector<std::string> places(Takes takes);

  const config::NodeConfig& config_;
  Surroundings& around_;
  const Style style_;
  const Confirm confirm_;
};

}  // namespace ductus::cli
