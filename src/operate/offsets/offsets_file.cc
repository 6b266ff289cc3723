#include "operate/offsets/offsets_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/escape.h"
#include "config/readers.h"
#include "operate/offsets/file_forms.h"
#include "operate/offsets/offsets_schema.h"
#include "operate/offsets/placed_fields.h"

namespace ductus::operate {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error system_error(const std::string& name) {
  const ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kIo;
  return {code, name + ": " + std::generic_category().message(errno)};
}

Result<std::string> read_all(int file, const std::string& name) {
  std::string text;
  std::array<char, 1 << 16> piece;
  while (text.size() <= kMaxOffsetsFileBytes) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(name);
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return Error{ErrorCode::kLimit, name + ": longer than " + std::to_string(kMaxOffsetsFileBytes) + " bytes"};
}

bool is_same(const struct stat& left, const struct stat& right) {
  return left.st_size == right.st_size && left.st_mtim.tv_sec == right.st_mtim.tv_sec &&
         left.st_mtim.tv_nsec == right.st_mtim.tv_nsec;
}

Result<std::string> read_regular_file(const std::filesystem::path& path, const std::string& name) {
  // Not blocking: opening a FIFO would wait for its writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return system_error(name);
  struct Closer {
    int file;
    ~Closer() { ::close(file); }
  } closer{file};
  struct stat before{};
  if (::fstat(file, &before) != 0) return system_error(name);
  if (!S_ISREG(before.st_mode)) return Error{ErrorCode::kInvalid, name + ": not a regular file"};
  auto text = read_all(file, name);
  if (!text) return text;
  struct stat after{};
  if (::fstat(file, &after) != 0) return system_error(name);
  if (!is_same(before, after) || static_cast<std::size_t>(after.st_size) != text->size()) {
    return Error{ErrorCode::kInvalid, name + ": changed while it was read; try again"};
  }
  return text;
}

Result<OffsetsFile> parse_any(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return Error{ErrorCode::kInvalid, "empty: it names no offset"};
  if (text[first] == '{' || text[first] == '[') return parse_json_offsets(text);
  const std::string_view line = text.substr(first, text.find('\n', first) - first);
  return parse_line_offsets(text, line.find(',') == std::string_view::npos ? "/ " : ",,");
}

// Entries that say the same become one.
Result<void> join_equals(std::vector<FileEntry>& entries) {
  std::map<std::tuple<std::string, std::optional<std::int32_t>, ports::OffsetUnit>, FileEntry> known;
  std::vector<FileEntry> kept;
  for (FileEntry& entry : entries) {
    const auto [place, added] = known.try_emplace({entry.topic, entry.partition, entry.unit}, entry);
    if (added) {
      kept.push_back(std::move(entry));
    } else if (place->second.position != entry.position) {
      return Error{ErrorCode::kInvalid, entry.where + " and " + place->second.where + " say different things of " +
                                            entry.topic +
                                            (entry.partition ? "/" + std::to_string(*entry.partition) : "")};
    }
  }
  entries = std::move(kept);
  return {};
}

std::string write_json(const ports::StoreEntries& entries, const std::string& handler_name) {
  Json results = Json::array();
  for (const auto& [partition, position] : entries.positions) {
    Json result = {{"topic", partition.topic}, {"partition", partition.partition}, {"unit", name_of(partition.unit)}};
    result.update(to_json(position, "offset"));
    results.push_back(std::move(result));
  }
  Json topics = Json::array();
  for (const ports::StoredTopic& topic : entries.topics) topics.push_back(to_json(topic));
  const Json document = {{"schema", kOffsetsSchema},
                         {"handler_name", handler_name},
                         {"results", std::move(results)},
                         {"topics", std::move(topics)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<void> check_topic_name(const std::string& topic, const std::string& where) {
  config::Tree tree;
  tree.data = topic;
  const auto name = config::read_topic_name(tree);
  if (name) return {};
  return Error{ErrorCode::kInvalid,
               where + ": topic: " + name.error().message + ", got '" + base::escaped(topic, 100) + "'"};
}

Result<void> check_entry_count(std::size_t count) {
  if (count <= kMaxOffsetsFileEntries) return {};
  return Error{ErrorCode::kLimit, "more than " + std::to_string(kMaxOffsetsFileEntries) + " entries"};
}

Result<OffsetsFile> parse_offsets(std::string_view text) {
  if (text.size() > kMaxOffsetsFileBytes) {
    return Error{ErrorCode::kLimit, "longer than " + std::to_string(kMaxOffsetsFileBytes) + " bytes"};
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  auto file = parse_any(text);
  if (!file) return file;
  if (auto joined = join_equals(file->entries); !joined) return std::move(joined).error();
  if (file->entries.empty() && !file->complete) return Error{ErrorCode::kInvalid, "it names no offset"};
  return file;
}

Result<OffsetsFile> load_offsets_file(const std::filesystem::path& path) {
  const std::string name = path == "-" ? "standard input" : base::escaped(path.string());
  const auto text = path == "-" ? read_all(STDIN_FILENO, name) : read_regular_file(path, name);
  if (!text) return text.error();
  auto file = parse_offsets(*text);
  if (file) return file;
  return Error{file.error().code, name + ": " + file.error().message + "; nothing was changed"};
}

std::string write_offsets(const ports::StoreEntries& entries, const std::string& handler_name, OffsetsForm form) {
  if (form == OffsetsForm::kJson) return write_json(entries, handler_name);
  const bool csv = form == OffsetsForm::kCsv;
  std::string text;
  for (const auto& [partition, position] : entries.positions) {
    text += base::escaped(partition.topic) + (csv ? "," : "/") + std::to_string(partition.partition) +
            (csv ? "," : " ") + std::to_string(position.next_offset) + "\n";
  }
  return text;
}

}  // namespace ductus::operate
