#include "node/brain/paused.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string_view>
#include <system_error>

#include "base/escape.h"
#include "net/socket.h"

namespace ductus::node {
namespace {

constexpr const char* kFile = "paused";
constexpr std::size_t kMaxShownBytes = 300;

Error failed(const std::filesystem::path& path, int error) {
  return {ErrorCode::kIo, base::escaped(path.string()) + ": " + std::generic_category().message(error)};
}

// Kafka's rule for the name of a topic, so that nothing else stands in the file.
bool is_topic(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::optional<std::int32_t> number(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Result<void> write_whole(const std::filesystem::path& path, std::string_view text) {
  const net::Socket file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file.is_open()) return failed(path, errno);
  while (!text.empty()) {
    const ssize_t written = ::write(file.fd(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed(path, written < 0 ? errno : EIO);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd()) != 0) return failed(path, errno);
  return {};
}

}  // namespace

Result<Paused> Paused::load(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / kFile;
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (failure == std::errc::no_such_file_or_directory) return Paused();
  if (failure) return failed(path, failure.value());
  if (size > kMaxFileBytes) {
    return Error{ErrorCode::kLimit, base::escaped(path.string()) + ": longer than " + std::to_string(kMaxFileBytes) +
                                        " bytes: no such file was written here; look at it, and remove it"};
  }
  std::ifstream file(path);
  Paused paused;
  std::string line;
  for (int i = 1; std::getline(file, line); ++i) {
    const std::size_t slash = line.find('/');
    const auto partition =
        slash == std::string::npos ? std::optional(kWholeTopic) : number(std::string_view(line).substr(slash + 1));
    const std::string topic = line.substr(0, slash);
    if (!partition || !is_topic(topic)) {
      return Error{ErrorCode::kInvalid, base::escaped(path.string()) + ":" + std::to_string(i) + ": '" +
                                            base::escaped(line, kMaxShownBytes) +
                                            "' is no TOPIC and no TOPIC/PARTITION; mend the line, or remove the file: "
                                            "then nothing is paused"};
    }
    paused.entries_.insert({topic, *partition});
  }
  if (file.bad()) return failed(path, EIO);
  return paused;
}

Result<void> Paused::save(const std::filesystem::path& dir) const {
  std::string text;
  for (const auto& [topic, partition] : entries_) {
    text += topic + (partition == kWholeTopic ? "" : "/" + std::to_string(partition)) + "\n";
  }
  const std::filesystem::path path = dir / kFile;
  const std::filesystem::path next = dir / (std::string(kFile) + ".next");
  if (auto written = write_whole(next, text); !written) return written;
  if (std::rename(next.c_str(), path.c_str()) != 0) return failed(path, errno);
  const net::Socket folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.fd()) != 0) return failed(dir, errno);
  return {};
}

void Paused::add(const std::string& topic, std::optional<std::int32_t> partition) {
  if (!partition) remove(topic, std::nullopt, 0);
  entries_.insert({topic, partition.value_or(kWholeTopic)});
}

void Paused::remove(const std::string& topic, std::optional<std::int32_t> partition, std::int32_t partition_count) {
  const bool whole = entries_.erase({topic, kWholeTopic}) > 0;
  if (partition) {
    entries_.erase({topic, *partition});
    for (std::int32_t other = 0; whole && other < partition_count; ++other) {
      if (other != *partition) entries_.insert({topic, other});
    }
    return;
  }
  entries_.erase(entries_.lower_bound({topic, 0}),
                 entries_.upper_bound({topic, std::numeric_limits<std::int32_t>::max()}));
}

bool Paused::contains(const ports::TopicPartition& partition) const {
  return entries_.contains({partition.topic, partition.partition}) || entries_.contains({partition.topic, kWholeTopic});
}

}  // namespace ductus::node
