#include "node/api/api.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log/line.h"
#include "config/shown/secrets.h"
#include "kafka/client/link.h"
#include "node/api/config_answer.h"
#include "node/status/partition_history.h"
#include "operate/json_fields.h"
#include "operate/offsets/change_json.h"

namespace ductus::node {
namespace {

using base::name_of;
using base::timestamp;
using operate::Json;

constexpr std::int64_t kMaxPartition = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

control::Response answer(const Json& document, int status = 200) {
  return {status, document.dump(-1, ' ', true, Json::error_handler_t::replace), "application/json"};
}

control::Response refusal(const Error& why) {
  switch (why.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kLimit:
      return control::error_response(400, why.message);
    case ErrorCode::kNotFound:
      return control::error_response(404, why.message);
    case ErrorCode::kRefused:
      return control::error_response(409, why.message);
    default:
      return control::error_response(500, why.message);
  }
}

/// The age of the last message, while there is one that was not handled.
void tell_behind(operate::PartitionStatus& partition, std::chrono::system_clock::time_point now) {
  const auto lag = partition.lag();
  operate::PartitionActivity& activity = partition.activity;
  if (lag == 0) {
    activity.behind_s = 0;
  } else if (lag && activity.last_message_at_ms) {
    const auto now_ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
    activity.behind_s = std::max((now_ms - static_cast<double>(*activity.last_message_at_ms)) / 1000, 0.0);
  }
}

struct Place {
  std::string topic;
  std::optional<std::int32_t> partition;
};

/// {"topic": T, "partition": N or absent}
Result<Place> place_in(const std::string& body) {
  control::BodyFields fields(body);
  Place place{.topic = fields.text("topic"), .partition = std::nullopt};
  if (const auto number = fields.number("partition", 0, kMaxPartition)) {
    place.partition = static_cast<std::int32_t>(*number);
  }
  if (auto complete = fields.finish(); !complete) return std::move(complete).error();
  return place;
}

}  // namespace

Api::Api(const config::NodeConfig& config, const EventRing& events, const base::Clock& clock,
         const base::ProcessHandle* guardian)
    : events_(events),
      clock_(clock),
      guardian_(guardian),
      since_(clock.now()),
      started_at_(std::chrono::system_clock::now()),
      config_(config) {}

control::Routes Api::routes() {
  control::Routes routes;
  const auto add = [&](const char* method, const char* path, Answer route) {
    routes.push_back(
        {method, path, [this, route](const control::Request& request) { return (this->*route)(request); }});
  };
  add("GET", "/v1/status", &Api::get_status);
  add("GET", "/v1/partitions/{topic}/{partition}", &Api::get_partition);
  add("GET", "/v1/events", &Api::get_events);
  add("GET", "/v1/changes/{id}", &Api::get_change);
  add("GET", "/v1/config", &Api::get_config);
  add("POST", "/v1/pause", &Api::post_pause);
  add("POST", "/v1/resume", &Api::post_resume);
  add("POST", "/v1/restart", &Api::post_restart);
  add("POST", "/v1/offsets", &Api::post_offsets);
  add("POST", "/v1/reload", &Api::post_reload);
  add("POST", "/v1/stop", &Api::post_stop);
  add("POST", "/v1/aggregate", &Api::post_aggregate);
  add("POST", "/v1/log", &Api::post_log);
  add("GET", "/openapi.json", &Api::get_openapi);
  return routes;
}

// ---- the way up, and down --------------------------------------------------------------------------------

void Api::note(std::string what) {
  const std::lock_guard lock(mutex_);
  doing_ = std::move(what);
}

void Api::attach(Workers& workers, base::Log& log) {
  const std::lock_guard lock(mutex_);
  workers_ = &workers;
  log_ = &log;
  if (stop_wanted_) workers.drain();
}

void Api::detach() {
  const std::lock_guard lock(mutex_);
  workers_ = nullptr;
  log_ = nullptr;
  stop_wanted_ = true;
  doing_ = "all has stopped";
}

void Api::follow(const config::NodeConfig& config) {
  const std::lock_guard lock(mutex_);
  config_ = config;
}

/// Under mutex_, with workers_ and log_ there.
control::Response Api::when_up(const std::function<control::Response()>& answer) {
  const std::lock_guard lock(mutex_);
  if (workers_ != nullptr) return answer();
  return control::error_response(503, (stop_wanted_ ? "the node is stopping: " : "the node is starting: ") + doing_);
}

// ---- what is asked ---------------------------------------------------------------------------------------

operate::StatusReport Api::status() {
  const std::lock_guard lock(mutex_);
  return status_held();
}

/// With mutex_ held.
operate::StatusReport Api::status_held() {
  operate::StatusReport report;
  if (workers_ != nullptr) {
    report = workers_->status();
  } else {
    report.name = config_.name;
    report.handler_name = config_.handler_name;
    report.state = stop_wanted_ ? "draining" : "starting";
    report.reason = doing_;
    if (!config_.brokers.empty()) {
      report.source = kafka::to_string({config_.brokers[0].host, config_.brokers[0].port});
    }
  }
  report.process = {.pid = ::getpid(),
                    .started_at = timestamp(started_at_),
                    .uptime_s = seconds_between(since_, clock_.now()),
                    .module = config_.module,
                    .guardian = {},
                    .log_file = config_.log_file.string()};
  if (guardian_ != nullptr) report.process.guardian = guardian_->has_ended() ? "unguarded" : "guarded";
  report.store.url = config::without_password(config_.store_url);
  const auto now = std::chrono::system_clock::now();
  for (operate::PartitionStatus& partition : report.partitions) tell_behind(partition, now);
  if (log_ != nullptr) report.process.log_trouble = log_->trouble();
  return report;
}

control::Response Api::get_status(const control::Request&) { return {.body = operate::to_json(status())}; }

control::Response Api::get_partition(const control::Request& request) {
  const std::string& topic = request.path.at("topic");
  const auto number = control::whole_number("partition", request.path.at("partition"), 0, kMaxPartition);
  if (!number) return refusal(number.error());
  const operate::StatusReport report = status();
  const auto found = std::ranges::find_if(report.partitions, [&](const operate::PartitionStatus& one) {
    return one.topic == topic && one.partition == *number;
  });
  if (found == report.partitions.end()) {
    return control::error_response(404, "no partition " + std::to_string(*number) + " of '" + topic + "' is known");
  }
  return {.body = operate::to_json(*found)};
}

control::Response Api::get_events(const control::Request& request) {
  std::uint64_t after = 0;
  if (const auto asked = request.query.find("after"); asked != request.query.end()) {
    const auto id = control::whole_number("after", asked->second, 0, kMaxNumber);
    if (!id) return refusal(id.error());
    after = static_cast<std::uint64_t>(*id);
  }
  Json events = Json::array();
  for (const Event& event : events_.after(after)) {
    events.push_back(
        {{"id", event.id}, {"time", timestamp(event.time)}, {"level", name_of(event.level)}, {"text", event.text}});
  }
  const std::uint64_t last = events.empty() ? events_.last() : events.back()["id"].get<std::uint64_t>();
  return answer({{"last", last}, {"events", std::move(events)}});
}

control::Response Api::get_config(const control::Request&) {
  const std::lock_guard lock(mutex_);
  return {.body = config_answer(config_)};
}

control::Response Api::get_openapi(const control::Request&) { return {.body = kOpenApi}; }

control::Response Api::get_change(const control::Request& request) {
  const auto id = control::whole_number("id", request.path.at("id"), 1, kMaxNumber);
  if (!id) return refusal(id.error());
  return when_up([&] {
    const auto known = workers_->outcome_of(static_cast<CommandNumber>(*id));
    if (!known) return control::error_response(404, "no change " + std::to_string(*id) + " is known (any more)");
    const CommandOutcome& outcome = *known;
    const bool failed = outcome && !*outcome;
    return answer({{"change", *id},
                   {"state", !outcome ? "pending"
                             : failed ? "failed"
                                      : "done"},
                   {"error", failed ? Json(outcome->error().message) : Json(nullptr)}});
  });
}

// ---- what is to be done ----------------------------------------------------------------------------------

control::Response Api::post_stop(const control::Request&) {
  const std::lock_guard lock(mutex_);
  stop_wanted_ = true;
  if (workers_ != nullptr) workers_->drain();
  return answer({{"stopping", true}}, 202);
}

/// Begun at once; what comes of it is told by its number.
control::Response Api::change(const control::Request& request,
                              Result<CommandNumber> (Workers::*command)(const std::string&,
                                                                        std::optional<std::int32_t>)) {
  const auto place = place_in(request.body);
  if (!place) return refusal(place.error());
  return when_up([&] {
    const auto number = (workers_->*command)(place->topic, place->partition);
    return number ? answer({{"change", *number}}, 202) : refusal(number.error());
  });
}

control::Response Api::post_pause(const control::Request& request) { return change(request, &Workers::pause); }

control::Response Api::post_resume(const control::Request& request) { return change(request, &Workers::resume); }

control::Response Api::post_restart(const control::Request& request) {
  const auto place = place_in(request.body);
  if (!place) return refusal(place.error());
  return when_up([&] {
    const auto begun = workers_->restart(place->topic, place->partition);
    return begun ? answer({{"restarting", true}}, 202) : refusal(begun.error());
  });
}

control::Response Api::post_offsets(const control::Request& request) {
  auto change = operate::change_from_json(request.body);
  if (!change) return refusal(change.error());
  return when_up([&] {
    const auto number = workers_->change_offsets(*std::move(change));
    return number ? answer({{"change", *number}}, 202) : refusal(number.error());
  });
}

/// Files are read where that may take its time, as for everybody who sends SIGHUP; what was done is in the log.
control::Response Api::post_reload(const control::Request&) {
  return when_up([] {
    ::kill(::getpid(), SIGHUP);
    return answer({{"reloading", true}}, 202);
  });
}

control::Response Api::post_aggregate(const control::Request&) {
  return when_up([this] {
    const auto begun = workers_->aggregate_now();
    return begun ? answer({{"collecting", true}}, 202) : refusal(begun.error());
  });
}

control::Response Api::post_log(const control::Request& request) {
  control::BodyFields fields(request.body);
  const std::string name = fields.text("level");
  const auto for_seconds = fields.number("for_seconds", 1, kMaxLevelSeconds);
  if (const auto body = fields.finish(); !body) return refusal(body.error());
  const auto level = base::log_level_of(name);
  if (!level) return refusal(level.error());
  return when_up([&] {
    if (for_seconds) {
      log_->set_level_for(*level, std::chrono::seconds(*for_seconds));
    } else {
      log_->set_level(*level);
    }
    return answer({{"level", name}, {"for_seconds", operate::number_or_null(for_seconds)}});
  });
}

}  // namespace ductus::node
