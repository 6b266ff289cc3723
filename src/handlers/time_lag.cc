#include "handlers/time_lag.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "base/escape.h"

namespace ductus::handlers {

namespace {

class TimeLagHandler final : public Handler {
 public:
  TimeLagHandler(std::function<std::int64_t()> now, Logger log) : now_(std::move(now)), log_(std::move(log)) {}

  Verdict handle_messages(const Batch& batch) override {
    if (batch.empty()) {
      lag_seconds_ = 0;
    } else if (const auto time = time_of(batch[0].value())) {
      lag_seconds_ = std::max<std::int64_t>(now_() - *time, 0);
    } else {
      log_(LogLevel::kWarn, "no unix time in seconds in the second field of the message at offset " +
                                std::to_string(batch[0].offset()) + "; " + std::to_string(++without_time_) +
                                " such batches by now");
    }
    return Verdict::ok();
  }

  Value aggregate_element() override { return lag_seconds_; }

 private:
  const std::function<std::int64_t()> now_;
  const Logger log_;
  std::int64_t lag_seconds_ = -1;
  std::uint64_t without_time_ = 0;
};

class TimeLagModule final : public Module {
 public:
  explicit TimeLagModule(TimeLagSettings settings) : settings_(std::move(settings)) {
    if (settings_.push) push_.emplace(*settings_.push);
  }

  Result<std::unique_ptr<Handler>> init(const Context& context, const Value&) override {
    {
      const std::lock_guard lock(mutex_);
      log_of_topic_.insert_or_assign(context.topic, context.log);
    }
    return std::make_unique<TimeLagHandler>(settings_.now, context.log);
  }

  /// The last time was when messages were there: an empty partition is up to date.
  std::optional<std::chrono::milliseconds> idle_interval() const override { return std::chrono::milliseconds(500); }

  void handle_periodic_aggregate(const Aggregate& aggregate) override {
    std::map<std::string, std::int64_t> lag_by_topic;
    for (const auto& [topic, partitions] : aggregate) {
      std::int64_t& lag = lag_by_topic.emplace(topic, -1).first->second;
      for (const auto& [partition, element] : partitions) {
        if (const std::int64_t* const one = element.as_int()) lag = std::max(lag, *one);
      }
    }
    if (lag_by_topic.empty()) return;
    if (!push_) return log(lag_by_topic);
    const auto pushed = push_->push(settings_.metric, lag_by_topic);
    if (!pushed) throw std::runtime_error("the gauges were not taken: " + pushed.error().message);
  }

 private:
  void log(const std::map<std::string, std::int64_t>& lag_by_topic) {
    const std::lock_guard lock(mutex_);
    for (const auto& [topic, lag] : lag_by_topic) {
      const auto log = log_of_topic_.find(topic);
      if (log != log_of_topic_.end()) log->second(LogLevel::kInfo, settings_.metric + " " + std::to_string(lag));
    }
  }

  const TimeLagSettings settings_;
  std::optional<GaugePush> push_;
  std::mutex mutex_;  // guards log_of_topic_
  std::map<std::string, Logger> log_of_topic_;
};

std::int64_t unix_time() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Error bad_setting(const std::string& what) {
  return {ErrorCode::kInvalid, "the settings of the module 'time_lag': " + what};
}

constexpr std::array<std::string_view, 5> kKeys = {"url", "email", "token_file", "ca_file", "metric"};

/// Each a text of one line; those that are not given are empty.
Result<std::map<std::string, std::string, std::less<>>> read_texts(const Value& settings) {
  std::map<std::string, std::string, std::less<>> texts;
  for (const std::string_view key : kKeys) texts.emplace(key, "");
  if (settings.is_null()) return texts;
  if (settings.as_map() == nullptr) return bad_setting("expected a table");
  for (const auto& [key, value] : *settings.as_map()) {
    if (!texts.contains(key)) {
      return bad_setting("unknown key '" + base::escaped(key, 64) +
                         "'; there are url, email, token_file, ca_file, metric");
    }
    const std::string* const text = value.as_string();
    const bool is_line = text != nullptr && !text->empty() &&
                         std::ranges::none_of(*text, [](unsigned char byte) { return byte < ' ' || byte == 0x7F; });
    if (!is_line) return bad_setting(key + ": expected a text of one line");
    texts[key] = *text;
  }
  return texts;
}

std::filesystem::path path_in(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() ? std::filesystem::path() : folder / path;
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

std::optional<std::int64_t> time_of(std::string_view line) {
  const auto skip = [&line](bool spaces) {
    const std::size_t end = spaces ? line.find_first_not_of(' ') : line.find(' ');
    line.remove_prefix(std::min(end, line.size()));
  };
  skip(true);
  skip(false);
  skip(true);
  std::string_view field = line.substr(0, line.find(' '));
  field.remove_suffix(field.size() - std::min(field.find_last_not_of("\r\n") + 1, field.size()));
  std::int64_t time = -1;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), time);
  const bool is_time = error == std::errc() && end == field.data() + field.size() && time >= 0 && time <= kLatestTime;
  return is_time ? std::optional(time) : std::nullopt;
}

base::Duration push_within(base::Duration periodic_every) {
  return std::min<base::Duration>(kPushWithin, periodic_every / 2);
}

std::unique_ptr<Module> make_time_lag_module(TimeLagSettings settings) {
  return std::make_unique<TimeLagModule>(std::move(settings));
}

Result<std::unique_ptr<Module>> make_time_lag_module(const Value& settings, const NodeFacts& node) {
  auto texts = read_texts(settings);
  if (!texts) return std::move(texts).error();
  auto& text = *texts;
  TimeLagSettings made{.metric = text["metric"], .push = {}, .now = unix_time};
  if (made.metric.empty()) made.metric = node.handler_name + ".seconds_lag";
  const bool has_secret = !text["email"].empty();
  if (has_secret != !text["token_file"].empty()) return bad_setting("email and token_file go together");
  if (text["url"].empty()) {
    if (has_secret || !text["ca_file"].empty()) return bad_setting("without a url there is no use for the others");
    return make_time_lag_module(std::move(made));
  }
  if (!node.periodic_every) return bad_setting("url: nothing is ever pushed without [periodic] every");
  const auto url = net::parse_url(text["url"]);
  if (!url) return bad_setting("url: " + url.error().message);
  if (has_secret && text["email"].find(':') != std::string::npos) return bad_setting("email: a colon cannot be sent");
  if (has_secret && !url->tls && !is_this_machine(url->host)) {
    return bad_setting("url: over http:// everybody on the way reads the token; use https://");
  }
  made.push = GaugeSettings{.url = *url,
                            .email = text["email"],
                            .token_file = path_in(node.base_dir, text["token_file"]),
                            .ca_file = path_in(node.base_dir, text["ca_file"]),
                            .within = push_within(*node.periodic_every)};
  if (const auto token = GaugePush(*made.push).token(); !token) return bad_setting(token.error().message);
  return make_time_lag_module(std::move(made));
}

}  // namespace ductus::handlers
