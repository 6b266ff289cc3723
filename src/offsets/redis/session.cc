#include "offsets/redis/session.h"

#include <array>
#include <random>
#include <utility>

#include "base/escape.h"
#include "net/name_lock.h"
#include "offsets/redis/layout.h"

namespace ductus::offsets {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGoodbyeTimeout{500};

std::string random_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i) token += std::to_string(random()) + (i < 3 ? "-" : "");
  return token;
}

std::string text_at(const std::vector<RedisReply>& list, std::size_t index) {
  return index < list.size() ? list[index].text : "";
}

// The value of "name:value\r\n" in what INFO says.
std::string info_value(const std::string& info, const std::string& name) {
  const std::size_t at = info.find("\n" + name + ":");
  if (at == info.npos) return "";
  const std::size_t begin = at + name.size() + 2;
  return info.substr(begin, info.find_first_of("\r\n", begin) - begin);
}

}  // namespace

RedisSession::RedisSession(RedisSettings settings, std::string handler_name, RedisOwner owner,
                           std::function<void(const std::string&)> warn)
    : connection_(std::move(settings)),
      keys_(keys_of(handler_name)),
      owner_(std::move(owner)),
      warn_(std::move(warn)),
      token_(is_node() ? random_token() : "") {}

RedisSession::~RedisSession() {
  if (!has_lease_ || !connection_.is_open()) return;
  connection_.limit(kGoodbyeTimeout);
  // Nobody is left to tell: where it fails, the lease ends by itself.
  const auto ignored = run(scripts_.release, {});
}

Result<void> RedisSession::open() {
  auto made = connection_.connect();
  if (!made) {
    has_lease_ = false;
    return std::move(made).error();
  }
  if (*made) has_lease_ = has_looked_ = false;
  if (!is_node()) return {};
  if (!has_lease_) {
    if (auto begun = begin(); !begun) return begun;
  }
  if (!std::exchange(has_looked_, true)) look_at_persistence();
  return {};
}

Result<void> RedisSession::begin() {
  has_lease_ = false;
  const std::vector<std::string> who{owner_.machine, owner_.lock, owner_.name};
  auto answer = run(scripts_.begin, who);
  if (answer && text_at(*answer, 0) == "held" && is_dead(*answer)) answer = run(scripts_.begin, who);
  if (!answer) return std::move(answer).error();
  if (text_at(*answer, 0) != "ok") return held_by_other(*answer);
  fence_ = text_at(*answer, 1);
  has_lease_ = true;
  return {};
}

Result<std::vector<RedisReply>> RedisSession::call(RedisScript& script, const std::vector<std::string>& arguments) {
  if (auto opened = open(); !opened) return std::move(opened).error();
  for (bool again = false;; again = true) {
    auto answer = run(script, arguments);
    if (!answer) return answer;
    const std::string word = text_at(*answer, 0);
    if (word != "held" && word != "lost") return answer;
    if (again) return held_by_other(*answer);
    if (is_node()) {
      if (auto begun = begin(); !begun) return std::move(begun).error();
    } else if (!is_dead(*answer)) {
      return held_by_other(*answer);
    }
  }
}

Result<void> RedisSession::renew() {
  auto answer = call(scripts_.renew, {});
  if (!answer) return std::move(answer).error();
  return {};
}

Result<std::vector<RedisReply>> RedisSession::run(RedisScript& script, const std::vector<std::string>& arguments) {
  std::vector<std::string> all{token_, fence_, std::to_string(milliseconds(kLease).count()), dead_token_};
  all.insert(all.end(), arguments.begin(), arguments.end());
  auto reply = connection_.run(script, keys_, all);
  if (!reply) return std::move(reply).error();
  if (reply->kind != RedisReply::Kind::kList || reply->list.empty()) {
    connection_.close();
    return Error{ErrorCode::kCorrupt, "Redis at " + name() + ": not the answer of a script of ours"};
  }
  if (reply->list[0].text == "schema") {
    return Error{ErrorCode::kUnsupported, "Redis at " + name() + ": '" + base::escaped(keys_[1], 255) +
                                              "' was written by a newer ductus: schema '" +
                                              base::escaped(text_at(reply->list, 1), 64) + "', this one knows " +
                                              std::string(kRedisSchema)};
  }
  return std::move(reply->list);
}

bool RedisSession::is_dead(const std::vector<RedisReply>& held) {
  const std::string lock = text_at(held, 4);
  const bool same_machine = !owner_.machine.empty() && text_at(held, 3) == owner_.machine;
  // Its own lock is held by this process: nobody else can have it. The other name is that of another way to write the
  // same server.
  if (!same_machine || lock.empty() || (lock != owner_.lock && net::NameLock::held_by_node(lock))) return false;
  dead_token_ = text_at(held, 2);
  return true;
}

Error RedisSession::held_by_other(const std::vector<RedisReply>& held) const {
  const std::int64_t left = held.size() > 1 ? held[1].integer : 0;
  return {ErrorCode::kRefused, "Redis at " + name() + ": the offsets of '" + base::escaped(keys_[0], 255) +
                                   "' are held by " + base::escaped(text_at(held, 5), 400) + "; its lease ends in " +
                                   std::to_string((left + 999) / 1000) +
                                   " s unless it is renewed; stop that node first"};
}

// Failures are no trouble: the lease, or the first script, meets them again.
void RedisSession::look_at_persistence() {
  if (!warn_) return;
  const std::array<std::string_view, 2> info_command{"INFO", "persistence"};
  const std::array<std::string_view, 3> save_command{"CONFIG", "GET", "save"};
  const auto info = connection_.ask(info_command);
  const std::string aof = info ? info_value(info->text, "aof_enabled") : "";
  std::string warning;
  if (aof != "1") {
    const auto save = connection_.ask(save_command);
    const bool known = aof == "0" && save && save->list.size() == 2;
    if (!known) {
      warning = "whether it saves its data cannot be seen";
    } else if (save->list[1].text.empty()) {
      warning = "it saves nothing: offsets are gone when it restarts";
    } else {
      warning = "it saves snapshots only: offsets go back to the last one when it is killed";
    }
    warning = "Redis at " + name() + ": " + warning + "; set appendonly yes";
  }
  if (!warning.empty() && warning != warned_) warn_(warning);
  warned_ = warning;
}

}  // namespace ductus::offsets
