#include "operate/status_details_json.h"

#include <limits>

namespace ductus::operate {
namespace {

Json to_json(const CallResult& result) {
  return {{"verdict", result.verdict},
          {"took_s", seconds_or_null(result.took_s)},
          {"ago_s", seconds_or_null(result.ago_s)},
          {"messages", result.messages},
          {"deferred_by_s", seconds_or_null(result.deferred_by_s)}};
}

CallResult result_from(const Json& object, std::string& problem) {
  JsonFields fields(object, problem);
  return {.verdict = fields.text("verdict"),
          .took_s = fields.seconds("took_s").value_or(0),
          .ago_s = fields.seconds("ago_s").value_or(0),
          .messages = fields.count("messages").value_or(0),
          .deferred_by_s = fields.seconds("deferred_by_s")};
}

Json to_json(const PartitionCall& call) { return {{"what", call.what}, {"for_s", seconds_or_null(call.for_s)}}; }

Json to_json(const BatchInHand& batch) {
  return {{"first_offset", batch.first_offset}, {"next_offset", batch.next_offset}, {"bytes", batch.bytes}};
}

Json to_json(const PeriodicStatus& periodic) {
  return {{"state", periodic.state},
          {"next_in_s", seconds_or_null(periodic.next_in_s)},
          {"collections", periodic.collections},
          {"failures", periodic.failures}};
}

template <class T>
Json object_or_null(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}

template <class Number>
std::optional<Number> narrowed(std::optional<std::int64_t> number) {
  if (!number || *number < 0 || *number > std::numeric_limits<Number>::max()) return std::nullopt;
  return static_cast<Number>(*number);
}

}  // namespace

void add_to(Json& partition, const PartitionActivity& activity) {
  Json results = Json::array();
  for (const CallResult& result : activity.last_results) results.push_back(to_json(result));
  partition["restarts"] = number_or_null(activity.restarts);
  partition["last_error"] = text_or_null(activity.last_error);
  partition["last_error_ago_s"] = seconds_or_null(activity.last_error_ago_s);
  partition["retry_in_s"] = seconds_or_null(activity.retry_in_s);
  partition["in_per_s"] = seconds_or_null(activity.in_per_s);
  partition["out_per_s"] = seconds_or_null(activity.out_per_s);
  partition["last_message_at_ms"] = number_or_null(activity.last_message_at_ms);
  partition["behind_s"] = seconds_or_null(activity.behind_s);
  partition["approx_lag_bytes"] = number_or_null(activity.approx_lag_bytes);
  partition["uncommitted_batches"] = number_or_null(activity.uncommitted_batches);
  partition["call"] = object_or_null(activity.call);
  partition["batch"] = object_or_null(activity.batch);
  partition["last_results"] = std::move(results);
}

Json to_json(const ProcessStatus& process) {
  return {{"pid", number_or_null(process.pid)},
          {"started_at", text_or_null(process.started_at)},
          {"uptime_s", seconds_or_null(process.uptime_s)},
          {"log_trouble", text_or_null(process.log_trouble)},
          {"module", text_or_null(process.module)},
          {"guardian", text_or_null(process.guardian)},
          {"log_file", text_or_null(process.log_file)}};
}

Json to_json(const StoreStatus& store) {
  return {{"url", text_or_null(store.url)},
          {"state", text_or_null(store.state)},
          {"reason", store.reason},
          {"stored_ago_s", seconds_or_null(store.stored_ago_s)}};
}

Json to_json(const SupervisionStatus& supervision) {
  if (supervision.level.empty()) return nullptr;
  Json adapters = {{"restarts", supervision.adapter_restarts}};
  for (const auto& [state, count] : supervision.adapters) adapters[state] = count;
  return {{"level", supervision.level},
          {"reason", supervision.reason},
          {"retry_in_s", seconds_or_null(supervision.retry_in_s)},
          {"restarts", supervision.restarts},
          {"last_restart_ago_s", seconds_or_null(supervision.last_restart_ago_s)},
          {"last_restart_why", text_or_null(supervision.last_restart_why)},
          {"counted_failures", supervision.counted_failures},
          {"tree",
           {{"store", {{"state", supervision.store}}},
            {"adapter_sup", std::move(adapters)},
            {"periodic", object_or_null(supervision.periodic)}}}};
}

PartitionActivity activity_from(const Json& partition, std::string& problem) {
  JsonFields fields(partition, problem);
  PartitionActivity activity;
  activity.restarts = fields.count("restarts");
  activity.last_error = fields.optional_text("last_error");
  activity.last_error_ago_s = fields.seconds("last_error_ago_s");
  activity.retry_in_s = fields.seconds("retry_in_s");
  activity.in_per_s = fields.seconds("in_per_s");
  activity.out_per_s = fields.seconds("out_per_s");
  activity.last_message_at_ms = fields.number("last_message_at_ms");
  activity.behind_s = fields.seconds("behind_s");
  activity.approx_lag_bytes = fields.number("approx_lag_bytes");
  activity.uncommitted_batches = narrowed<std::uint32_t>(fields.number("uncommitted_batches"));
  if (const Json& call = fields.object("call"); call.is_object()) {
    JsonFields of_call(call, problem);
    activity.call = {of_call.text("what"), of_call.seconds("for_s").value_or(0)};
  }
  if (const Json& batch = fields.object("batch"); batch.is_object()) {
    JsonFields of_batch(batch, problem);
    activity.batch = {of_batch.number("first_offset").value_or(0), of_batch.number("next_offset").value_or(0),
                      of_batch.count("bytes").value_or(0)};
  }
  for (const Json& result : fields.list("last_results")) {
    activity.last_results.push_back(result_from(result, problem));
  }
  return activity;
}

ProcessStatus process_from(const Json& process, std::string& problem) {
  JsonFields fields(process, problem);
  return {.pid = narrowed<pid_t>(fields.number("pid")),
          .started_at = fields.optional_text("started_at"),
          .uptime_s = fields.seconds("uptime_s"),
          .log_trouble = fields.optional_text("log_trouble"),
          .module = fields.optional_text("module"),
          .guardian = fields.optional_text("guardian"),
          .log_file = fields.optional_text("log_file")};
}

StoreStatus store_from(const Json& store, std::string& problem) {
  JsonFields fields(store, problem);
  return {.url = fields.optional_text("url"),
          .state = fields.optional_text("state"),
          .reason = fields.optional_text("reason"),
          .stored_ago_s = fields.seconds("stored_ago_s")};
}

SupervisionStatus supervision_from(const Json& supervision, std::string& problem) {
  JsonFields fields(supervision, problem);
  SupervisionStatus status;
  status.level = fields.optional_text("level");
  status.reason = fields.optional_text("reason");
  status.retry_in_s = fields.seconds("retry_in_s");
  status.restarts = fields.count("restarts").value_or(0);
  status.last_restart_ago_s = fields.seconds("last_restart_ago_s");
  status.last_restart_why = fields.optional_text("last_restart_why");
  status.counted_failures = fields.count("counted_failures").value_or(0);
  JsonFields tree(fields.object("tree"), problem);
  status.store = JsonFields(tree.object("store"), problem).optional_text("state");
  const Json& adapters = tree.object("adapter_sup");
  JsonFields counts(adapters, problem);
  status.adapter_restarts = counts.count("restarts").value_or(0);
  for (const auto& [state, count] : adapters.items()) {
    if (state != "restarts") status.adapters[state] = counts.count(state.c_str()).value_or(0);
  }
  if (const Json& periodic = tree.object("periodic"); periodic.is_object()) {
    JsonFields of_periodic(periodic, problem);
    status.periodic = {.state = of_periodic.optional_text("state"),
                       .next_in_s = of_periodic.seconds("next_in_s"),
                       .collections = of_periodic.count("collections").value_or(0),
                       .failures = of_periodic.count("failures").value_or(0)};
  }
  return status;
}

}  // namespace ductus::operate
