#include "kafka/answer_cutter.h"

#include <string>

#include "kafka/wire.h"

namespace ductus::kafka {
namespace {

Error corrupt(const ports::RequestTag& tag, std::string_view what) {
  return {ErrorCode::kCorrupt, "answer to request " + std::to_string(tag.correlation_id) + " (" +
                                   std::string(name_of(ApiKey{tag.api_key})) + " version " +
                                   std::to_string(tag.api_version) + "): " + std::string(what)};
}

// Reads the header, checks that it answers the request, and decodes the rest.
template <class Request, class Response>
Result<void> read_answer(const ports::RequestTag& tag, base::ByteView frame, Response& response) {
  Reader reader(frame);
  const auto correlation_id = static_cast<std::uint32_t>(reader.i32());
  if (!reader.ok()) return corrupt(tag, "too short for a header");
  if (correlation_id != tag.correlation_id) {
    return corrupt(tag, "it carries correlation id " + std::to_string(correlation_id));
  }
  reader.skip_tags(tag.api_version >= Request::kFirstFlexible && Request::kApiKey != ApiKey::kApiVersions);
  if (!decode(reader, tag.api_version, response)) return corrupt(tag, "cut off, or an impossible length");
  if (!reader.complete()) return corrupt(tag, std::to_string(reader.left()) + " bytes left over");
  return {};
}

template <class Request, class Response>
Result<std::unique_ptr<ports::Answer>> cut_plain(const ports::RequestTag& tag, const base::Buffer& frame) {
  auto answer = std::make_unique<PlainAnswer<Response>>();
  if (auto read = read_answer<Request>(tag, frame.view(), answer->response); !read) return std::move(read).error();
  return answer;
}

Result<std::unique_ptr<ports::Answer>> cut_fetch(const ports::RequestTag& tag, base::Buffer frame) {
  auto answer = std::make_unique<FetchAnswer>();
  if (auto read = read_answer<FetchRequest>(tag, frame.view(), answer->response); !read) {
    return std::move(read).error();
  }
  answer->hops.reserve(answer->response.partitions.size());
  for (const auto& partition : answer->response.partitions) {
    answer->hops.push_back(hop(partition.records, partition.high_watermark));
  }
  // The views stay good: moving a Buffer does not move its bytes.
  answer->body = std::make_shared<const base::Buffer>(std::move(frame));
  return answer;
}

}  // namespace

Result<std::unique_ptr<ports::Answer>> KafkaAnswerCutter::cut(const ports::RequestTag& tag, base::Buffer frame) const {
  switch (ApiKey{tag.api_key}) {
    case ApiKey::kFetch:
      return cut_fetch(tag, std::move(frame));
    case ApiKey::kListOffsets:
      return cut_plain<ListOffsetsRequest, ListOffsetsResponse>(tag, frame);
    case ApiKey::kMetadata:
      return cut_plain<MetadataRequest, MetadataResponse>(tag, frame);
    case ApiKey::kApiVersions:
      return cut_plain<ApiVersionsRequest, ApiVersionsResponse>(tag, frame);
    case ApiKey::kOffsetForLeaderEpoch:
      return cut_plain<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(tag, frame);
  }
  return Error{ErrorCode::kUnsupported, "answer to an unknown request (api key " + std::to_string(tag.api_key) + ")"};
}

}  // namespace ductus::kafka
