#include "sim/world/brokers.h"

#include <algorithm>

namespace ductus::sim {
namespace {

constexpr std::int16_t kFetch = 1;
constexpr std::int16_t kListOffsets = 2;
constexpr std::int16_t kMetadata = 3;
constexpr std::int16_t kApiVersions = 18;
constexpr std::int16_t kEpochs = 23;

constexpr std::int16_t kOffsetOutOfRange = 1;
constexpr std::int16_t kUnknownPartition = 3;
constexpr std::int16_t kLeaderNotAvailable = 5;
constexpr std::int16_t kNotLeader = 6;
constexpr std::int16_t kFencedEpoch = 74;
constexpr std::int16_t kUnknownEpoch = 75;
constexpr std::int16_t kUnknownTopicId = 100;

constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;

bool is_flexible(std::int16_t key, std::int16_t version) {
  switch (key) {
    case kFetch:
      return version >= 12;
    case kListOffsets:
      return version >= 6;
    case kMetadata:
      return version >= 9;
    case kApiVersions:
      return version >= 3;
    default:
      return version >= 4;
  }
}

std::string host_of(std::int32_t id) { return "b" + std::to_string(id); }

}  // namespace

Brokers::Brokers(int count, const Versions& the_versions, Logs& logs, Timeline& timeline, Random& random)
    : versions(the_versions), logs_(logs), timeline_(timeline), random_(random) {
  for (std::int32_t id = 1; id <= count; ++id) all.push_back({.id = id});
}

Brokers::Header Brokers::read_header(kafka::Reader& in) {
  Header header{.key = in.i16(), .version = in.i16(), .correlation = in.i32(), .flexible = false};
  header.flexible = is_flexible(header.key, header.version);
  (void)in.nullable_string(false);
  in.skip_tags(header.flexible);
  return header;
}

void Brokers::note_request(base::ByteView request) {
  kafka::Reader in(request.subspan(4));
  const Header header = read_header(in);
  if (header.key != kFetch) return;
  for (const AskedTopic& topic : read_fetch(header, in).topics) {
    for (const AskedPartition& asked : topic.partitions) {
      if (asked.log != nullptr) on_fetch({topic.topic, asked.partition, asked.offset});
    }
  }
}

Reply Brokers::answer(Broker& broker, base::ByteView request, bool last_try) {
  kafka::Reader in(request.subspan(4));
  const Header header = read_header(in);
  kafka::Writer out;
  out.i32(header.correlation);
  if (header.key != kApiVersions) out.no_tags(header.flexible);
  Reply reply;
  switch (header.key) {
    case kApiVersions:
      api_versions(header, out);
      break;
    case kMetadata:
      metadata(broker, header, in, out);
      break;
    case kListOffsets:
      list_offsets(broker, header, in, out);
      break;
    case kEpochs:
      ends_of_epochs(broker, header, in, out);
      break;
    default: {
      const FetchRequest asked = read_fetch(header, in);
      reply.max_wait = asked.max_wait;
      reply.wait = !fetch(broker, header, asked, out) && !last_try;
    }
  }
  if (reply.wait) return reply;
  reply.frame = std::move(out).take();
  if (broker.mangles_until > timeline_.now() && random_.chance(0.3)) mangle(reply.frame);
  return reply;
}

void Brokers::mangle(std::vector<std::uint8_t>& frame) {
  if (random_.chance(0.5)) {
    frame[3] ^= 0x55;  // of another request
  } else {
    frame.resize(frame.size() - 1 - random_.below(frame.size() / 2));
  }
}

void Brokers::api_versions(const Header& header, kafka::Writer& out) {
  const std::vector<std::pair<std::int16_t, std::int16_t>> apis = {{kFetch, versions.fetch},
                                                                   {kListOffsets, versions.list_offsets},
                                                                   {kMetadata, versions.metadata},
                                                                   {kApiVersions, 3},
                                                                   {kEpochs, versions.epochs}};
  out.i16(0);
  out.array_size(apis.size(), header.flexible);
  for (const auto& [key, newest] : apis) {
    out.i16(key);
    out.i16(0);
    out.i16(newest);
    out.no_tags(header.flexible);
  }
  if (header.version >= 1) out.i32(0);
  out.no_tags(header.flexible);
}

// ---- Metadata --------------------------------------------------------------------------------------------

void Brokers::keep_metadata(Broker& broker, base::Time until) {
  broker.old_metadata_until = until;
  broker.old_metadata.clear();
  for (const std::string& name : logs_.names()) {
    const Topic& topic = logs_.topic(name);
    Broker::KnownTopic known{topic.id, {}};
    for (const Log& log : topic.logs) known.leaders.emplace_back(log.leader, log.epoch);
    broker.old_metadata.emplace(name, std::move(known));
  }
}

void Brokers::metadata(Broker& broker, const Header& header, kafka::Reader& in, kafka::Writer& out) {
  std::vector<std::string> names;
  for (std::size_t left = in.array_size(header.flexible, 2); left > 0 && in.ok(); --left) {
    if (header.version >= 10) in.skip(16);
    names.emplace_back(in.string(header.flexible));
    in.skip_tags(header.flexible);
  }
  out.i32(0);
  out.array_size(all.size(), header.flexible);
  for (const Broker& one : all) {
    out.i32(one.id);
    out.string(host_of(one.id), header.flexible);
    out.i32(port_of(one.id));
    out.null_string(header.flexible);
    out.no_tags(header.flexible);
  }
  out.string("simulated", header.flexible);
  out.i32(1);
  out.array_size(names.size(), header.flexible);
  for (const std::string& name : names) describe(broker, name, header, out);
  if (header.version >= 8 && header.version <= 10) out.i32(INT32_MIN);
  out.no_tags(header.flexible);
}

void Brokers::describe(Broker& broker, const std::string& name, const Header& header, kafka::Writer& out) {
  Broker::KnownTopic known;
  if (broker.old_metadata_until > timeline_.now()) {
    known = broker.old_metadata.at(name);
  } else {
    const Topic& topic = logs_.topic(name);
    known.id = topic.id;
    for (const Log& log : topic.logs) known.leaders.emplace_back(log.leader, log.epoch);
  }
  const auto error = topic_errors.find(name);
  const bool refused = error != topic_errors.end() && error->second.until > timeline_.now();
  out.i16(refused ? error->second.code : std::int16_t{0});
  out.string(name, header.flexible);
  if (header.version >= 10) out.raw(known.id);
  out.boolean(false);
  out.array_size(refused ? 0 : known.leaders.size(), header.flexible);
  for (std::size_t i = 0; i < known.leaders.size() && !refused; ++i) {
    const auto [leader, epoch] = known.leaders[i];
    out.i16(leader < 0 ? kLeaderNotAvailable : std::int16_t{0});
    out.i32(static_cast<std::int32_t>(i));
    out.i32(leader);
    out.i32(epoch);
    for (int list = 0; list < 3; ++list) out.array_size(0, header.flexible);  // replicas, in sync, offline
    out.no_tags(header.flexible);
  }
  out.i32(INT32_MIN);
  out.no_tags(header.flexible);
}

// ---- whose log it is -------------------------------------------------------------------------------------

Log* Brokers::log_of(Topic* topic, std::int32_t partition) {
  if (topic == nullptr || partition < 0 || static_cast<std::size_t>(partition) >= topic->logs.size()) return nullptr;
  return &topic->logs[static_cast<std::size_t>(partition)];
}

std::int16_t Brokers::error_of(const std::string& topic, std::int32_t partition) const {
  const auto scripted = errors.find({topic, partition});
  return scripted != errors.end() && scripted->second.until > timeline_.now() ? scripted->second.code : std::int16_t{0};
}

std::int16_t Brokers::check(Broker& broker, const AskedPartition& asked, std::int64_t& end) const {
  if (asked.log == nullptr) return kUnknownPartition;
  if (const std::int16_t error = error_of(asked.topic, asked.partition)) return error;
  std::int32_t epoch = asked.log->epoch;
  end = asked.log->end;
  if (asked.log->leader != broker.id) {
    const auto lost = broker.lost_leads.find(asked.log);
    if (lost == broker.lost_leads.end() || lost->second.until <= timeline_.now()) return kNotLeader;
    epoch = lost->second.epoch;
    end = std::min(lost->second.end, asked.log->end);
  }
  if (asked.leader_epoch >= 0 && asked.leader_epoch < epoch) return kFencedEpoch;
  if (asked.leader_epoch > epoch) return kUnknownEpoch;
  return 0;
}

// ---- ListOffsets, OffsetForLeaderEpoch -------------------------------------------------------------------

void Brokers::list_offsets(Broker& broker, const Header& header, kafka::Reader& in, kafka::Writer& out) {
  in.skip(4);
  const bool read_committed = in.i8() == 1;
  out.i32(0);
  std::size_t topics = in.array_size(header.flexible, 3);
  out.array_size(topics, header.flexible);
  for (; topics > 0 && in.ok(); --topics) {
    const std::string name(in.string(header.flexible));
    out.string(name, header.flexible);
    std::size_t partitions = in.array_size(header.flexible, 12);
    out.array_size(partitions, header.flexible);
    for (; partitions > 0 && in.ok(); --partitions) {
      AskedPartition asked{.topic = name};
      asked.partition = in.i32();
      asked.leader_epoch = in.i32();
      const std::int64_t time = in.i64();
      in.skip_tags(header.flexible);
      asked.log = log_of(&logs_.topic(name), asked.partition);
      std::int64_t end = -1;
      const std::int16_t error = check(broker, asked, end);
      std::int64_t offset = -1;
      if (error == 0 && time == kEarliest) offset = asked.log->start;
      if (error == 0 && time == kLatest) offset = std::min(end, asked.log->readable_end(read_committed));
      out.i32(asked.partition);
      out.i16(error);
      out.i64(-1);
      out.i64(offset);
      out.i32(error == 0 ? asked.log->epoch : -1);
      out.no_tags(header.flexible);
    }
    in.skip_tags(header.flexible);
    out.no_tags(header.flexible);
  }
  out.no_tags(header.flexible);
}

void Brokers::ends_of_epochs(Broker& broker, const Header&, kafka::Reader& in, kafka::Writer& out) {
  in.skip(4);
  out.i32(0);
  std::size_t topics = in.array_size(false, 6);
  out.array_size(topics, false);
  for (; topics > 0 && in.ok(); --topics) {
    const std::string name(in.string(false));
    out.string(name, false);
    std::size_t partitions = in.array_size(false, 12);
    out.array_size(partitions, false);
    for (; partitions > 0 && in.ok(); --partitions) {
      AskedPartition asked{.topic = name};
      asked.partition = in.i32();
      asked.leader_epoch = in.i32();
      const std::int32_t epoch = in.i32();
      asked.log = log_of(&logs_.topic(name), asked.partition);
      std::int64_t end = -1;
      const std::int16_t error = check(broker, asked, end);
      const auto found = error == 0 ? asked.log->end_of_epoch(epoch) : std::pair<std::int32_t, std::int64_t>{-1, -1};
      out.i16(error);
      out.i32(asked.partition);
      out.i32(found.first);
      out.i64(found.second);
    }
  }
}

// ---- Fetch -----------------------------------------------------------------------------------------------

Brokers::FetchRequest Brokers::read_fetch(const Header& header, kafka::Reader& in) {
  FetchRequest request;
  if (header.version <= 14) in.skip(4);
  request.max_wait = std::chrono::milliseconds(in.i32());
  in.skip(4);
  request.max_bytes = in.i32();
  request.read_committed = in.i8() == 1;
  in.skip(8);
  for (std::size_t topics = in.array_size(header.flexible, 3); topics > 0 && in.ok(); --topics) {
    AskedTopic& topic = request.topics.emplace_back();
    if (header.version >= 13) {
      const base::ByteView bytes = in.raw(topic.id.size());
      std::copy(bytes.begin(), bytes.end(), topic.id.begin());
      topic.topic = logs_.find(topic.id);
      if (topic.topic != nullptr) topic.name = topic.topic->name;
    } else {
      topic.name = in.string(header.flexible);
      topic.topic = &logs_.topic(topic.name);
    }
    for (std::size_t left = in.array_size(header.flexible, 16); left > 0 && in.ok(); --left) {
      AskedPartition& asked = topic.partitions.emplace_back();
      asked.topic = topic.name;
      asked.partition = in.i32();
      asked.leader_epoch = in.i32();
      asked.offset = in.i64();
      if (header.version >= 12) asked.epoch_before = in.i32();
      in.skip(8 + 4);
      in.skip_tags(header.flexible);
      asked.log = log_of(topic.topic, asked.partition);
    }
    in.skip_tags(header.flexible);
  }
  return request;
}

bool Brokers::fetch(Broker& broker, const Header& header, const FetchRequest& request, kafka::Writer& out) {
  FetchAnswering answering{broker, header, out, request.read_committed, request.max_bytes};
  const bool throttles = broker.throttles_until > timeline_.now() && random_.chance(0.3);
  out.i32(throttles ? 500 : 0);
  out.i16(0);
  out.i32(0);
  out.array_size(request.topics.size(), header.flexible);
  for (const AskedTopic& topic : request.topics) {
    header.version >= 13 ? out.raw(topic.id) : out.string(topic.name, header.flexible);
    out.array_size(topic.partitions.size(), header.flexible);
    for (const AskedPartition& asked : topic.partitions) {
      if (topic.topic == nullptr) {
        refuse_partition(asked, kUnknownTopicId, answering);
      } else {
        fetch_partition(asked, answering);
      }
    }
    out.no_tags(header.flexible);
  }
  out.no_tags(header.flexible);
  return answering.news;
}

void Brokers::refuse_partition(const AskedPartition& asked, std::int16_t error, FetchAnswering& answering) {
  const Header& header = answering.header;
  kafka::Writer& out = answering.out;
  answering.news = true;
  out.i32(asked.partition);
  out.i16(error);
  out.i64(-1);
  out.i64(-1);
  out.i64(-1);
  out.array_size(0, header.flexible);
  out.i32(-1);
  out.nullable_bytes({}, header.flexible);
  const bool names_leader = header.version >= 16 && asked.log != nullptr && asked.log->leader > 0 &&
                            (error == kNotLeader || error == kFencedEpoch) && asked.log->leader != answering.broker.id;
  if (!names_leader) return out.no_tags(header.flexible);
  out.uvarint(1);
  out.uvarint(1);
  out.uvarint(9);
  out.i32(asked.log->leader);
  out.i32(asked.log->epoch);
  out.no_tags(true);
}

void Brokers::fetch_partition(const AskedPartition& asked, FetchAnswering& answering) {
  const Header& header = answering.header;
  std::int64_t end = -1;
  std::int16_t error = check(answering.broker, asked, end);
  std::pair<std::int32_t, std::int64_t> diverging{-1, -1};
  if (error == 0 && asked.epoch_before >= 0) {
    const auto found = asked.log->end_of_epoch(asked.epoch_before);
    if (found.first < 0) error = kOffsetOutOfRange;
    if (error == 0 && (found.first < asked.epoch_before || found.second < asked.offset)) diverging = found;
  }
  const bool parted = diverging.first >= 0;
  if (error == 0 && !parted && (asked.offset < asked.log->start || asked.offset > end)) error = kOffsetOutOfRange;
  if (error != 0) return refuse_partition(asked, error, answering);

  const Log& log = *asked.log;
  const std::int64_t stable = std::min(end, log.stable_end());
  kafka::Writer& out = answering.out;
  out.i32(asked.partition);
  out.i16(0);
  out.i64(end);
  out.i64(stable);
  out.i64(log.start);
  const std::int64_t readable = parted ? asked.offset : answering.read_committed ? stable : end;
  write_aborted(asked, log, readable, answering);
  out.i32(-1);
  write_records(asked, log, readable, answering);
  if (!parted) return out.no_tags(header.flexible);
  answering.news = true;
  out.uvarint(1);
  out.uvarint(0);
  out.uvarint(13);
  out.i32(diverging.first);
  out.i64(diverging.second);
  out.no_tags(true);
}

void Brokers::write_aborted(const AskedPartition& asked, const Log& log, std::int64_t end, FetchAnswering& answering) {
  std::vector<const AbortedRange*> ranges;
  if (answering.read_committed) {
    for (const AbortedRange& range : log.aborted) {
      if (range.last >= asked.offset && range.first < end) ranges.push_back(&range);
    }
  }
  answering.out.array_size(ranges.size(), answering.header.flexible);
  for (const AbortedRange* range : ranges) {
    answering.out.i64(range->producer_id);
    answering.out.i64(range->first);
    answering.out.no_tags(answering.header.flexible);
  }
}

// Whole batches up to the limit; the last one may come cut off, as brokers do.
void Brokers::write_records(const AskedPartition& asked, const Log& log, std::int64_t end, FetchAnswering& answering) {
  std::vector<std::uint8_t> bytes;
  const bool silent = answering.broker.answers_nothing_until > timeline_.now() && random_.chance(0.5);
  for (std::size_t i = log.batch_at(asked.offset); i < log.batches.size() && !silent; ++i) {
    const LogBatch& batch = log.batches[i];
    if (batch.last >= end || answering.bytes_left <= 0) break;
    std::vector<std::uint8_t> copy = batch.bytes;
    if (answering.broker.corrupts_until > timeline_.now() && random_.chance(0.2)) corrupt(copy);
    const auto size = static_cast<std::int64_t>(copy.size());
    if (size > answering.bytes_left && answering.news) copy.resize(static_cast<std::size_t>(answering.bytes_left));
    answering.bytes_left -= size;
    answering.news = true;
    bytes.insert(bytes.end(), copy.begin(), copy.end());
  }
  answering.out.nullable_bytes(bytes, answering.header.flexible);
}

// Within what the checksum covers: what stands before it no reader can check.
void Brokers::corrupt(std::vector<std::uint8_t>& batch) {
  constexpr std::size_t kCovered = 21;
  const std::size_t at = kCovered + random_.below(batch.size() - kCovered);
  batch[at] ^= static_cast<std::uint8_t>(1 + random_.below(255));
}

}  // namespace ductus::sim
