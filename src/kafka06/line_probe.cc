#include "kafka06/line_probe.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/big_endian.h"
#include "kafka06/requests.h"

namespace ductus::kafka06 {
namespace {

constexpr std::int32_t kCorrelationId = 0x64756374;  // "duct": no answer of anybody else begins so

//   request = size:int32 api_key:int16 api_version:int16 correlation_id:int32 client_id:string
std::vector<std::uint8_t> api_versions_request() {
  return {0, 0, 0, 16, 0, 18, 0, 0, 'd', 'u', 'c', 't', 0, 6, 'd', 'u', 'c', 't', 'u', 's'};
}

//   answer = correlation_id:int32 error:int16 count:int32 { api_key:int16 min:int16 max:int16 }
// With an error there may be less behind it.
bool is_api_versions_answer(base::ByteView frame) {
  constexpr std::size_t kVersionsBytes = 6;
  base::BigEndianReader reader(frame);
  const std::int32_t correlation_id = reader.i32();
  const std::int16_t error = reader.i16();
  if (!reader.ok() || correlation_id != kCorrelationId) return false;
  if (error != 0) return true;
  const std::int32_t count = reader.i32();
  return reader.ok() && count >= 0 && static_cast<std::size_t>(count) * kVersionsBytes == reader.left();
}

// FETCH with a topic of size −1.
std::vector<std::uint8_t> null_topic_request() {
  constexpr std::int32_t kMaxBytes = 100;
  base::BigEndianWriter writer;
  writer.i32(2 + 2 + 4 + 8 + 4);
  writer.i16(static_cast<std::int16_t>(RequestKey::kFetch));
  writer.i16(-1);
  writer.i32(0);
  writer.i64(0);
  writer.i32(kMaxBytes);
  return std::move(writer).take();
}

bool is(base::ByteView frame, const std::array<std::uint8_t, 2>& bytes) { return std::ranges::equal(frame, bytes); }

constexpr std::array<std::uint8_t, 2> kNoError = {0, 0};
constexpr std::array<std::uint8_t, 2> kUnknownError = {0xFF, 0xFF};

}  // namespace

LineProbe::LineProbe(Endpoint broker, ports::ConnectionId last_used, base::Duration connect_timeout,
                     base::Duration answer_timeout)
    : broker_(std::move(broker)),
      where_(to_string(broker_)),
      connect_timeout_(connect_timeout),
      answer_timeout_(answer_timeout),
      connection_(last_used) {}

void LineProbe::start(base::Time now, ports::SourceEffects& out) {
  DUCTUS_ASSERT(!outcome_ && deadline_ == base::Time::max());
  connect(Step::kConnect, now, out);
}

void LineProbe::connect(Step step, base::Time now, ports::SourceEffects& out) {
  step_ = step;
  is_open_ = true;
  deadline_ = now + connect_timeout_;
  out.emplace_back(ports::OpenConnection{++connection_, broker_.host, broker_.port});
}

void LineProbe::ask(Step step, std::vector<std::uint8_t> request, base::Time now, ports::SourceEffects& out) {
  step_ = step;
  deadline_ = now + answer_timeout_;
  out.emplace_back(ports::Send{connection_, {}, std::move(request)});
}

void LineProbe::opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out) {
  if (outcome_ || connection != connection_) return;
  if (step_ == Step::kConnect) ask(Step::kApiVersions, api_versions_request(), now, out);
  if (step_ == Step::kConnectAgain) ask(Step::kMultiFetch, multi_fetch({}).bytes, now, out);
}

void LineProbe::answered(ports::ConnectionId connection, base::ByteView frame, base::Time now,
                         ports::SourceEffects& out) {
  using Found = ProbeOutcome::Found;
  if (outcome_ || connection != connection_) return;
  const std::string size = std::to_string(frame.size()) + " bytes";
  switch (step_) {
    case Step::kApiVersions:
      if (is_api_versions_answer(frame)) {
        return conclude(Found::kModern, "a broker of Kafka 0.10 or newer: it answered ApiVersions", out);
      }
      return conclude(Found::kNeither, "no broker of Kafka: to ApiVersions it said " + size + " that are no answer",
                      out, ErrorCode::kUnsupported);
    case Step::kMultiFetch:
      if (is(frame, kNoError)) return ask(Step::kNullTopic, null_topic_request(), now, out);
      return neither("said " + size + " that are no answer to MULTIFETCH", ErrorCode::kUnsupported, out);
    case Step::kNullTopic:
      if (is(frame, kUnknownError)) {
        return conclude(Found::k06,
                        "a broker of Kafka 0.6: it hung up on ApiVersions, answered MULTIFETCH, and refused a null "
                        "topic with error -1",
                        out);
      }
      return neither("answered MULTIFETCH as Kafka 0.6 and 0.7 do, but said " + size + " to a null topic",
                     ErrorCode::kUnsupported, out);
    case Step::kConnect:
    case Step::kConnectAgain:
      return conclude(Found::kNeither, "no broker of Kafka: it spoke before it was asked", out,
                      ErrorCode::kUnsupported);
  }
}

void LineProbe::lost(ports::ConnectionId connection, const Error& why, base::Time now, ports::SourceEffects& out) {
  if (outcome_ || connection != connection_) return;
  is_open_ = false;
  if (step_ == Step::kConnect || why.code == ErrorCode::kUnreachable) return hung_up(why, now, out);
  if (why.code == ErrorCode::kTimedOut) return late(now, out);
  if (step_ == Step::kApiVersions) {
    return conclude(ProbeOutcome::Found::kNeither,
                    "no broker of Kafka: to ApiVersions it said what is no answer: " + why.message, out, why.code);
  }
  neither("said what is no answer: " + why.message, why.code, out);
}

// Without a byte.
void LineProbe::hung_up(const Error& why, base::Time now, ports::SourceEffects& out) {
  using Found = ProbeOutcome::Found;
  switch (step_) {
    case Step::kConnect:
      return conclude(Found::kUnreachable, why.message, out, why.code);
    case Step::kApiVersions:
      return connect(Step::kConnectAgain, now, out);
    case Step::kConnectAgain:
      return conclude(Found::kUnreachable, "not reached again, after it had hung up on ApiVersions: " + why.message,
                      out, why.code);
    case Step::kMultiFetch:
      return neither("hung up on MULTIFETCH", ErrorCode::kUnsupported, out);
    case Step::kNullTopic:
      return conclude(
          Found::k07,
          "a broker of Kafka 0.7: it hung up on ApiVersions, answered MULTIFETCH, and hung up on a null topic", out);
  }
}

void LineProbe::tick(base::Time now, ports::SourceEffects& out) {
  if (!outcome_ && now >= deadline_) late(now, out);
}

void LineProbe::late(base::Time now, ports::SourceEffects& out) {
  using Found = ProbeOutcome::Found;
  const Error why{ErrorCode::kTimedOut, "no connection in time"};
  switch (step_) {
    case Step::kConnect:
    case Step::kConnectAgain:
      return hung_up(why, now, out);
    case Step::kApiVersions:
      return conclude(Found::kUnreachable, "connected, but it did not answer ApiVersions in time", out, why.code);
    case Step::kMultiFetch:
      return neither("did not answer MULTIFETCH in time", why.code, out);
    case Step::kNullTopic:
      return neither("answered MULTIFETCH as Kafka 0.6 and 0.7 do, but nothing to a null topic in time", why.code, out);
  }
}

void LineProbe::neither(const std::string& then, ErrorCode code, ports::SourceEffects& out) {
  conclude(
      ProbeOutcome::Found::kNeither,
      "no broker that is known here: it hung up on ApiVersions, as Kafka 0.6 to 0.9, TLS ports and proxies do, and " +
          then,
      out, code);
}

void LineProbe::conclude(ProbeOutcome::Found found, const std::string& because, ports::SourceEffects& out,
                         ErrorCode code) {
  outcome_ = ProbeOutcome{found, where_ + ": " + because, code};
  deadline_ = base::Time::max();
  if (std::exchange(is_open_, false)) out.emplace_back(ports::CloseConnection{connection_});
}

}  // namespace ductus::kafka06
