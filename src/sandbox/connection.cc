#include "sandbox/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "sandbox/answers.h"
#include "sandbox/list_offsets.h"
#include "sandbox/metadata.h"

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
    if (silent_) return {};
    const Result<bool> sent = flush(now);
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
  if (silent_) return std::nullopt;
  if (!answer_.unsent().empty() && held_until_ != base::Time::min()) return held_until_;
  if (!waiting_) return std::nullopt;
  return std::min(waiting_->deadline, waiting_->grows_at.value_or(waiting_->deadline));
}

Result<bool> Connection::flush(base::Time now) {
  while (!answer_.unsent().empty()) {
    const std::span<const iovec> parts = answer_.unsent();
    const std::size_t allowed = may_send(now);
    if (allowed == 0) return false;
    iovec piece = parts.front();
    piece.iov_len = std::min(piece.iov_len, allowed);
    msghdr message{};
    message.msg_iov = fate_.dribble ? &piece : const_cast<iovec*>(parts.data());
    message.msg_iovlen = fate_.dribble ? 1 : std::min(parts.size(), kMaxPartsAtOnce);
    const ssize_t sent = ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      answer_.sent(static_cast<std::size_t>(sent));
      if (fate_.dribble) count_piece(static_cast<std::size_t>(sent), now);
    } else if (would_block(errno)) {
      return false;
    } else if (errno != EINTR) {
      return hung_up(errno);
    }
  }
  if (ends_with_answer_) return Error{ErrorCode::kUnreachable, "the script ends the connection"};
  return true;
}

void Connection::count_piece(std::size_t sent_bytes, base::Time now) {
  piece_left_ -= sent_bytes;
  if (piece_left_ > 0) return;
  piece_left_ = fate_.dribble->bytes;
  held_until_ = now + fate_.dribble->pause;
}

std::size_t Connection::may_send(base::Time now) {
  if (now < held_until_) return 0;
  held_until_ = base::Time::min();
  return fate_.dribble ? piece_left_ : SIZE_MAX;
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
    Result<FetchRequest> fetch = read_fetch_request(*header, brokers_.catalog, reader);
    if (!fetch) return fetch.error();
    const base::Time deadline = now + fetch->max_wait;
    if (!brokers_.faults.none()) meet_faults(Moment::kFetch, places_of_fetch(*fetch), now);
    waiting_ = Waiting{*std::move(fetch), deadline, std::nullopt};
    return {};
  }
  if (!brokers_.faults.none()) {
    if (header->api == ApiKey::kApiVersions) meet_faults(Moment::kApiVersions, {}, now);
    if (header->api == ApiKey::kMetadata) meet_faults(Moment::kMetadata, places_of_metadata(*header, reader), now);
    if (header->api == ApiKey::kListOffsets) {
      meet_faults(Moment::kListOffsets, places_of_list_offsets(*header, reader), now);
    }
  }
  Result<Frame> answer = answer_at_once(*header, reader, answering(now));
  if (!answer) return answer.error();
  set_answer(*std::move(answer), now);
  return {};
}

void Connection::meet_faults(Moment moment, const std::vector<AskedPlace>& asked, base::Time now) {
  fate_ = brokers_.faults.meet(moment, node_id_, asked, now);
  silent_ = fate_.silence;
}

void Connection::set_answer(Frame answer, base::Time now) {
  answer_ = std::move(answer);
  if (fate_.delay.count() > 0) held_until_ = now + fate_.delay;
  if (fate_.dribble) piece_left_ = fate_.dribble->bytes;
  if (fate_.tamperings.empty()) return;
  std::vector<std::uint8_t> bytes = answer_.bytes();
  ends_with_answer_ = fate_.tamper(bytes);
  answer_ = Frame::raw(std::move(bytes));
}

bool Connection::try_fetch(base::Time now) {
  FetchAnswer answer = answer_fetch(waiting_->request, answering(now));
  if (!answer.complete && now < waiting_->deadline) {
    waiting_->grows_at = answer.grows_at;
    return false;
  }
  set_answer(std::move(answer.frame), now);
  waiting_.reset();
  return true;
}

}  // namespace ductus::sandbox
