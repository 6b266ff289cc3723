#include "sandbox/api/answers.h"

#include "sandbox/api/list_offsets.h"
#include "sandbox/api/metadata.h"

namespace ductus::sandbox {
namespace {

// ---- ApiVersions -----------------------------------------------------------------------------------------

Result<Frame> answer_api_versions(const RequestHeader& header, kafka::Reader& reader, const Fate& fate) {
  if (header.flexible) {
    (void)reader.string(true);
    (void)reader.string(true);
    reader.skip_tags(true);
  }
  if (header.supported && !reader.complete()) {
    return Error{ErrorCode::kCorrupt, "an ApiVersions request that does not parse"};
  }
  Frame frame = start_answer(header);
  kafka::Writer& out = frame.own();
  constexpr auto kUnsupported = static_cast<std::int16_t>(KafkaError::kUnsupportedVersion);
  const std::int16_t error = fate.error_of({}, -1).value_or(header.supported ? std::int16_t{0} : kUnsupported);
  const bool refused = !header.supported || error == kUnsupported;
  const std::int16_t version = refused ? std::int16_t{0} : header.version;
  const bool flexible = header.flexible && version > 0;
  out.i16(error);
  out.array_size(kApis.size(), flexible);
  for (const Api& api : kApis) {
    out.i16(static_cast<std::int16_t>(api.key));
    out.i16(api.min_version);
    out.i16(api.max_version);
    out.no_tags(flexible);
  }
  if (version >= 1) out.i32(0);
  out.no_tags(flexible);
  return frame;
}

// ---- Produce ---------------------------------------------------------------------------------------------
//
//   request   := transactionalId nullable-string · acks int16 · timeoutMs int32 · [topic]
//   topic     := name string · [partition]
//   partition := index int32 · records nullable-bytes
//   answer    := [name string · [partition answer]] · throttleTimeMs int32
//   partition answer := index int32 · error int16 · baseOffset int64 · logAppendTimeMs int64

Result<Frame> refuse_produce(const RequestHeader& header, kafka::Reader& reader) {
  Frame frame = start_answer(header);
  kafka::Writer& out = frame.own();
  (void)reader.nullable_string(false);
  const bool answer_wanted = reader.i16() != 0;
  (void)reader.i32();
  std::size_t topics = reader.array_size(false, 6);
  out.array_size(topics, false);
  for (; topics > 0 && reader.ok(); --topics) {
    out.string(reader.string(false), false);
    std::size_t partitions = reader.array_size(false, 8);
    out.array_size(partitions, false);
    for (; partitions > 0 && reader.ok(); --partitions) {
      out.i32(reader.i32());
      (void)reader.nullable_bytes(false);
      out.i16(static_cast<std::int16_t>(KafkaError::kTopicAuthorizationFailed));
      out.i64(-1);
      out.i64(-1);
    }
  }
  out.i32(0);
  if (!reader.complete()) return Error{ErrorCode::kCorrupt, "a Produce request that does not parse"};
  // Who wants no answer learns of a failure by being hung up on.
  if (!answer_wanted) return Error{ErrorCode::kUnsupported, "nothing can be written here"};
  return frame;
}

Result<Frame> answer(const RequestHeader& header, kafka::Reader& reader, const Answering& answering) {
  switch (header.api) {
    case ApiKey::kApiVersions:
      return answer_api_versions(header, reader, answering.fate);
    case ApiKey::kMetadata:
      return answer_metadata(header, reader, answering);
    case ApiKey::kListOffsets:
      return answer_list_offsets(header, reader, answering);
    case ApiKey::kProduce:
      return refuse_produce(header, reader);
    case ApiKey::kFetch:
      break;
  }
  return Error{ErrorCode::kUnsupported, "Fetch is answered elsewhere"};
}

}  // namespace

Result<Frame> answer_at_once(const RequestHeader& header, kafka::Reader& reader, const Answering& answering) {
  Result<Frame> frame = answer(header, reader, answering);
  if (frame.ok()) frame->seal_with_length();
  return frame;
}

}  // namespace ductus::sandbox
