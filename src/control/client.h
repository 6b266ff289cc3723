// request(): one question to a running node, through its unix socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>

#include "ductus/result.h"

namespace ductus::control {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// An answer beyond them is refused.
inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr std::size_t kMaxAnswerBytes = 16 * 1024 * 1024;

/// Asks `METHOD path`, with `body` as JSON where there is one. Thread: any. Blocking: at most `timeout` in all.
/// Errors: kNotFound (nobody listens: the node is not running), kTimedOut, kUnreachable (hung up before the
/// answer was whole), kCorrupt (no HTTP), kLimit, kIo.
Result<HttpAnswer> request(const std::filesystem::path& socket, const std::string& method, const std::string& path,
                           std::chrono::milliseconds timeout, const std::string& body = {});

}  // namespace ductus::control
