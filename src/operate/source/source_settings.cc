#include "operate/source/source_settings.h"

namespace ductus::operate {

kafka::SourceSettings kafka_settings(const config::NodeConfig& config, std::uint64_t seed) {
  kafka::SourceSettings settings;
  for (const config::BrokerAddress& broker : config.brokers) settings.brokers.push_back({broker.host, broker.port});
  settings.client_id = config.client_id;
  settings.read_committed = config.read_committed;
  settings.fetch_max_wait = config.fetch_max_wait;
  settings.metadata_max_age = config.metadata_max_age;
  settings.seed = seed;
  return settings;
}

kafka06::SourceSettings legacy_settings(const config::NodeConfig& config, std::uint64_t seed) {
  kafka06::SourceSettings settings;
  settings.broker = {config.brokers.front().host, config.brokers.front().port};
  settings.may_create_topics = config.may_create_topics;
  settings.seed = seed;
  return settings;
}

}  // namespace ductus::operate
