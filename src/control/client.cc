#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/clock.h"
#include "net/unix_socket.h"

namespace ductus::control {
namespace {

using std::chrono::milliseconds;

class Exchange {
 public:
  Exchange(net::Socket socket, base::Time deadline) : socket_(std::move(socket)), deadline_(deadline) {}

  Result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (auto ready = after_failure(POLLOUT); !ready) {
        return ready;
      }
    }
    return {};
  }

  /// Appends what comes next; false at the end of the stream.
  Result<bool> receive(std::string& into) {
    std::array<char, 16 * 1024> bytes;
    for (;;) {
      const ssize_t got = ::recv(socket_.fd(), bytes.data(), bytes.size(), 0);
      if (got > 0) into.append(bytes.data(), static_cast<std::size_t>(got));
      if (got >= 0) return got > 0;
      if (auto ready = after_failure(POLLIN); !ready) return std::move(ready).error();
    }
  }

 private:
  Result<void> after_failure(short events) {
    const int error = errno;
    if (error == EINTR) return {};
    if (error != EAGAIN) {
      return Error{ErrorCode::kUnreachable, "the node hung up: " + std::generic_category().message(error)};
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - base::SystemClock().now());
    pollfd waiting{socket_.fd(), events, 0};
    const int ready = left.count() <= 0
                          ? 0
                          : ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000'000)));
    if (ready == 0) return Error{ErrorCode::kTimedOut, "the node did not answer in time"};
    return {};
  }

  net::Socket socket_;
  base::Time deadline_;
};

struct Head {
  int status = 0;
  std::size_t body_bytes = 0;
};

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// head = "HTTP/1.x" SP status [SP reason] CRLF *(name ":" value CRLF); `text` ends before the empty line.
std::optional<Head> parse_head(std::string_view text) {
  const auto line_end = text.find("\r\n");
  const std::string_view line = text.substr(0, line_end);
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return std::nullopt;
  const auto status = number(line.substr(9, 3));
  if (!status || *status < 100) return std::nullopt;
  std::optional<std::size_t> body_bytes;
  while (text.find("\r\n") != std::string_view::npos) {
    text.remove_prefix(text.find("\r\n") + 2);
    const std::string_view field = text.substr(0, text.find("\r\n"));
    const auto colon = field.find(':');
    if (colon != std::string_view::npos && same_word(field.substr(0, colon), "content-length")) {
      body_bytes = number(trimmed(field.substr(colon + 1)));
    }
  }
  if (!body_bytes) return std::nullopt;
  return Head{static_cast<int>(*status), *body_bytes};
}

Error not_http() { return {ErrorCode::kCorrupt, "the answer of the node is no HTTP with a length"}; }

// Reads on until `enough` bytes are there.
Result<void> receive_until(Exchange& exchange, std::string& answer, std::size_t enough) {
  while (answer.size() < enough) {
    auto more = exchange.receive(answer);
    if (!more) return std::move(more).error();
    if (!*more) return Error{ErrorCode::kUnreachable, "the node hung up before its answer was whole"};
  }
  return {};
}

}  // namespace

Result<HttpAnswer> request(const std::filesystem::path& socket, const std::string& method, const std::string& path,
                           milliseconds timeout, const std::string& body) {
  const base::Time deadline = base::SystemClock().now() + timeout;
  auto connected = net::connect_unix(socket, timeout);
  if (!connected) return std::move(connected).error();
  Exchange exchange(*std::move(connected), deadline);
  auto sent = exchange.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                            "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
  if (!sent) return std::move(sent).error();

  std::string answer;
  std::size_t head_end;
  while ((head_end = answer.find("\r\n\r\n")) == std::string::npos) {
    if (answer.size() > kMaxHeadBytes) return not_http();
    if (auto more = receive_until(exchange, answer, answer.size() + 1); !more) return std::move(more).error();
  }
  const auto head = parse_head(std::string_view(answer).substr(0, head_end));
  if (!head) return not_http();
  if (head->body_bytes > kMaxAnswerBytes) {
    return Error{ErrorCode::kLimit, "the node's answer has " + std::to_string(head->body_bytes) + " bytes, more than " +
                                        std::to_string(kMaxAnswerBytes)};
  }
  const std::size_t body_at = head_end + 4;
  if (auto whole = receive_until(exchange, answer, body_at + head->body_bytes); !whole) {
    return std::move(whole).error();
  }
  return HttpAnswer{head->status, answer.substr(body_at, head->body_bytes)};
}

}  // namespace ductus::control
