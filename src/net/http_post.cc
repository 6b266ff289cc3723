#include "net/http_post.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/escape.h"
#include "net/base64.h"

namespace ductus::net {

namespace {

Error bad_url(const char* why) { return {ErrorCode::kInvalid, std::string("not an address to post to: ") + why}; }

bool may_stand_in_url(char byte) { return byte > ' ' && byte < '\x7f' && byte != '"' && byte != '<' && byte != '>'; }

// "host", "host:port", "[::1]:port".
Result<void> read_authority(std::string_view text, Url& into) {
  if (text.find('@') != text.npos) return bad_url("a user or password does not belong into it");
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return bad_url("the [ of its host has no ]");
    into.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    into.host = text.substr(0, text.find(':'));
    port = text.substr(into.host.size());
  }
  if (into.host.empty()) return bad_url("it has no host");
  if (port.empty()) return {};
  const char* const end = port.data() + port.size();
  const auto [stopped, error] = std::from_chars(port.data() + 1, end, into.port);
  if (port[0] != ':' || error != std::errc() || stopped != end || into.port == 0) {
    return bad_url("its port is no number from 1 to 65535");
  }
  return {};
}

std::string host_field(const Url& url) {
  const std::string host = url.host.find(':') == url.host.npos ? url.host : "[" + url.host + "]";
  return url.port == (url.tls ? 443 : 80) ? host : host + ":" + std::to_string(url.port);
}

std::string request_of(const HttpPost& post) {
  std::string request = "POST " + post.url.path + " HTTP/1.1\r\nHost: " + host_field(post.url) +
                        "\r\nUser-Agent: ductus\r\nConnection: close\r\nContent-Type: " + post.content_type +
                        "\r\nContent-Length: " + std::to_string(post.body.size()) + "\r\n";
  if (!post.credentials.empty()) request += "Authorization: Basic " + base64(post.credentials) + "\r\n";
  return request + "\r\n" + post.body;
}

// Source: RFC 9112, section 4: HTTP-version SP status-code SP [ reason-phrase ].
std::optional<HttpStatus> read_status_line(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  HttpStatus status;
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return std::nullopt;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status.code);
  if (error != std::errc() || end != line.data() + 12 || status.code < 100) return std::nullopt;
  if (line.size() > 13) status.reason = base::escaped(line.substr(13), 200);
  return status;
}

/// Up to the end of the first answer that is not an interim one (1xx).
Result<HttpStatus> read_status(Stream& stream, const Url& url, Stream::Deadline deadline) {
  std::string head;
  std::array<char, 4096> bytes;
  for (;;) {
    if (const std::size_t end = head.find("\r\n\r\n"); end != head.npos) {
      auto status = read_status_line(head);
      if (!status) return Error{ErrorCode::kCorrupt, url.to_text() + ": the answer is no HTTP"};
      if (status->code >= 200) return *std::move(status);
      head.erase(0, end + 4);
      continue;
    }
    if (head.size() >= kMaxAnswerHeadBytes) {
      return Error{ErrorCode::kLimit, url.to_text() + ": the head of the answer is larger than " +
                                          std::to_string(kMaxAnswerHeadBytes) + " bytes"};
    }
    const auto got =
        stream.read_some(std::span(bytes).first(std::min(bytes.size(), kMaxAnswerHeadBytes - head.size())), deadline);
    if (!got) return got.error();
    if (*got == 0) return Error{ErrorCode::kUnreachable, url.to_text() + ": the server hung up before its answer"};
    head.append(bytes.data(), *got);
  }
}

}  // namespace

std::string Url::to_text() const {
  return (tls ? "https://" : "http://") + base::escaped(host_field(*this) + path.substr(0, path.find('?')));
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes) {
    return Error{ErrorCode::kLimit, "an address is at most " + std::to_string(kMaxUrlBytes) + " bytes long"};
  }
  if (!std::ranges::all_of(text, may_stand_in_url)) return bad_url("it holds what may not stand in one");
  if (text.find('#') != text.npos) return bad_url("a fragment (#) is never sent");
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
  } else if (!text.starts_with("http://")) {
    return bad_url("it begins with neither https:// nor http://");
  }
  url.port = url.tls ? 443 : 80;
  text.remove_prefix(url.tls ? 8 : 7);
  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  if (auto read = read_authority(text.substr(0, path), url); !read) return std::move(read).error();
  url.path = text.substr(path);
  if (!url.path.starts_with('/')) url.path.insert(0, "/");
  return url;
}

Result<HttpStatus> http_post(const HttpPost& post, Stream::Deadline deadline) {
  StreamTarget target{.host = post.url.host, .port = post.url.port, .unix_path = {}, .tls = {}};
  if (post.url.tls) target.tls = TlsSettings{.ca_file = post.ca_file, .cert_file = {}, .key_file = {}};
  auto stream = Stream::connect(target, deadline);
  if (!stream) return stream.error();
  const auto sent = stream->write_all(request_of(post), deadline);
  // A server that does not want the body may answer and hang up before it has all of it.
  auto status = sent || sent.error().code == ErrorCode::kUnreachable ? read_status(*stream, post.url, deadline)
                                                                     : Result<HttpStatus>(sent.error());
  return !sent && !status ? Result<HttpStatus>(sent.error()) : std::move(status);
}

}  // namespace ductus::net
