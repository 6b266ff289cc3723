// reset_offsets_from_file, offsets export, offsets import: offsets out of a file, and into one.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cli/offsets/set_offsets.h"
#include "cli/verb.h"
#include "operate/offsets/offsets_file.h"
#include "operate/offsets/stored_entries.h"

namespace ductus::cli {
namespace {

using operate::OffsetsForm;

std::shared_ptr<std::string> add_file(CLI::App& app) {
  const auto file = std::make_shared<std::string>();
  app.add_option("FILE", *file, "The file; - is standard input")->required()->type_name("");
  return file;
}

std::filesystem::path path_of(const std::string& file, const Surroundings& around) {
  return file == "-" ? std::filesystem::path(file) : around.cwd / file;
}

int reset_from_file(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
                    const std::string& file) {
  const auto plan = [&](const PlacesNow& places) -> Result<operate::ResetPlan> {
    const auto offsets = operate::load_offsets_file(path_of(file, around));
    if (!offsets) return offsets.error();
    return plan_file(config, *offsets, places);
  };
  return set_offsets(call, config, around, consent, {plan, call.verb + " " + file, Script::kActs, ExitCode::kFailed});
}

// What an export holds is taken as it stands, also of topics that the configuration no longer has, and no broker needs
// to be there. Offsets alone are completed from what the brokers say.
int import(const Call& call, const config::NodeConfig& config, Surroundings& around, const Consent& consent,
           const std::string& file) {
  const auto plan = [&](const PlacesNow& places_now) -> Result<operate::ResetPlan> {
    const auto offsets = operate::load_offsets_file(path_of(file, around));
    if (!offsets) return offsets.error();
    if (!offsets->complete) return plan_file(config, *offsets, places_now);
    const auto places = places_now();
    if (!places) return places.error();
    return operate::plan_import(*offsets, *places);
  };
  return set_offsets(call, config, around, consent,
                     {plan, call.verb + " " + file, Script::kNeedsYes, ExitCode::kFailed});
}

int export_offsets(const config::NodeConfig& config, Surroundings& around, OffsetsForm form) {
  const auto entries = operate::stored_entries(config);
  if (!entries) {
    say(around, entries.error().message);
    return to_int(exit_code_of(entries.error()));
  }
  around.out << operate::write_offsets(*entries, config.handler_name, form);
  return to_int(ExitCode::kOk);
}

}  // namespace

Action describe_reset_offsets_from_file(CLI::App& app) {
  return with_config([file = add_file(app), consent = add_consent(app)](
                         const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return reset_from_file(call, config, around, *consent, *file);
  });
}

Action describe_offsets_import(CLI::App& app) {
  return with_config([file = add_file(app), consent = add_consent(app)](
                         const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return import(call, config, around, *consent, *file);
  });
}

Action describe_offsets_export(CLI::App& app) {
  const std::map<std::string, OffsetsForm> forms{
      {"json", OffsetsForm::kJson}, {"csv", OffsetsForm::kCsv}, {"text", OffsetsForm::kText}};
  const auto form = std::make_shared<OffsetsForm>(OffsetsForm::kJson);
  app.add_option("--format", *form, "json (the default; nothing is lost in it), csv or text")
      ->type_name("FORMAT")
      ->transform(CLI::Transformer(forms, CLI::ignore_case))
      ->transform(CLI::IsMember(forms));
  return with_config([form](const Call&, const config::NodeConfig& config, Surroundings& around) {
    return export_offsets(config, around, *form);
  });
}

}  // namespace ductus::cli
