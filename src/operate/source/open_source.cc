#include "operate/source/open_source.h"

#include <string>
#include <utility>
#include <vector>

#include "kafka/set_decoder.h"
#include "kafka/source.h"
#include "kafka06/set_decoder.h"
#include "kafka06/source.h"
#include "operate/source/detecting_source.h"
#include "operate/source/source_settings.h"

namespace ductus::operate {
namespace {

using config::SourceProtocol;

std::unique_ptr<ports::BatchSource> open_kafka(kafka::SourceSettings settings, base::ByteBudget& budget) {
  static const kafka::RecordSetDecoder decoder;
  return std::make_unique<kafka::KafkaSource>(std::move(settings), budget, decoder);
}

std::unique_ptr<ports::BatchSource> open_old(kafka06::SourceSettings settings, kafka06::Line line, std::string because,
                                             base::ByteBudget& budget) {
  static const kafka06::MessageSetDecoder decoder;
  settings.line = line;
  settings.line_because = std::move(because);
  return std::make_unique<kafka06::LegacySource>(std::move(settings), budget, decoder);
}

}  // namespace

std::unique_ptr<ports::BatchSource> open_source(const config::NodeConfig& config, std::uint64_t seed,
                                                base::ByteBudget& budget, base::Duration trouble_after) {
  kafka::SourceSettings modern = kafka_settings(config, seed);
  kafka06::SourceSettings old = legacy_settings(config, seed);
  modern.trouble_after = old.trouble_after = trouble_after;
  const std::string as_told = "source.protocol says so";
  switch (config.protocol) {
    case SourceProtocol::kKafka:
      return open_kafka(std::move(modern), budget);
    case SourceProtocol::kKafka07:
      return open_old(std::move(old), kafka06::Line::k07, as_told, budget);
    case SourceProtocol::kKafka06:
      return open_old(std::move(old), kafka06::Line::k06, as_told, budget);
    case SourceProtocol::kAuto:
      break;
  }
  std::vector<kafka06::Endpoint> brokers;
  for (const config::BrokerAddress& broker : config.brokers) brokers.push_back({broker.host, broker.port});
  return std::make_unique<DetectingSource>(
      std::move(brokers), seed, [modern, old, &budget](const kafka06::ProbeOutcome& outcome) {
        using Found = kafka06::ProbeOutcome::Found;
        if (outcome.found == Found::kModern) return open_kafka(modern, budget);
        const auto line = outcome.found == Found::k06 ? kafka06::Line::k06 : kafka06::Line::k07;
        return open_old(old, line, outcome.because, budget);
      });
}

}  // namespace ductus::operate
