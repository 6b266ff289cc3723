#include "config/kafka_names.h"

#include <algorithm>
#include <array>

namespace ductus::config {
namespace {

// Source: ConsumerConfig.configNames() of Kafka 4.3, less the ones that [source] takes.
constexpr std::array<KafkaName, 52> kNames{{
    {"allow.auto.create.topics", "topics are never created"},
    {"auto.commit.interval.ms", "see store.max_uncommitted_batches"},
    {"auto.offset.reset", "use offsets.when_missing and offsets.when_out_of_range"},
    {"bootstrap.servers", "use source.brokers"},
    {"check.crcs", "checksums are always checked"},
    {"client.dns.lookup", ""},
    {"client.rack", ""},
    {"config.providers", "${NAME} takes a value from the environment"},
    {"connections.max.idle.ms", ""},
    {"default.api.timeout.ms", ""},
    {"enable.auto.commit", "an offset is stored when the handler has said ok"},
    {"enable.metrics.push", ""},
    {"exclude.internal.topics", ""},
    {"fetch.max.bytes", "use fetch.max_frame_bytes"},
    {"fetch.min.bytes", ""},
    {"group.id", "offsets are kept under handler_name"},
    {"group.instance.id", "offsets are kept under handler_name"},
    {"group.protocol", "offsets are kept under handler_name"},
    {"group.remote.assignor", "all partitions of the topics are read"},
    {"heartbeat.interval.ms", ""},
    {"interceptor.classes", ""},
    {"internal.throw.on.fetch.stable.offset.unsupported", ""},
    {"key.deserializer", ""},
    {"max.partition.fetch.bytes", "use batch.max_bytes"},
    {"max.poll.interval.ms", "a handler may take as long as it needs"},
    {"max.poll.records", "use batch.max_bytes"},
    {"metadata.recovery.rebootstrap.trigger.ms", ""},
    {"metadata.recovery.strategy", ""},
    {"metric.reporters", ""},
    {"metrics.num.samples", ""},
    {"metrics.recording.level", ""},
    {"metrics.sample.window.ms", ""},
    {"partition.assignment.strategy", "all partitions of the topics are read"},
    {"receive.buffer.bytes", ""},
    {"reconnect.backoff.max.ms", ""},
    {"reconnect.backoff.ms", ""},
    {"request.timeout.ms", ""},
    {"retry.backoff.max.ms", ""},
    {"retry.backoff.ms", ""},
    {"sasl.", ""},
    {"security.protocol", ""},
    {"security.providers", ""},
    {"send.buffer.bytes", ""},
    {"session.timeout.ms", ""},
    {"share.acknowledgement.mode", ""},
    {"share.acquire.mode", ""},
    {"socket.connection.setup.timeout.max.ms", ""},
    {"socket.connection.setup.timeout.ms", ""},
    {"ssl.", ""},
    {"topic.metadata.refresh.interval.ms", "use metadata.max.age.ms"},
    {"value.deserializer", ""},
    {"plugin.library.paths", "modules are compiled in"},
}};

}  // namespace

const KafkaName* find_unsupported_kafka_name(std::string_view name) noexcept {
  const auto* const found = std::find_if(kNames.begin(), kNames.end(), [&](const KafkaName& entry) {
    return entry.name.ends_with('.') ? name.starts_with(entry.name) : name == entry.name;
  });
  return found == kNames.end() ? nullptr : found;
}

bool is_front_of_kafka_name(std::string_view name) noexcept {
  return std::any_of(kNames.begin(), kNames.end(), [&](const KafkaName& entry) {
    const bool within_family = entry.name.ends_with('.') && name.starts_with(entry.name);
    return within_family || (entry.name.starts_with(name) && entry.name.substr(name.size()).starts_with('.'));
  });
}

}  // namespace ductus::config
