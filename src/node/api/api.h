// Api: what the control socket answers: the routes of docs/openapi.json.
//
// It answers in every state of the node: on the way up with what the node is at, then from the workers.
// Thread: the routes on the control server's thread, all else on any. Blocking: for the baton, microseconds.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/process_handle.h"
#include "config/node_config.h"
#include "control/server.h"
#include "node/api/event_ring.h"
#include "node/workers.h"
#include "operate/status_report.h"

namespace ductus::node {

/// docs/openapi.json, as it was when this was built.
extern const char* const kOpenApi;

class Api {
 public:
  /// The longest that a level of the log is set for.
  static constexpr std::int64_t kMaxLevelSeconds = 86'400;

  /// All but `config` outlive it, and it outlives the server of its routes. `guardian`: of a daemon, else nullptr.
  Api(const config::NodeConfig& config, const EventRing& events, const base::Clock& clock,
      const base::ProcessHandle* guardian);

  control::Routes routes();

  /// On the way up: what the node is at now.
  void note(std::string what);
  /// Asks `workers` and `log` from now on, until detach(). Where a stop was asked for on the way up, it begins.
  void attach(Workers& workers, base::Log& log);
  void detach();
  /// From now on the node goes by `config`.
  void follow(const config::NodeConfig& config);

  operate::StatusReport status();

 private:
  using Answer = control::Response (Api::*)(const control::Request&);

  control::Response get_status(const control::Request&);
  control::Response get_partition(const control::Request& request);
  control::Response get_events(const control::Request& request);
  control::Response get_config(const control::Request&);
  control::Response get_openapi(const control::Request&);
  control::Response post_stop(const control::Request&);
  control::Response post_aggregate(const control::Request&);
  control::Response post_log(const control::Request& request);
  control::Response post_pause(const control::Request& request);
  control::Response post_resume(const control::Request& request);
  control::Response post_restart(const control::Request& request);
  control::Response post_reload(const control::Request&);
  control::Response post_offsets(const control::Request& request);
  control::Response get_change(const control::Request& request);

  operate::StatusReport status_held();
  control::Response when_up(const std::function<control::Response()>& answer);
  control::Response change(const control::Request& request,
                           Result<CommandNumber> (Workers::*command)(const std::string&, std::optional<std::int32_t>));

  const EventRing& events_;
  const base::Clock& clock_;
  const base::ProcessHandle* const guardian_;
  const base::Time since_;
  const std::chrono::system_clock::time_point started_at_;

  std::mutex mutex_;  // guards what follows
  config::NodeConfig config_;
  std::string doing_;
  bool stop_wanted_ = false;
  Workers* workers_ = nullptr;
  base::Log* log_ = nullptr;
};

}  // namespace ductus::node
