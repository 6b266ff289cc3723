#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "operate/offsets/file_forms.h"
#include "operate/offsets/json_document.h"
#include "operate/offsets/offsets_schema.h"
#include "operate/offsets/placed_fields.h"

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t kGreatestNumber = std::numeric_limits<std::int32_t>::max();

FileEntry entry_from(const Json& object, std::string where, bool complete, std::string& problem) {
  PlacedFields fields(object, where, problem);
  FileEntry entry;
  entry.where = std::move(where);
  entry.topic = fields.text("topic");
  if (const auto partition = fields.optional_number("partition", 0, kGreatestNumber)) {
    entry.partition = static_cast<std::int32_t>(*partition);
  }
  entry.position.next_offset = fields.number("offset", 0, kGreatest);
  if (!complete) return entry;
  if (!entry.partition) entry.partition = static_cast<std::int32_t>(fields.number("partition", 0, kGreatestNumber));
  entry.position.leader_epoch =
      static_cast<std::int32_t>(fields.optional_number("leader_epoch", 0, kGreatestNumber).value_or(-1));
  entry.position.topic_id = fields.topic_id("topic_id");
  return entry;
}

ports::StoredTopic topic_from(const Json& object, std::string where, std::string& problem) {
  PlacedFields fields(object, std::move(where), problem);
  ports::StoredTopic topic;
  topic.topic = fields.text("topic");
  topic.known.topic_id = fields.topic_id("topic_id");
  topic.known.partition_count = static_cast<std::int32_t>(fields.number("partition_count", 0, kGreatestNumber));
  return topic;
}

Result<void> read_topics(const Json& list, OffsetsFile& file) {
  if (auto fits = check_entry_count(list.size()); !fits) return fits;
  std::string problem;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = "topics[" + std::to_string(i) + "]";
    file.topics.push_back(topic_from(list[i], where, problem));
    if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
    if (auto valid = check_topic_name(file.topics.back().topic, where); !valid) return valid;
  }
  return {};
}

}  // namespace

Result<OffsetsFile> parse_json_offsets(std::string_view text) {
  auto document = parse_document(text, TrailingCommas::kTaken);
  if (!document) return std::move(document).error();
  if (!document->is_object()) {
    return Error{ErrorCode::kInvalid, "expected an object with the list 'results', got a list"};
  }
  std::string problem;
  PlacedFields fields(*document, "", problem);
  OffsetsFile file;
  if (document->contains("schema")) {
    if (fields.text("schema") != kOffsetsSchema && problem.empty()) {
      problem = "schema: this version knows " + std::string(kOffsetsSchema);
    }
    file.complete = true;
  }
  const Json* const results = fields.list("results");
  const Json* const topics = file.complete ? fields.list("topics") : nullptr;
  if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
  if (auto fits = check_entry_count(results->size()); !fits) return std::move(fits).error();
  for (std::size_t i = 0; i < results->size(); ++i) {
    const std::string where = "results[" + std::to_string(i) + "]";
    file.entries.push_back(entry_from((*results)[i], where, file.complete, problem));
    if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
    if (auto valid = check_topic_name(file.entries.back().topic, where); !valid) return std::move(valid).error();
  }
  if (topics != nullptr) {
    if (auto read = read_topics(*topics, file); !read) return std::move(read).error();
  }
  return file;
}

}  // namespace ductus::operate
