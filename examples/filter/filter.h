// Sends the messages that contain a word to a unix datagram socket. While the socket's queue is full, the batch is
// deferred: it comes again, and goes on behind the last message that was sent.
#pragma once

#include <ductus/module.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

class Filter : public ductus::Handler {
 public:
  Filter(const std::string& word, const std::string& path) : word_(word) { path.copy(to_.sun_path, path.size()); }
  ~Filter() override { ::close(socket_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  ductus::Verdict handle_messages(const ductus::Batch& batch) override {
    for (const ductus::Message& message : batch) {
      if (message.offset() <= sent_until_ || message.value().find(word_) == std::string_view::npos) continue;
      if (!send(message.value())) {
        if (errno == EAGAIN) return ductus::Verdict::defer(std::chrono::milliseconds(100));
        return ductus::Verdict::fail(std::string("cannot send to ") + to_.sun_path + ": " + std::strerror(errno));
      }
      sent_until_ = message.offset();
    }
    return ductus::Verdict::ok();
  }

 private:
  bool send(std::string_view value) {
    const auto* const to = reinterpret_cast<const sockaddr*>(&to_);
    return ::sendto(socket_, value.data(), value.size(), MSG_DONTWAIT, to, sizeof to_) >= 0;
  }

  std::string word_;
  sockaddr_un to_{.sun_family = AF_UNIX, .sun_path = {}};
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  std::int64_t sent_until_ = -1;
};

class FilterModule : public ductus::Module {
  ductus::Result<std::unique_ptr<ductus::Handler>> init(const ductus::Context&, const ductus::Value& init) override {
    const auto *const word = init.find("word"), *const path = init.find("socket");
    if (word == nullptr || path == nullptr || word->as_string() == nullptr || path->as_string() == nullptr ||
        path->as_string()->size() >= sizeof sockaddr_un{}.sun_path) {
      return ductus::Error{ductus::ErrorCode::kInvalid, "give init = { word = \"WORD\", socket = \"PATH\" }"};
    }
    return std::make_unique<Filter>(*word->as_string(), *path->as_string());
  }
};
