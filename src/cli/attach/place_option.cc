#include "cli/attach/place_option.h"

#include <CLI/CLI.hpp>

namespace ductus::cli {

CLI::Option* add_place(CLI::App& app, const std::shared_ptr<std::optional<Place>>& place, const std::string& meaning) {
  return app
      .add_option_function<std::string>(
          "PLACE",
          [place](const std::string& text) {
            *place = place_from(text);
            if (!*place) throw CLI::ValidationError("PLACE", "expected TOPIC or TOPIC/PARTITION, not '" + text + "'");
          },
          meaning)
      ->type_name("");
}

}  // namespace ductus::cli
