#include <string>
#include <utility>

#include "operate/offsets/file_forms.h"
#include "operate/offsets/json_document.h"
#include "operate/offsets/offsets_schema.h"
#include "operate/offsets/placed_fields.h"

namespace ductus::operate {
namespace {

FileEntry entry_from(const Json& object, std::string where, bool complete, std::string& problem) {
  PlacedFields fields(object, where, problem);
  FileEntry entry;
  entry.where = std::move(where);
  entry.topic = fields.topic_name("topic");
  entry.partition = complete ? fields.number("partition") : fields.optional_number("partition");
  if (complete) {
    entry.unit = fields.unit("unit");
    entry.position = fields.position("offset");
  } else {
    entry.position.next_offset = fields.offset("offset");
  }
  return entry;
}

Result<void> read_topics(const Json& list, OffsetsFile& file) {
  if (auto fits = check_entry_count(list.size()); !fits) return fits;
  std::string problem;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = "topics[" + std::to_string(i) + "]";
    file.topics.push_back(PlacedFields(list[i], where, problem).stored_topic());
    if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
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
  }
  if (topics != nullptr) {
    if (auto read = read_topics(*topics, file); !read) return std::move(read).error();
  }
  return file;
}

}  // namespace ductus::operate
