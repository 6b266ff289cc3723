#include "sandbox/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "kafka/wire.h"

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
    if (conversation_->is_answering()) {
      std::optional<Answer> answer = conversation_->answer(now);
      if (!answer) return {};
      set_answer(*std::move(answer), now);
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
  return conversation_->wake_at();
}

Result<bool> Connection::flush(base::Time now) {
  while (!answer_.unsent().empty()) {
    const std::span<const iovec> parts = answer_.unsent();
    const std::size_t allowed = may_send(now);
    if (allowed == 0) return false;
    iovec piece = parts.front();
    piece.iov_len = std::min(piece.iov_len, allowed);
    msghdr message{};
    message.msg_iov = dribble_ ? &piece : const_cast<iovec*>(parts.data());
    message.msg_iovlen = dribble_ ? 1 : std::min(parts.size(), kMaxPartsAtOnce);
    const ssize_t sent = ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      answer_.sent(static_cast<std::size_t>(sent));
      if (dribble_) count_piece(static_cast<std::size_t>(sent), now);
    } else if (would_block(errno)) {
      return false;
    } else if (errno != EINTR) {
      return hung_up(errno);
    }
  }
  if (ends_with_answer_) return Error{ErrorCode::kUnreachable, "the connection ends with this answer"};
  return true;
}

void Connection::count_piece(std::size_t sent_bytes, base::Time now) {
  piece_left_ -= sent_bytes;
  if (piece_left_ > 0) return;
  piece_left_ = dribble_->bytes;
  held_until_ = now + dribble_->pause;
}

std::size_t Connection::may_send(base::Time now) {
  if (now < held_until_) return 0;
  held_until_ = base::Time::min();
  return dribble_ ? piece_left_ : SIZE_MAX;
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
  const std::int32_t length = reader.i32();
  if (reader.ok()) {
    const Result<bool> wanted = conversation_->wants(length);
    if (!wanted) return wanted.error();
    silent_ = !*wanted;
  }
  const base::ByteView request = reader.raw(static_cast<std::size_t>(std::max(length, 0)));
  if (!reader.ok() || silent_) {
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    return false;
  }
  taken_ += sizeof length + request.size();
  const Result<void> heard = conversation_->hear(request, now);
  if (!heard) return heard.error();
  silent_ = conversation_->fate().silence;
  return true;
}

void Connection::set_answer(Answer answer, base::Time now) {
  const Fate& fate = conversation_->fate();
  answer_ = std::move(answer.frame);
  ends_with_answer_ = answer.ends;
  dribble_ = fate.dribble;
  if (fate.delay.count() > 0) held_until_ = now + fate.delay;
  if (dribble_) piece_left_ = dribble_->bytes;
  if (fate.tamperings.empty()) return;
  std::vector<std::uint8_t> bytes = answer_.bytes();
  ends_with_answer_ = fate.tamper(bytes) || ends_with_answer_;
  answer_ = Frame::raw(bytes);
}

}  // namespace ductus::sandbox
