#include "handlers/line_writer.h"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

namespace ductus::handlers {
namespace {

constexpr std::size_t kMaxParts = 1024;  // IOV_MAX of Linux
constexpr std::string_view kNewline = "\n";

// iovec knows no const; writev only reads.
iovec part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

/// Writes parts to a descriptor and keeps count; after an error it writes no more.
class Writing {
 public:
  explicit Writing(int file) : file_(file) {}

  /// The parts are used up. False after an error.
  bool put(std::span<iovec> parts) {
    while (!parts.empty() && outcome_.error == 0) {
      const ssize_t written = ::writev(file_, parts.data(), static_cast<int>(parts.size()));
      if (written < 0) {
        on_error(errno);
      } else {
        outcome_.bytes += static_cast<std::uint64_t>(written);
        parts = without(parts, static_cast<std::size_t>(written));
      }
    }
    return outcome_.error == 0;
  }
  const LineWriter::Outcome& outcome() const { return outcome_; }

 private:
  static std::span<iovec> without(std::span<iovec> parts, std::size_t written) {
    std::size_t done = 0;
    while (done < parts.size() && written >= parts[done].iov_len) written -= parts[done++].iov_len;
    parts = parts.subspan(done);
    if (written > 0) {
      parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + written;
      parts[0].iov_len -= written;
    }
    return parts;
  }

  void on_error(int error) {
    if (error == EINTR) return;
    if (error == EAGAIN) {
      pollfd writable{file_, POLLOUT, 0};
      ::poll(&writable, 1, -1);
      return;
    }
    outcome_.error = error;
  }

  int file_;
  LineWriter::Outcome outcome_;
};

bool has_large_values(const Batch& batch) {
  const std::size_t count = std::min<std::size_t>(batch.size(), 32);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += batch[i].value().size();
  return bytes >= count * LineWriter::kLargeValueBytes;
}

void write_in_place(Writing& writing, const Batch& batch) {
  std::array<iovec, kMaxParts> parts;
  std::size_t used = 0;
  for (const Message& message : batch) {
    parts[used++] = part(message.value());
    parts[used++] = part(kNewline);
    if (used < kMaxParts) continue;
    if (!writing.put(parts)) return;
    used = 0;
  }
  writing.put(std::span(parts).first(used));
}

void write_buffered(Writing& writing, const Batch& batch, char* buffer) {
  std::size_t used = 0;
  for (const Message& message : batch) {
    const std::string_view value = message.value();
    if (value.size() >= LineWriter::kBufferBytes - used) {
      std::array<iovec, 3> parts = {part({buffer, used}), iovec{}, iovec{}};
      std::size_t count = 1;
      used = 0;
      if (value.size() >= LineWriter::kBufferBytes) {
        parts[1] = part(value);
        parts[2] = part(kNewline);
        count = 3;
      }
      if (!writing.put(std::span(parts).first(count))) return;
      if (count == 3) continue;
    }
    if (!value.empty()) std::memcpy(buffer + used, value.data(), value.size());
    used += value.size();
    buffer[used++] = '\n';
  }
  std::array<iovec, 1> rest = {part({buffer, used})};
  writing.put(rest);
}

}  // namespace

LineWriter::Outcome LineWriter::write(int file, const Batch& batch) {
  Writing writing(file);
  if (batch.empty()) return writing.outcome();
  if (has_large_values(batch)) {
    write_in_place(writing, batch);
    return writing.outcome();
  }
  std::unique_ptr<char[]> buffer;
  {
    const std::lock_guard lock(mutex_);
    if (!free_buffers_.empty()) {
      buffer = std::move(free_buffers_.back());
      free_buffers_.pop_back();
    }
  }
  if (buffer == nullptr) buffer = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  write_buffered(writing, batch, buffer.get());
  const std::lock_guard lock(mutex_);
  free_buffers_.push_back(std::move(buffer));
  return writing.outcome();
}

}  // namespace ductus::handlers
