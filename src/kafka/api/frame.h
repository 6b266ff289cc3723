// What every request and answer starts with, and how a request becomes a frame.
//
//   frame          = size:int32 header body                     size counts what follows it
//   request header = api_key:int16 api_version:int16 correlation_id:int32 client_id:nullable_string [tags]
//   answer header  = correlation_id:int32 [tags]
// [tags] only where the version is flexible. client_id keeps its int16 length in every version, and the
// answer to ApiVersions never has tags in its header.
// Source: RequestHeader.json, ResponseHeader.json; ApiMessageType.responseHeaderVersion().
//
// Every request is a struct with kApiKey, kMinVersion, kMaxVersion (what we speak) and kFirstFlexible, and a
// function encode(request, version, writer); every answer one with decode(reader, version, answer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/wire.h"

namespace ductus::kafka {

enum class ApiKey : std::int16_t {
  kFetch = 1,
  kListOffsets = 2,
  kMetadata = 3,
  kApiVersions = 18,
  kOffsetForLeaderEpoch = 23,
};

/// "Fetch"; "a request" for a key that is none of these.
std::string_view name_of(ApiKey key) noexcept;

/// An answer that tells of more partitions is refused: their bytes are few, what is made of them is more.
inline constexpr std::size_t kMaxAnsweredPartitions = 200'000;

/// Writes the size (0, to be patched) and the request header.
void begin_frame(ApiKey key, std::int16_t version, std::uint32_t correlation_id, std::string_view client_id,
                 bool flexible, Writer& writer);

/// One whole request as it goes on the wire, size included. `version` is one that the request's struct offers.
template <class Request>
std::vector<std::uint8_t> encode_frame(const Request& request, std::int16_t version, std::uint32_t correlation_id,
                                       std::string_view client_id) {
  Writer writer;
  begin_frame(Request::kApiKey, version, correlation_id, client_id, version >= Request::kFirstFlexible, writer);
  encode(request, version, writer);
  writer.patch_i32(0, static_cast<std::int32_t>(writer.size() - sizeof(std::int32_t)));
  return std::move(writer).take();
}

/// Writes `partitions` as Kafka's [topic [partition …]]: neighbours of one `topic_of(partition)` become one entry.
/// `write_topic(partition)` writes which topic it is, `write_one(partition)` what stands for one partition, its tags
/// included.
template <class Partition, class TopicOf, class WriteTopic, class WriteOne>
void write_by_topic(const std::vector<Partition>& partitions, bool flexible, Writer& writer, TopicOf topic_of,
                    WriteTopic write_topic, WriteOne write_one) {
  const auto same_topic = [&](std::size_t a, std::size_t b) {
    return topic_of(partitions[a]) == topic_of(partitions[b]);
  };
  std::size_t topics = 0;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (i == 0 || !same_topic(i, i - 1)) ++topics;
  }
  writer.array_size(topics, flexible);
  for (std::size_t first = 0; first < partitions.size();) {
    std::size_t end = first + 1;
    while (end < partitions.size() && same_topic(end, first)) ++end;
    write_topic(partitions[first]);
    writer.array_size(end - first, flexible);
    for (; first < end; ++first) write_one(partitions[first]);
    writer.no_tags(flexible);
  }
}

}  // namespace ductus::kafka
