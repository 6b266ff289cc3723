#include "sim/world/module.h"

#include <stdexcept>

namespace ductus::sim {

class SimModule::SimHandler final : public Handler {
 public:
  SimHandler(SimModule& module, const Place& place)
      : module_(module), behaviour_(module.behaviours_.of[place]), view_{.place = place} {
    view_.has_sync = module.behaviours_.has_sync;
    module.checker_.handlers.push_back(&view_);
  }
  ~SimHandler() override { module_.checker_.on_handler_gone(view_); }
  SimHandler(const SimHandler&) = delete;
  SimHandler& operator=(const SimHandler&) = delete;

  Verdict handle_messages(const Batch& batch) override {
    const base::Time now = module_.timeline_.now();
    module_.checker_.on_offered(view_, batch);
    if (behaviour_.throws_until > now) {
      failed_ = true;
      throw std::runtime_error("the target is gone");
    }
    if (behaviour_.fails_until > now) {
      failed_ = true;
      return Verdict::fail("the target refuses");
    }
    const bool whim = module_.random_.chance(0.003);
    if (!batch.empty() && (whim || behaviour_.defers_until > now)) {
      module_.checker_.on_deferred(view_, batch);
      return Verdict::defer(std::chrono::milliseconds(module_.random_.between(1, whim ? 500 : 5000)));
    }
    if (!batch.empty()) module_.checker_.on_ok(view_, batch);
    return Verdict::ok();
  }

  Result<void> sync() override {
    if (!view_.has_sync) return Handler::sync();
    if (behaviour_.sync_fails_until > module_.timeline_.now()) {
      failed_ = true;
      return Error{ErrorCode::kIo, "the disk is full"};
    }
    module_.checker_.on_synced(view_);
    return {};
  }

  Value aggregate_element() override { return Value(view_.delivered); }

  void stop() override { module_.checker_.on_handler_stop(view_, module_.draining && !failed_); }

 private:
  SimModule& module_;
  Behaviour& behaviour_;
  HandlerView view_;
  bool failed_ = false;
};

base::Duration SimModule::call_time(const Place& place) {
  const Behaviour& behaviour = behaviours_.of[place];
  const base::Time now = timeline_.now();
  if (behaviour.hangs_until > now) return behaviour.hangs_until - now;
  const bool slow = behaviour.slow_until > now || random_.chance(0.002);
  return slow ? random_.duration(std::chrono::milliseconds(5), std::chrono::seconds(2))
              : random_.duration(std::chrono::microseconds(5), std::chrono::milliseconds(2));
}

Result<std::unique_ptr<Handler>> SimModule::init(const Context& context, const Value&) {
  const Place place{context.topic, context.partition};
  if (behaviours_.of[place].init_fails_until > timeline_.now()) {
    return Error{ErrorCode::kIo, "the target cannot be opened"};
  }
  return std::make_unique<SimHandler>(*this, place);
}

void SimModule::handle_periodic_aggregate(const Aggregate&) {
  ++aggregates;
  if (behaviours_.aggregate_throws_until > timeline_.now()) throw std::runtime_error("no aggregate today");
}

}  // namespace ductus::sim
