#include "sandbox/api/conversation.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sandbox/api/answers.h"
#include "sandbox/api/list_offsets.h"
#include "sandbox/api/metadata.h"

namespace ductus::sandbox {

Result<bool> ApiConversation::wants(std::int32_t length) const {
  if (length >= 0 && length <= kMaxRequestBytes) return true;
  return Error{ErrorCode::kLimit, "a request of " + std::to_string(length) + " bytes"};
}

Result<void> ApiConversation::hear(base::ByteView request, base::Time now) {
  fate_ = {};
  kafka::Reader reader(request);
  const Result<RequestHeader> header = read_request_header(reader);
  if (!header) return header.error();
  if (header->api == ApiKey::kFetch) {
    Result<FetchRequest> fetch = read_fetch_request(*header, brokers_.catalog, reader);
    if (!fetch) return fetch.error();
    const base::Time deadline = now + fetch->max_wait;
    if (!brokers_.faults.none()) meet_faults(Moment::kFetch, places_of_fetch(*fetch), now);
    waiting_ = Waiting{*std::move(fetch), deadline, std::nullopt};
    return {};
  }
  if (!brokers_.faults.none()) {
    if (header->api == ApiKey::kApiVersions) meet_faults(Moment::kApiVersions, {}, now);
    if (header->api == ApiKey::kMetadata) meet_faults(Moment::kMetadata, places_of_metadata(*header, reader), now);
    if (header->api == ApiKey::kListOffsets) {
      meet_faults(Moment::kListOffsets, places_of_list_offsets(*header, reader), now);
    }
  }
  Result<Frame> frame = answer_at_once(*header, reader, answering(now));
  if (!frame) return frame.error();
  answer_ = *std::move(frame);
  return {};
}

void ApiConversation::meet_faults(Moment moment, const std::vector<AskedPlace>& asked, base::Time now) {
  fate_ = brokers_.faults.meet(moment, node_id_, asked, now);
}

std::optional<Answer> ApiConversation::answer(base::Time now) {
  if (waiting_) {
    FetchAnswer fetched = answer_fetch(waiting_->request, answering(now));
    if (!fetched.complete && now < waiting_->deadline) {
      waiting_->grows_at = fetched.grows_at;
      return std::nullopt;
    }
    waiting_.reset();
    return Answer{std::move(fetched.frame)};
  }
  Answer answer{*std::move(answer_)};
  answer_.reset();
  return answer;
}

std::optional<base::Time> ApiConversation::wake_at() const {
  if (!waiting_) return std::nullopt;
  return std::min(waiting_->deadline, waiting_->grows_at.value_or(waiting_->deadline));
}

}  // namespace ductus::sandbox
