// The periodic aggregate: asked of all handlers, then given to the module.
#include <utility>

#include "node/brain.h"

namespace ductus::node {

void Brain::run_periodic(base::Time now, Effects& out) {
  if (periodic_->begins(now)) {
    for (Partition& partition : partitions_) {
      pipeline::AdapterEffects effects;
      if (!partition.adapter.aggregate(effects)) continue;
      periodic_->expect(partition.child, partition.id);
      run_adapter(partition, std::move(effects), now, out);
    }
  }
  if (std::optional<Aggregate> aggregate = periodic_->take(now)) {
    ready_.push_back({.kind = Work::Kind::kPeriodic,
                      .child = {periodic_child_.id, periodic_child_.generation},
                      .aggregate = std::make_unique<const Aggregate>(*std::move(aggregate))});
  }
}

void Brain::on_element(Partition& partition, WorkDone& what, Effects& out) {
  if (!what.outcome)
    log(LogLevel::kWarn, partition.name() + ": aggregate_element(): " + what.outcome.error().message, out);
  periodic_->answered(partition.child, what.round,
                      what.outcome ? std::optional(std::move(what.element)) : std::nullopt);
}

/// Its failures are the module's own: told, counted, and nothing more.
void Brain::on_aggregate_returned(const WorkDone& what, Effects& out) {
  periodic_->returned();
  if (!what.outcome) {
    log(LogLevel::kWarn,
        "handle_periodic_aggregate() failed, " + std::to_string(++failed_aggregates_) +
            " times by now: " + what.outcome.error().message,
        out);
  }
  if (std::exchange(periodic_to_stop_, false)) supervisor_.on_stopped(periodic_child_, supervise_out_);
}

}  // namespace ductus::node
