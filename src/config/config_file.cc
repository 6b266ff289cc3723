#include "config/config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/escape.h"

namespace ductus::config {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kSuffixes{".toml", ".config", ".conf"};
constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxShownBytes = 1024;

std::string text_of(const fs::path& shown) { return base::escaped(shown.string(), kMaxShownBytes); }

Error system_error(const fs::path& shown, int number) {
  const ErrorCode code = number == ENOENT || number == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kIo;
  return {code, text_of(shown) + ": " + std::generic_category().message(number)};
}

bool is_folder_of_configs(const fs::path& folder) {
  return folder.filename() == "config" || folder.filename() == "conf";
}

// A name goes into paths and prompts: nothing that hides, climbs, or looks like an option.
Result<void> check_name(const std::string& name) {
  const bool letters_only = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
  if (!name.empty() && name.size() <= kMaxNameBytes && letters_only && name[0] != '.' && name[0] != '-') return {};
  return Error{ErrorCode::kInvalid,
               "'" + base::escaped(name, kMaxNameBytes) +
                   "' is no name of a configuration: use letters, digits, '.', '_' and '-', at most " +
                   std::to_string(kMaxNameBytes) + ", the first one a letter, digit or '_'"};
}

// The first file called `name` in `folders`; nullopt where none is.
Result<std::optional<fs::path>> look_up(const std::string& name, const std::vector<fs::path>& folders,
                                        const fs::path& cwd) {
  for (const fs::path& folder : folders) {
    for (const std::string_view suffix : kSuffixes) {
      const fs::path candidate = folder / (name + std::string(suffix));
      struct stat status{};
      if (::stat((cwd / candidate).c_str(), &status) == 0) return std::optional(candidate);
      if (errno != ENOENT && errno != ENOTDIR) return system_error(candidate, errno);
    }
  }
  return std::optional<fs::path>();
}

Error not_found(const std::string& name, const std::vector<fs::path>& folders) {
  std::string places;
  for (const fs::path& folder : folders) {
    places += (places.empty() ? "" : ", ") + text_of(folder / (name + ".toml"));
  }
  return {ErrorCode::kNotFound, "no configuration '" + name + "': looked for " + places +
                                    "; --config-dir names another folder, and a CONFIG with a '/' is a file"};
}

}  // namespace

Result<Files> find_files(const std::string& config, const std::optional<fs::path>& config_dir, const fs::path& cwd) {
  Files files;
  std::vector<fs::path> folders;
  if (config.find('/') != std::string::npos) {
    files.main = config;
    files.name = files.main.stem().string();
    folders = {files.main.parent_path()};
  } else {
    files.name = config;
    folders = config_dir ? std::vector<fs::path>{*config_dir} : std::vector<fs::path>{"config", "conf"};
  }
  if (auto valid = check_name(files.name); !valid) return std::move(valid).error();

  if (files.main.empty()) {
    auto found = look_up(files.name, folders, cwd);
    if (!found) return std::move(found).error();
    if (!found->has_value()) return not_found(files.name, folders);
    files.main = **found;
  }
  auto defaults = look_up("default", folders, cwd);
  if (!defaults) return std::move(defaults).error();
  if (*defaults != files.main) files.defaults = *std::move(defaults);

  fs::path folder = (cwd / files.main).lexically_normal().parent_path();
  if (is_folder_of_configs(folder)) folder = folder.parent_path();
  std::error_code failure;
  files.base_dir = fs::canonical(folder, failure);
  if (failure) return system_error(folder, failure.value());
  return files;
}

bool holds_erlang_terms(const fs::path& path) { return path.extension() == ".config" || path.extension() == ".conf"; }

Result<FileContent> read_file(const fs::path& path, const fs::path& shown) {
  // Not blocking: opening a FIFO would wait for its writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return system_error(shown, errno);
  struct Closer {
    int file;
    ~Closer() { ::close(file); }
  } closer{file};

  struct stat status{};
  if (::fstat(file, &status) != 0) return system_error(shown, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalid, text_of(shown) + ": not a regular file"};
  }
  // The size may lie or change (/proc, a writer): what was read is what counts.
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file, text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(shown, errno);
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileBytes) {
    return Error{ErrorCode::kLimit, text_of(shown) + ": longer than " + std::to_string(kMaxFileBytes) + " bytes"};
  }
  text.resize(size);
  return FileContent{std::move(text), (status.st_mode & S_IROTH) != 0, (status.st_mode & S_IWOTH) != 0};
}

}  // namespace ductus::config
