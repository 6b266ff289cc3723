// Brokers: a Kafka cluster as a reader meets it: requests in, answers out, from the logs as they are, with what a
// script of faults makes of it.
//
// It shares no message layout with the product but the byte primitives.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "kafka/wire.h"
#include "sim/world/logs.h"
#include "sim/world/timeline.h"

namespace ductus::sim {

/// Which Kafka it is.
struct Versions {
  std::int16_t fetch;
  std::int16_t list_offsets;
  std::int16_t metadata;
  std::int16_t epochs;
  bool topic_ids;
};
inline constexpr Versions kModern{16, 7, 12, 3, true};
inline constexpr Versions kBefore27{11, 5, 9, 3, false};  ///< 2.4 to 2.6
inline constexpr Versions kLegacy{0, 0, 0, 0, false};     ///< 0.6 and 0.7, which have none (legacy_broker.h)

struct Place {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const Place&) const = default;
};

/// One broker's troubles: each lasts until its time has come.
struct Broker {
  std::int32_t id = 1;
  base::Time down_until = base::Time::min();    ///< refuses and hangs up
  base::Time frozen_until = base::Time::min();  ///< accepts, and answers nothing
  base::Time slow_until = base::Time::min();
  base::Duration slowness{0};
  base::Time old_metadata_until = base::Time::min();  ///< tells what it knew
  base::Time throttles_until = base::Time::min();
  base::Time answers_nothing_until = base::Time::min();  ///< no records, though there are
  base::Time corrupts_until = base::Time::min();         ///< record batches that are not as they were written
  base::Time mangles_until = base::Time::min();          ///< frames that cannot be answers
  // Of Kafka 0.6 and 0.7.
  base::Time hangs_up_until = base::Time::min();         ///< now and then, instead of an answer
  base::Time keeps_unflushed_until = base::Time::min();  ///< what is appended is not to be seen
  /// Places of which it does not know that another broker leads them: in which epoch it did, and where the log ended.
  struct Lost {
    base::Time until;
    std::int32_t epoch;
    std::int64_t end;
  };
  std::map<const Log*, Lost> lost_leads;
  struct KnownTopic {
    ports::TopicId id;
    std::vector<std::pair<std::int32_t, std::int32_t>> leaders;  ///< and epochs
  };
  std::map<std::string, KnownTopic> old_metadata;
};

/// An error code that a place is answered with, for a time.
struct PlaceError {
  base::Time until;
  std::int16_t code;
};

/// What a request came to.
struct Reply {
  std::vector<std::uint8_t> frame;  ///< without its length
  bool wait = false;                ///< a Fetch that found nothing: to be asked again, until `max_wait` is over
  base::Duration max_wait{0};
  bool hang_up = false;  ///< the connection ends, without an answer
};

/// A Fetch, for the checker.
struct AskedSet {
  Topic* topic;
  std::int32_t partition;
  std::int64_t offset;
};

class Brokers {
 public:
  Brokers(int count, const Versions& versions, Logs& logs, Timeline& timeline, Random& random);

  Versions versions;
  std::vector<Broker> all;
  std::map<Place, PlaceError> errors;
  std::map<std::string, PlaceError> topic_errors;  ///< in Metadata
  std::function<void(const AskedSet&)> on_fetch = [](const AskedSet&) {};

  static std::uint16_t port_of(std::int32_t id) { return static_cast<std::uint16_t>(9000 + id); }
  Broker& by_port(std::uint16_t port) { return all[static_cast<std::size_t>(port - 9001)]; }
  Broker& by_id(std::int32_t id) { return all[static_cast<std::size_t>(id - 1)]; }

  /// Tells on_fetch() what is asked, as the request leaves the node: later it may be an old one.
  void note_request(base::ByteView request);
  /// `request` with its length. `last_try`: a Fetch that waited must be answered now.
  Reply answer(Broker& broker, base::ByteView request, bool last_try);
  /// It goes on telling what metadata says now.
  void keep_metadata(Broker& broker, base::Time until);

 private:
  struct Header {
    std::int16_t key;
    std::int16_t version;
    std::int32_t correlation;
    bool flexible;
  };
  struct AskedPartition {
    Log* log = nullptr;  ///< nullptr: there is none
    std::string topic;
    std::int32_t partition = 0;
    std::int32_t leader_epoch = -1;
    std::int64_t offset = 0;
    std::int32_t epoch_before = -1;
  };
  struct AskedTopic {
    Topic* topic = nullptr;
    ports::TopicId id{};
    std::string name;
    std::vector<AskedPartition> partitions;
  };
  struct FetchRequest {
    base::Duration max_wait{0};
    std::int32_t max_bytes = 0;
    bool read_committed = false;
    std::vector<AskedTopic> topics;
  };
  struct FetchAnswering {
    Broker& broker;
    const Header& header;
    kafka::Writer& out;
    bool read_committed;
    std::int64_t bytes_left;
    bool news = false;
  };

  void api_versions(const Header& header, kafka::Writer& out);
  void metadata(Broker& broker, const Header& header, kafka::Reader& in, kafka::Writer& out);
  void describe(Broker& broker, const std::string& name, const Header& header, kafka::Writer& out);
  void list_offsets(Broker& broker, const Header& header, kafka::Reader& in, kafka::Writer& out);
  void ends_of_epochs(Broker& broker, const Header& header, kafka::Reader& in, kafka::Writer& out);
  static Header read_header(kafka::Reader& in);
  FetchRequest read_fetch(const Header& header, kafka::Reader& in);
  /// True: something is in it that is worth an answer.
  bool fetch(Broker& broker, const Header& header, const FetchRequest& request, kafka::Writer& out);
  void fetch_partition(const AskedPartition& asked, FetchAnswering& answering);
  void write_records(const AskedPartition& asked, const Log& log, std::int64_t end, FetchAnswering& answering);
  void write_aborted(const AskedPartition& asked, const Log& log, std::int64_t end, FetchAnswering& answering);
  void refuse_partition(const AskedPartition& asked, std::int16_t error, FetchAnswering& answering);
  void corrupt(std::vector<std::uint8_t>& batch);
  void mangle(std::vector<std::uint8_t>& frame);

  /// 0: this broker answers for the log, in this epoch, up to `end`.
  std::int16_t check(Broker& broker, const AskedPartition& asked, std::int64_t& end) const;
  std::int16_t error_of(const std::string& topic, std::int32_t partition) const;
  static Log* log_of(Topic* topic, std::int32_t partition);

  Logs& logs_;
  Timeline& timeline_;
  Random& random_;
};

}  // namespace ductus::sim
