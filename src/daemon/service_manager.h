// tell_service_manager(): systemd learns that a node is up (sd_notify(3), "Type=notify").
#pragma once

#include <string>
#include <string_view>

namespace ductus::daemon {

/// Sends `state`, such as "READY=1", to the socket that $NOTIFY_SOCKET names: a path, or an abstract name behind an
/// '@'. A service manager that cannot be reached is not waited for. Thread: any. Blocking: no.
void tell_service_manager(const std::string& socket, std::string_view state);

}  // namespace ductus::daemon
