// LegacyBroker: the one broker of a cluster of Kafka 0.6 or 0.7, as a reader meets it: FETCH, MULTIFETCH and OFFSETS
// in, bytes of the logs out, with what a script of faults makes of it.
//
// It reads requests and writes answers by itself. Whom it shares with the brokers of today: the logs, the troubles of
// Broker, and the errors that a place is answered with. Source: kafka/server/KafkaRequestHandlers.scala and
// kafka/log/Log.scala of 0.7.2; the real ones' answers are in tests/golden/kafka-legacy.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "kafka06/client/settings.h"
#include "sim/world/brokers.h"

namespace ductus::sim {

class LegacyBroker {
 public:
  /// All outlive it. `brokers`: its one broker is this one.
  LegacyBroker(kafka06::Line line, Brokers& brokers, Logs& logs, Timeline& timeline, Random& random)
      : line_(line), brokers_(brokers), logs_(logs), timeline_(timeline), random_(random) {}

  /// Tells Brokers::on_fetch of what is asked, as the request leaves the node.
  void note_request(base::ByteView request);
  /// `request` with its length.
  Reply answer(Broker& broker, base::ByteView request);
  /// What is appended from now on is seen only when the trouble is over.
  void keep_unflushed(Broker& broker, base::Time until);

 private:
  struct Range {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int32_t max_bytes = 0;
  };
  struct Part {
    std::int16_t error = 0;
    std::vector<std::uint8_t> set;
  };
  static Range read_range(base::BigEndianReader& in);
  void multi_fetch(const Broker& broker, base::BigEndianReader& in, base::BigEndianWriter& out);
  /// False: it hangs up.
  bool offsets(const Broker& broker, base::BigEndianReader& in, base::BigEndianWriter& out);
  Part fetch(const Broker& broker, const Range& range);
  std::vector<std::uint8_t> bytes_of(Log& log, std::int64_t from, std::int64_t to, bool spoil);
  /// nullptr: there is no such partition.
  Log* log_of(const std::string& topic, std::int32_t partition);
  std::int16_t scripted_error(const std::string& topic, std::int32_t partition) const;
  std::int64_t visible_end(const Broker& broker, const Log& log) const;
  void mangle(std::vector<std::uint8_t>& frame);

  kafka06::Line line_;
  Brokers& brokers_;
  Logs& logs_;
  Timeline& timeline_;
  Random& random_;
  std::map<const Log*, std::int64_t> flushed_;  ///< ends, while keep_unflushed() lasts
};

}  // namespace ductus::sim
