#include "captures/requests_of.h"

#include <regex>

namespace ductus::kafka06 {
namespace {

std::string topic_of(const Json& asked) { return asked.at("topic").get<std::string>(); }

Range range_of(const Json& asked, std::string_view topic) {
  return {topic, asked.at("partition").get<std::int32_t>(), asked.at("offset").get<std::int64_t>(),
          asked.at("max_size").get<std::int32_t>()};
}

std::optional<MadeRequest> made_fetch(const Json& asked) {
  if (asked.at("max_size") < 0) return std::nullopt;
  const std::string topic = topic_of(asked);
  const Range range = range_of(asked, topic);
  return MadeRequest{fetch(range), {range.offset}};
}

MadeRequest made_multi_fetch(const Json& fetches) {
  std::vector<std::string> topics;
  topics.reserve(fetches.size());  // ranges point to them
  std::vector<Range> ranges;
  MadeRequest made;
  for (const Json& asked : fetches) {
    ranges.push_back(range_of(asked, topics.emplace_back(topic_of(asked))));
    made.offsets.push_back(ranges.back().offset);
  }
  made.request = multi_fetch(ranges);
  return made;
}

std::optional<MadeRequest> made_offsets(const Json& asked) {
  if (asked.at("max_offsets") < 0) return std::nullopt;
  const std::string topic = topic_of(asked);
  return MadeRequest{offsets({topic, asked.at("partition").get<std::int32_t>(), asked.at("time").get<std::int64_t>(),
                              asked.at("max_offsets").get<std::int32_t>()}),
                     {}};
}

// "FETCH events/0@24 max 65536", "OFFSETS events/0 -1 1".
std::optional<MadeRequest> made_by_words(const std::string& words) {
  std::smatch part;
  if (std::regex_match(words, part, std::regex(R"(FETCH (\w+)/(\d+)@(\d+) max (\d+))"))) {
    return made_fetch({{"topic", part[1].str()},
                       {"partition", std::stoi(part[2])},
                       {"offset", std::stoll(part[3])},
                       {"max_size", std::stoi(part[4])}});
  }
  if (std::regex_match(words, part, std::regex(R"(OFFSETS (\w+)/(\d+) (-?\d+) (\d+))"))) {
    return made_offsets({{"topic", part[1].str()},
                         {"partition", std::stoi(part[2])},
                         {"time", std::stoll(part[3])},
                         {"max_offsets", std::stoi(part[4])}});
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<MadeRequest>> requests_of(const Capture& capture) {
  const Json& asked = capture.index.at("request");
  if (asked.value("malformed", false)) return std::nullopt;
  std::vector<MadeRequest> all;
  const auto add = [&](std::optional<MadeRequest> made) {
    if (made) all.push_back(*std::move(made));
  };
  if (capture.api() == "FETCH") add(made_fetch(asked));
  if (capture.api() == "MULTIFETCH") add(made_multi_fetch(asked.value("fetches", Json::array())));
  if (capture.api() == "OFFSETS") add(made_offsets(asked));
  if (capture.api() == "PIPELINE") {
    for (const Json& words : asked.at("requests")) add(made_by_words(words.get<std::string>()));
  }
  if (all.empty()) return std::nullopt;
  return all;
}

}  // namespace ductus::kafka06
