// ConfigTest: writes configuration files into a folder of its own and loads them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"
#include "support/temporary_directory.h"

namespace ductus::config {

/// The least that a configuration needs, as the end of a file.
inline const std::string kSource = "[source]\nbrokers = [\"localhost:9092\"]\n";
inline const std::string kTopics = "[[topics]]\nname = \"orders\"\n";
inline const std::string kLeast = kSource + kTopics;

class ConfigTest : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) { dir_.write(file, text); }
  void set_variable(const std::string& name, const std::string& value) { environment_[name] = value; }
  void set_argument(const std::string& argument) { request_.sets.push_back(argument); }

  Result<NodeConfig> try_load(const std::string& config = "local") {
    request_.config = config;
    request_.cwd = dir_.path();
    request_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto entry = environment_.find(name);
      if (entry == environment_.end()) return std::nullopt;
      return entry->second;
    };
    return config::load(request_);
  }
  NodeConfig load(const std::string& config = "local") {
    auto loaded = try_load(config);
    if (loaded) return *std::move(loaded);
    ADD_FAILURE() << loaded.error().message;
    return {};
  }
  Error refusal(const std::string& config = "local") {
    const auto loaded = try_load(config);
    if (!loaded) return loaded.error();
    ADD_FAILURE() << "loaded";
    return {ErrorCode::kNotNeeded, ""};
  }
  /// `text` as config/local.toml.
  NodeConfig load_text(const std::string& text) {
    write("config/local.toml", text);
    return load();
  }
  std::string refusal_of_text(const std::string& text) {
    write("config/local.toml", text);
    return refusal().message;
  }

  test::TemporaryDirectory dir_;
  LoadRequest request_;
  std::map<std::string, std::string> environment_;
};

}  // namespace ductus::config
