// Unix sockets by path: listening, connecting, and who is at the other end.
//
// A path may be longer than the 107 bytes that a socket address holds: its folder is opened and named through
// /proc/self/fd; only the file name itself must fit (80 bytes).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>

#include "ductus/result.h"
#include "net/socket.h"

namespace ductus::net {

/// Listens at `path`, with mode 0600. A socket file that nobody answers at is replaced.
/// Blocking: shortly, on disk. Errors: kRefused (somebody listens there, or it is no socket), kLimit, kIo.
Result<Socket> listen_unix(const std::filesystem::path& path);

/// Connects to the listener at `path`. Blocking: at most `timeout`.
/// Errors: kNotFound (nobody listens there), kTimedOut, kLimit, kIo.
Result<Socket> connect_unix(const std::filesystem::path& path, std::chrono::milliseconds timeout);

/// A process at the other end of a unix socket.
struct Peer {
  pid_t process = 0;
  uid_t user = 0;
};

/// Who is at the other end, as the kernel knows it from when they connected or listened. Error: kIo.
Result<Peer> peer_of(int fd);
inline Result<Peer> peer_of(const Socket& socket) { return peer_of(socket.fd()); }

}  // namespace ductus::net
