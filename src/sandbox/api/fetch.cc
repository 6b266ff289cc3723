#include "sandbox/api/fetch.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <span>

#include "sandbox/logs/record_batch.h"

namespace ductus::sandbox {
namespace {

constexpr std::int16_t kFirstVersionWithIds = 13;
constexpr std::int16_t kFirstVersionWithLeaders = 16;

std::size_t at_least_zero(std::int32_t size) { return size > 0 ? static_cast<std::size_t>(size) : 0; }

FetchRequest::Partition read_partition(const RequestHeader& header, kafka::Reader& reader) {
  FetchRequest::Partition partition;
  partition.index = reader.i32();
  if (header.version >= 9) partition.current_leader_epoch = reader.i32();
  partition.offset = reader.i64();
  if (header.version >= 12) (void)reader.i32();  // last fetched epoch: there is but one epoch, nothing can diverge
  if (header.version >= 5) (void)reader.i64();   // log start offset: of followers
  partition.max_bytes = at_least_zero(reader.i32());
  reader.skip_tags(header.flexible);
  return partition;
}

void read_topic(const RequestHeader& header, const Catalog& catalog, kafka::Reader& reader,
                FetchRequest::Topic& topic) {
  if (header.version < kFirstVersionWithIds) {
    topic.name = reader.string(header.flexible);
    return;
  }
  const base::ByteView id = reader.raw(topic.id.size());
  std::copy(id.begin(), id.end(), topic.id.begin());
  if (const Topic* found = catalog.find(topic.id)) topic.name = found->name;
}

void skip_forgotten_topics(const RequestHeader& header, kafka::Reader& reader) {
  std::size_t topics = reader.array_size(header.flexible, 2);
  for (; topics > 0 && reader.ok(); --topics) {
    if (header.version >= kFirstVersionWithIds) {
      reader.skip(sizeof(TopicId));
    } else {
      (void)reader.string(header.flexible);
    }
    reader.skip(4 * reader.array_size(header.flexible, 4));
    reader.skip_tags(header.flexible);
  }
}

// The batches that one partition's part of the answer holds, the last one possibly cut off.
struct Slice {
  std::vector<StoredBatch> batches;
  std::size_t bytes = 0;
};

Slice read_log(PartitionLog& log, std::int64_t offset, std::int64_t end, std::size_t max_bytes, bool first_whole) {
  Slice slice;
  while (offset < end && (slice.bytes < max_bytes || (first_whole && slice.bytes == 0))) {
    StoredBatch batch = log.batch_at(offset);
    if (slice.bytes == 0 && batch.bytes.size() > max_bytes) {
      // A first batch that does not fit comes whole or not at all (since Fetch v3).
      if (!first_whole) return slice;
      return {{batch}, batch.bytes.size()};
    }
    offset = batch.next_offset;
    batch.bytes = batch.bytes.first(std::min(batch.bytes.size(), max_bytes - slice.bytes));
    slice.bytes += batch.bytes.size();
    slice.batches.push_back(batch);
  }
  return slice;
}

void write_records(const Slice& slice, bool flexible, Frame& frame) {
  if (flexible) {
    frame.own().uvarint(static_cast<std::uint32_t>(slice.bytes) + 1);
  } else {
    frame.own().i32(static_cast<std::int32_t>(slice.bytes));
  }
  for (const StoredBatch& batch : slice.batches) {
    std::array<std::uint8_t, kBatchPrefixBytes> prefix{};
    const std::size_t own_bytes = std::min(batch.bytes.size(), prefix.size());
    const std::uint64_t base_offset = __builtin_bswap64(static_cast<std::uint64_t>(batch.base_offset));
    std::copy_n(batch.bytes.begin(), own_bytes, prefix.begin());
    std::memcpy(prefix.data(), &base_offset, sizeof base_offset);
    frame.own().raw(std::span(prefix).first(own_bytes));
    frame.borrow(batch.bytes.subspan(own_bytes));
  }
}

class Answerer {
 public:
  Answerer(const FetchRequest& request, const Answering& answering)
      : request_(request),
        answering_(answering),
        now_(answering.now),
        left_(std::min(request.max_bytes, kMaxFetchBytes)) {}

  void partition(const std::string& name, const FetchRequest::Partition& asked, FetchAnswer& answer) {
    nothing_asked_ = false;
    const Topic* topic = answering_.brokers.catalog.find(std::string_view(name));
    PartitionLog* log = topic == nullptr ? nullptr : topic->partition(asked.index);
    const std::int64_t end = log == nullptr ? -1 : log->end_offset(now_);
    KafkaError error = check(name, asked, log, end);
    if (name.empty() && request_.header.version >= kFirstVersionWithIds) error = KafkaError::kUnknownTopicId;
    Slice slice;
    if (error == KafkaError::kNone) {
      slice = read_log(*log, asked.offset, end, std::min(asked.max_bytes, left_), record_bytes_ == 0);
      note_growth(*log, answer);
    } else {
      answer.complete = true;
    }
    left_ -= std::min(left_, slice.bytes);
    record_bytes_ += slice.bytes;
    write(asked.index, error, end, slice, answer.frame);
    write_tags(name, asked.index, error, answer.frame.own());
  }

  /// Where the leaders are that the partitions have named.
  void write_leaders(kafka::Writer& out) const {
    if (named_leaders_.empty()) return out.no_tags(request_.header.flexible);
    kafka::Writer tag;
    tag.array_size(named_leaders_.size(), true);
    for (const std::int32_t node_id : named_leaders_) {
      tag.i32(node_id);
      tag.string("127.0.0.1", true);
      tag.i32(answering_.brokers.ports[static_cast<std::size_t>(node_id - 1)]);
      tag.null_string(true);
      tag.no_tags(true);
    }
    write_tag(0, tag, out);
  }

  std::size_t record_bytes() const noexcept { return record_bytes_; }
  bool nothing_asked() const noexcept { return nothing_asked_; }

 private:
  KafkaError check(const std::string& name, const FetchRequest::Partition& asked, const PartitionLog* log,
                   std::int64_t end) const {
    const KafkaError error = error_for(answering_, name, asked.index, log, asked.current_leader_epoch);
    if (error != KafkaError::kNone) return error;
    return asked.offset < 0 || asked.offset > end ? KafkaError::kOffsetOutOfRange : KafkaError::kNone;
  }

  void note_growth(const PartitionLog& log, FetchAnswer& answer) const {
    const std::optional<base::Time> grows_at = log.grows_at(now_);
    if (grows_at && (!answer.grows_at || *grows_at < *answer.grows_at)) answer.grows_at = grows_at;
  }

  void write(std::int32_t index, KafkaError error, std::int64_t end, const Slice& slice, Frame& frame) const {
    const RequestHeader& header = request_.header;
    const bool good = error == KafkaError::kNone;
    kafka::Writer& out = frame.own();
    out.i32(index);
    out.i16(static_cast<std::int16_t>(error));
    out.i64(good ? end : -1);
    out.i64(good ? end : -1);
    if (header.version >= 5) out.i64(good ? 0 : -1);
    if (request_.read_committed) {
      out.array_size(0, header.flexible);
    } else if (header.flexible) {
      out.uvarint(0);
    } else {
      out.i32(-1);
    }
    if (header.version >= 11) out.i32(-1);
    write_records(slice, header.flexible, frame);
  }

  void write_tags(const std::string& topic, std::int32_t index, KafkaError error, kafka::Writer& out) {
    const RequestHeader& header = request_.header;
    const bool leads_not = error == KafkaError::kNotLeaderOrFollower || error == KafkaError::kFencedLeaderEpoch;
    if (!leads_not || header.version < kFirstVersionWithLeaders) return out.no_tags(header.flexible);
    const Leaders::Leader leader = answering_.brokers.leaders.leader_of(topic, index);
    named_leaders_.insert(leader.node_id);
    kafka::Writer tag;
    tag.i32(leader.node_id);
    tag.i32(leader.epoch);
    tag.no_tags(true);
    write_tag(1, tag, out);
  }

  static void write_tag(std::uint32_t number, const kafka::Writer& tag, kafka::Writer& out) {
    out.uvarint(1);
    out.uvarint(number);
    out.uvarint(static_cast<std::uint32_t>(tag.size()));
    out.raw(tag.bytes());
  }

  const FetchRequest& request_;
  const Answering& answering_;
  const base::Time now_;
  std::size_t left_;
  std::size_t record_bytes_ = 0;
  bool nothing_asked_ = true;
  std::set<std::int32_t> named_leaders_;
};

}  // namespace

Result<FetchRequest> read_fetch_request(const RequestHeader& header, const Catalog& catalog, kafka::Reader& reader) {
  FetchRequest request;
  request.header = header;
  if (header.version <= 14) (void)reader.i32();  // replica id
  request.max_wait = std::chrono::milliseconds(std::max(reader.i32(), 0));
  request.min_bytes = at_least_zero(reader.i32());
  request.max_bytes = at_least_zero(reader.i32());
  request.read_committed = reader.i8() == 1;
  if (header.version >= 7) {
    request.session_id = reader.i32();
    (void)reader.i32();  // session epoch: every request is a full one
  }
  std::size_t topics = reader.array_size(header.flexible, 3);
  for (; topics > 0 && reader.ok(); --topics) {
    FetchRequest::Topic& topic = request.topics.emplace_back();
    read_topic(header, catalog, reader, topic);
    std::size_t partitions = reader.array_size(header.flexible, 16);
    for (; partitions > 0 && reader.ok(); --partitions) topic.partitions.push_back(read_partition(header, reader));
    reader.skip_tags(header.flexible);
  }
  if (header.version >= 7) skip_forgotten_topics(header, reader);
  if (header.version >= 11) (void)reader.string(header.flexible);
  reader.skip_tags(header.flexible);
  if (!reader.complete()) return Error{ErrorCode::kCorrupt, "a Fetch request that does not parse"};
  return request;
}

std::vector<AskedPlace> places_of_fetch(const FetchRequest& request) {
  std::vector<AskedPlace> places;
  for (const FetchRequest::Topic& topic : request.topics) {
    for (const FetchRequest::Partition& partition : topic.partitions) places.push_back({topic.name, partition.index});
  }
  return places;
}

FetchAnswer answer_fetch(const FetchRequest& request, const Answering& answering) {
  const RequestHeader& header = request.header;
  FetchAnswer answer{start_answer(header), false, std::nullopt};
  const bool session_unknown = request.session_id != 0;
  kafka::Writer& out = answer.frame.own();
  out.i32(0);
  if (header.version >= 7) {
    out.i16(static_cast<std::int16_t>(session_unknown ? KafkaError::kFetchSessionIdNotFound : KafkaError::kNone));
    out.i32(0);
  }
  Answerer answerer(request, answering);
  const std::size_t topics = session_unknown ? 0 : request.topics.size();
  out.array_size(topics, header.flexible);
  for (std::size_t i = 0; i < topics; ++i) {
    const FetchRequest::Topic& asked = request.topics[i];
    header.version >= kFirstVersionWithIds ? out.raw(asked.id) : out.string(asked.name, header.flexible);
    out.array_size(asked.partitions.size(), header.flexible);
    for (const FetchRequest::Partition& partition : asked.partitions) answerer.partition(asked.name, partition, answer);
    out.no_tags(header.flexible);
  }
  answerer.write_leaders(out);
  answer.complete = answer.complete || answerer.nothing_asked() || answerer.record_bytes() >= request.min_bytes;
  answer.frame.seal_with_length();
  return answer;
}

}  // namespace ductus::sandbox
