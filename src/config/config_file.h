// Configuration files: where CONFIG is looked up, and how one is read.
//
// Thread: any. Blocking: on disk; never on a pipe or a device.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "ductus/result.h"

namespace ductus::config {

/// Longer files are refused.
inline constexpr std::size_t kMaxFileBytes = 1u << 20;

/// The files that make up a configuration.
struct Files {
  std::string name;            ///< NAME: letters, digits, '.', '_', '-'
  std::filesystem::path main;  ///< NAME's file, as it is shown: relative to `cwd` where it was found so
  std::optional<std::filesystem::path> defaults;  ///< where there are any, in a file other than `main`
  std::filesystem::path base_dir;                 ///< absolute, symbolic links resolved
};

/// Finds the files of `config`: a NAME, or a path where it holds a '/'.
/// A NAME is looked up in `config_dir`, or without one in config/ and then conf/ below `cwd`, each as NAME.toml,
/// NAME.config, NAME.conf; the first one wins. `default` is looked up by itself in the same way; for a path, only
/// beside it. The base folder is that of the main file, or its parent where it is called config or conf.
/// Errors: kInvalid (no name for a node), kNotFound, kIo.
Result<Files> find_files(const std::string& config, const std::optional<std::filesystem::path>& config_dir,
                         const std::filesystem::path& cwd);

/// By its suffix: .config or .conf; everything else is TOML.
bool holds_erlang_terms(const std::filesystem::path& path);

struct FileContent {
  std::string text;
  bool others_read = false;   ///< users who are neither its owner nor of its group may read it
  bool others_write = false;  ///< … may write to it
};

/// A regular file. `shown` is its name in errors.
/// Errors: kInvalid (no regular file), kLimit (more than kMaxFileBytes), kNotFound, kIo.
Result<FileContent> read_file(const std::filesystem::path& path, const std::filesystem::path& shown);

}  // namespace ductus::config
