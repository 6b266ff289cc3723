#include "handlers/path_template.h"

#include "base/escape.h"

namespace ductus::handlers {
namespace {

constexpr std::string_view kTopic = "{topic}";
constexpr std::string_view kPartition = "{partition}";

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

// The {word} that begins at `at`, braces included; empty where there is none.
std::string_view placeholder_at(std::string_view text, std::size_t at) {
  if (text[at] != '{') return {};
  const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + 1);
  if (end == std::string_view::npos || end == at + 1 || text[end] != '}') return {};
  return text.substr(at, end + 1 - at);
}

Result<void> check_topic(std::string_view topic) {
  const bool leaves = topic.empty() || topic == "." || topic == ".." || topic.find('/') != std::string_view::npos ||
                      topic.find('\0') != std::string_view::npos;
  if (!leaves) return {};
  return invalid("the topic name '" + base::escaped(topic, 256) + "' cannot stand in a file's path");
}

}  // namespace

Result<PathTemplate> PathTemplate::parse(const Value& init_data) {
  const Value* path = init_data.as_map() != nullptr ? init_data.find("path") : &init_data;
  const std::string* text = path != nullptr ? path->as_string() : nullptr;
  if (text == nullptr) {
    return invalid("no file to write to: give the topic init = \"FILE\" or init = {path = \"FILE\"}");
  }
  if (const Value::Map* map = init_data.as_map(); map != nullptr && map->size() > 1) {
    return invalid("init has more than the one entry that the file module knows: path");
  }
  if (text->find('\0') != std::string::npos || !std::filesystem::path(*text).has_filename()) {
    return invalid("'" + base::escaped(*text, 256) + "' names no file");
  }
  for (std::size_t at = 0; at < text->size(); ++at) {
    const std::string_view word = placeholder_at(*text, at);
    if (!word.empty() && word != kTopic && word != kPartition) {
      return invalid("unknown " + std::string(word) + " in '" + base::escaped(*text, 256) +
                     "': there are {topic} and {partition}");
    }
  }
  return PathTemplate(*text);
}

Result<std::filesystem::path> PathTemplate::resolve(std::string_view topic, std::int32_t partition,
                                                    const std::filesystem::path& base_dir) const {
  std::string path;
  for (std::size_t at = 0; at < text_.size();) {
    const std::string_view word = placeholder_at(text_, at);
    if (word == kTopic) {
      if (auto checked = check_topic(topic); !checked) return std::move(checked).error();
      path += topic;
    } else if (word == kPartition) {
      path += std::to_string(partition);
    } else {
      path += text_[at];
    }
    at += word.empty() ? 1 : word.size();
  }
  return (base_dir / path).lexically_normal();
}

}  // namespace ductus::handlers
