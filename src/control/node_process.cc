#include "control/node_process.h"

#include <signal.h>

#include <string>

#include "net/unix_socket.h"

namespace ductus::control {
namespace {

using std::chrono::milliseconds;

Result<pid_t> listening_process(const std::filesystem::path& socket) {
  const auto connection = net::connect_unix(socket, milliseconds(1000));
  if (!connection) return connection.error();
  const auto peer = net::peer_of(*connection);
  if (!peer) return peer.error();
  return peer->process;
}

}  // namespace

Result<NodeProcess> NodeProcess::find(const std::filesystem::path& socket) {
  const auto id = listening_process(socket);
  if (!id) return id.error();
  auto handle = base::ProcessHandle::open(*id);
  // Still the listener now: then the handle, taken in between, refers to it and to no later process of its number.
  const auto still = listening_process(socket);
  if (!still) return still.error();
  if (!handle) return Error{ErrorCode::kIo, handle.error().message};
  if (*still != *id) return Error{ErrorCode::kIo, "another process took over from process " + std::to_string(*id)};
  return NodeProcess(*std::move(handle));
}

Result<void> NodeProcess::kill() const { return handle_.signal(SIGKILL); }

}  // namespace ductus::control
