#include "offsets/redis/connection.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/escape.h"

namespace ductus::offsets {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxShownBytes = 200;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

// What an error of the server begins with, or holds where a script ran into it, and what an operator can do.
struct Refusal {
  std::string_view word;
  ErrorCode code;
  std::string_view advice;
};
constexpr auto kRefusals = std::to_array<Refusal>({
    {"READONLY", ErrorCode::kIo, "it is a replica: name the master in store.url"},
    {"OOM", ErrorCode::kIo, "its memory is full: raise maxmemory or make room"},
    {"LOADING", ErrorCode::kUnreachable, "it is loading its data: it will answer by and by"},
    {"NOAUTH", ErrorCode::kIo, "it wants a password: set store.password_file"},
    {"WRONGPASS", ErrorCode::kIo, "it does not accept the user and password: look at store.password_file"},
    {"invalid password", ErrorCode::kIo, "it does not accept the password: look at store.password_file"},
    {"without any password", ErrorCode::kIo, "it has no password: remove store.password_file"},
    {"NOPERM", ErrorCode::kIo, "the user may not do this: grant it what docs/configuration.md lists"},
    {"MISCONF", ErrorCode::kIo, "it cannot save to its disk and takes no writes: look at its log"},
    {"WRONGTYPE", ErrorCode::kCorrupt, "a key of this handler_name is of another type: move it away"},
    {"MASTERDOWN", ErrorCode::kUnreachable, "its master is away"},
    {"CLUSTERDOWN", ErrorCode::kUnsupported, "it is a Redis cluster, which is not supported: name a single server"},
    {"MOVED", ErrorCode::kUnsupported, "it is a Redis cluster, which is not supported: name a single server"},
    {"ASK", ErrorCode::kUnsupported, "it is a Redis cluster, which is not supported: name a single server"},
    {"CROSSSLOT", ErrorCode::kUnsupported, "it is a Redis cluster, which is not supported: name a single server"},
    {"BUSY", ErrorCode::kUnreachable, "it is busy with a script"},
    {"DB index is out of range", ErrorCode::kIo, "it has no such database: look at store.url"},
});

// Redis 7 begins with the word; before, it stood behind "ERR Error running script (call to f_…): @user_script:1: ".
bool says(std::string_view text, std::string_view word) {
  if (text.starts_with(word)) return true;
  const bool is_phrase = word.find(' ') != word.npos;
  return text.starts_with("ERR") && text.find(is_phrase ? std::string(word) : ": " + std::string(word)) != text.npos;
}

const RedisReply* nested_error(const RedisReply& reply) {
  if (reply.kind == RedisReply::Kind::kError) return &reply;
  for (const RedisReply& element : reply.list) {
    if (const RedisReply* error = nested_error(element)) return error;
  }
  return nullptr;
}

struct FreeCommand {
  void operator()(char* command) const noexcept { ::redisFreeCommand(command); }
};

}  // namespace

Result<bool> RedisConnection::connect() {
  if (stream_) return false;
  auto stream = net::Stream::connect(
      settings_.server, steady_clock::now() + std::min<std::chrono::milliseconds>(kConnectTimeout, answer_timeout_));
  if (!stream) {
    Error error = std::move(stream).error();
    // "Refused" is the word for another owner; this is something for the operator to mend. A name may come to be.
    if (error.code == ErrorCode::kRefused) error.code = ErrorCode::kIo;
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kUnreachable;
    error.message = "Redis at " + error.message;
    return error;
  }
  stream_.emplace(*std::move(stream));
  reader_ = {};
  if (auto greeted = greet(); !greeted) {
    close();
    return std::move(greeted).error();
  }
  return true;
}

Result<void> RedisConnection::greet() {
  if (!settings_.password.empty()) {
    std::vector<std::string_view> command{"AUTH", settings_.user, settings_.password};
    if (settings_.user.empty()) command.erase(command.begin() + 1);
    if (auto answer = ask(command); !answer) return std::move(answer).error();
  }
  if (settings_.database != 0) {
    const std::string number = std::to_string(settings_.database);
    const std::array<std::string_view, 2> command{"SELECT", number};
    if (auto answer = ask(command); !answer) return std::move(answer).error();
  }
  // Only so that CLIENT LIST says who it is: an ACL may forbid it.
  const std::array<std::string_view, 3> command{"CLIENT", "SETNAME", "ductus"};
  const auto answer = exchange(command);
  if (!answer) return answer.error();
  if (answer->kind == RedisReply::Kind::kError && !answer->text.starts_with("NOPERM")) return refused(answer->text);
  return {};
}

Error RedisConnection::failed(Error error) {
  close();
  if (!error.message.starts_with(name())) error.message = name() + ": " + error.message;
  error.message = "Redis at " + error.message;
  return error;
}

Error RedisConnection::refused(const std::string& text) {
  const std::string name_and_text = "Redis at " + name() + " says '" + base::escaped(text, kMaxShownBytes) + "'";
  for (const Refusal& refusal : kRefusals) {
    if (!says(text, refusal.word)) continue;
    // Another server may be asked by the same name once this one is known to be the wrong one.
    if (refusal.code == ErrorCode::kUnsupported || refusal.word == "READONLY") close();
    return {refusal.code, name_and_text + ": " + std::string(refusal.advice)};
  }
  return {ErrorCode::kIo, name_and_text};
}

Result<RedisReply> RedisConnection::exchange(std::span<const std::string_view> command) {
  if (!stream_) return Error{ErrorCode::kUnreachable, "Redis at " + name() + ": not connected"};
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const int size = ::redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), words.data(), sizes.data());
  const std::unique_ptr<char, FreeCommand> owner(formatted);
  if (size < 0) return Error{ErrorCode::kLimit, "a command too large for Redis"};
  const auto deadline = steady_clock::now() + answer_timeout_;
  const std::string_view bytes(formatted, static_cast<std::size_t>(size));
  if (auto sent = stream_->write_all(bytes, deadline); !sent) return failed(std::move(sent).error());
  std::vector<char> read(kReadBytes);
  for (;;) {
    auto reply = reader_.next();
    if (!reply) return failed(std::move(reply).error());
    if (*reply) {
      // Taken for the answer to the next command, it would be believed.
      if (!reader_.is_empty()) return failed({ErrorCode::kCorrupt, "an answer that nobody asked for"});
      return **std::move(reply);
    }
    const auto got = stream_->read_some(read, deadline);
    if (!got) return failed(got.error());
    if (*got == 0) return failed({ErrorCode::kUnreachable, "hung up"});
    if (auto fed = reader_.feed({read.data(), *got}); !fed) return failed(std::move(fed).error());
  }
}

Result<RedisReply> RedisConnection::ask(std::span<const std::string_view> command) {
  auto reply = exchange(command);
  if (!reply) return reply;
  if (const RedisReply* error = nested_error(*reply)) return refused(error->text);
  return reply;
}

Result<RedisReply> RedisConnection::run(RedisScript& script, std::span<const std::string> keys,
                                        std::span<const std::string> arguments) {
  const std::string key_count = std::to_string(keys.size());
  std::vector<std::string_view> command{"EVALSHA", script.sha1, key_count};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  if (!script.sha1.empty()) {
    auto reply = exchange(command);
    if (!reply) return reply;
    const RedisReply* const error = nested_error(*reply);
    if (error == nullptr) return reply;
    if (!error->text.starts_with("NOSCRIPT")) return refused(error->text);
  } else {
    const std::array<std::string_view, 3> load{"SCRIPT", "LOAD", script.text};
    auto sha1 = exchange(load);
    if (!sha1) return sha1;
    // Where an ACL forbids it, the text itself goes each time.
    if (sha1->kind == RedisReply::Kind::kText) script.sha1 = sha1->text;
  }
  command[0] = "EVAL";
  command[1] = script.text;
  return ask(command);
}

}  // namespace ductus::offsets
