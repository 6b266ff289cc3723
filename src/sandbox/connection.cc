#include "sandbox/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "sandbox/answers.h"

namespace ductus::sandbox {
namespace {

constexpr std::size_t kReceiveBytes = 64 * 1024;
constexpr std::size_t kMaxPartsAtOnce = 512;  // the kernel takes 1024 (IOV_MAX)

Error hung_up(int error) {
  return Error{ErrorCode::kUnreachable,
               error == 0 ? "the client hung up" : "the client is gone: " + std::generic_category().message(error)};
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Result<void> Connection::go_on(base::Time now) {
  for (;;) {
    const Result<bool> sent = flush();
    if (!sent) return sent.error();
    if (!*sent) return {};
    if (waiting_) {
      if (!try_fetch(now)) return {};
      continue;
    }
    const Result<bool> taken = take_request(now);
    if (!taken) return taken.error();
    if (*taken) continue;
    const Result<bool> received = receive();
    if (!received) return received.error();
    if (!*received) return {};
  }
}

std::optional<base::Time> Connection::wake_at() const {
  if (!waiting_) return std::nullopt;
  return std::min(waiting_->deadline, waiting_->grows_at.value_or(waiting_->deadline));
}

Result<bool> Connection::flush() {
  while (!answer_.unsent().empty()) {
    const std::span<const iovec> parts = answer_.unsent();
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());
    message.msg_iovlen = std::min(parts.size(), kMaxPartsAtOnce);
    const ssize_t sent = ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      answer_.sent(static_cast<std::size_t>(sent));
    } else if (would_block(errno)) {
      return false;
    } else if (errno != EINTR) {
      return hung_up(errno);
    }
  }
  return true;
}

Result<bool> Connection::receive() {
  const std::size_t before = received_.size();
  received_.resize(before + kReceiveBytes);
  ssize_t size;
  do {
    size = ::recv(socket_.fd(), received_.data() + before, kReceiveBytes, 0);
  } while (size < 0 && errno == EINTR);
  const int error = size < 0 ? errno : 0;
  received_.resize(before + (size > 0 ? static_cast<std::size_t>(size) : 0));
  if (size > 0) return true;
  if (size < 0 && would_block(error)) return false;
  return hung_up(error);
}

Result<bool> Connection::take_request(base::Time now) {
  kafka::Reader reader(base::ByteView(received_).subspan(taken_));
  const std::uint32_t size = reader.u32();
  if (reader.ok() && size > kMaxRequestBytes) {
    return Error{ErrorCode::kLimit, "a request of " + std::to_string(size) + " bytes"};
  }
  const base::ByteView request = reader.raw(size);
  if (!reader.ok()) {
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    return false;
  }
  taken_ += sizeof size + size;
  const Result<void> handled = handle(request, now);
  if (!handled) return handled.error();
  return true;
}

Result<void> Connection::handle(base::ByteView request, base::Time now) {
  kafka::Reader reader(request);
  const Result<RequestHeader> header = read_request_header(reader);
  if (!header) return header.error();
  if (header->api == ApiKey::kFetch) {
    Result<FetchRequest> fetch = read_fetch_request(*header, reader);
    if (!fetch) return fetch.error();
    const base::Time deadline = now + fetch->max_wait;
    waiting_ = Waiting{*std::move(fetch), deadline, std::nullopt};
    return {};
  }
  Result<Frame> answer = answer_at_once(*header, reader, catalog_, port_, now);
  if (!answer) return answer.error();
  answer_ = *std::move(answer);
  return {};
}

bool Connection::try_fetch(base::Time now) {
  FetchAnswer answer = answer_fetch(waiting_->request, catalog_, now);
  if (!answer.complete && now < waiting_->deadline) {
    waiting_->grows_at = answer.grows_at;
    return false;
  }
  answer_ = std::move(answer.frame);
  waiting_.reset();
  return true;
}

}  // namespace ductus::sandbox
