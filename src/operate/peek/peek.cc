#include "operate/peek/peek.h"

#include <algorithm>

#include "base/byte_budget.h"
#include "operate/source/open_source.h"
#include "operate/source/source_sockets.h"

namespace ductus::operate {
namespace {

constexpr ports::ChildRef kChild{0, 0};

std::optional<std::string> copy_of(std::string_view bytes, bool is_there) {
  return is_there ? std::optional<std::string>(bytes) : std::nullopt;
}

PeekedMessage copy_of(const Message& message) {
  PeekedMessage copy{.offset = message.offset(),
                     .timestamp_ms = message.timestamp_ms(),
                     .key = copy_of(message.key(), message.has_key()),
                     .value = copy_of(message.value(), message.has_value()),
                     .headers = {}};
  for (const Header& header : message.headers()) {
    copy.headers.emplace_back(header.key, copy_of(header.value.value_or(""), header.value.has_value()));
  }
  return copy;
}

std::size_t bytes_of(const Message& message) {
  constexpr std::size_t kOverhead = sizeof(PeekedMessage);
  constexpr std::size_t kHeaderOverhead = sizeof(decltype(PeekedMessage::headers)::value_type);
  std::size_t bytes = kOverhead + message.key().size() + message.value().size();
  for (const Header& header : message.headers()) {
    bytes += kHeaderOverhead + header.key.size() + header.value.value_or("").size();
  }
  return bytes;
}

class Peek {
 public:
  Peek(ports::BatchSource& source, const PeekRequest& request, const base::Clock& clock, base::Time deadline)
      : source_(source), request_(request), clock_(clock), sockets_(source, clock, deadline) {}

  Result<Peeked> run(base::Time deadline) {
    source_.attach_topic(request_.topic.name, request_.topic.named_partitions(), clock_.now(), effects_);
    sockets_.settle(effects_, *this);
    while (!done_ && clock_.now() < deadline && !sockets_.is_hopeless()) {
      sockets_.run_once(effects_);
      sockets_.settle(effects_, *this);
    }
    if (!done_) end(why_no_answer());
    if (found_.trouble && found_.messages.empty()) return *std::move(found_.trouble);
    return std::move(found_);
  }

 private:
  friend SourceSockets;  // it tells what the source says

  void end(Error why) {
    if (done_) return;
    found_.trouble = std::move(why);
    done_ = true;
  }

  Error why_no_answer() const {
    const std::string what = !trouble_.empty() ? trouble_ : cluster_trouble_;
    if (sockets_.is_hopeless()) return {ErrorCode::kUnreachable, what.empty() ? "no broker can be reached" : what};
    return {ErrorCode::kTimedOut, "the brokers did not answer in time" + (what.empty() ? what : ": " + what)};
  }

  // ---- where to look

  void on(const ports::TopicFound& found) {
    if (std::exchange(attached_, true) || done_) return;
    const auto partition = partition_of(found.partition_count);
    if (!partition) return end(partition.error());
    found_.partition = {request_.topic.name, *partition, found.unit};
    const auto place = request_.places.find(found_.partition);
    if (!request_.offset && place == request_.places.end()) {
      return end({ErrorCode::kNotFound, name() + ": no offset is stored; say with --offset where to look"});
    }
    found_.from = next_ = request_.offset ? *request_.offset : place->second;
    source_.attach(kChild, found_.partition, clock_.now(), effects_);
    want_more();
  }

  Result<std::int32_t> partition_of(std::int32_t count) const {
    const std::string of_topic = " of topic " + request_.topic.name;
    if (request_.partition && *request_.partition < count) return *request_.partition;
    if (request_.partition) {
      return Error{ErrorCode::kNotFound, "there is no partition " + std::to_string(*request_.partition) + of_topic +
                                             ", which has " + std::to_string(count)};
    }
    std::vector<std::int32_t> read;
    for (std::int32_t i = 0; i < count && read.size() < 2; ++i) {
      if (request_.topic.reads(i)) read.push_back(i);
    }
    if (read.size() == 1) return read.front();
    if (read.empty()) return Error{ErrorCode::kInvalid, "no partition" + of_topic + " is read"};
    return Error{ErrorCode::kInvalid, "there are " + std::to_string(count) + " partitions" + of_topic +
                                          ": name one, such as " + request_.topic.name + "/" +
                                          std::to_string(read.front())};
  }

  void want_more() { source_.want(kChild, {.next_offset = next_}, clock_.now(), effects_); }

  std::string name() const { return found_.partition.topic + "/" + std::to_string(found_.partition.partition); }

  // ---- what is there

  void on(const ports::LogBounds& bounds) {
    if (bounds.readable_end >= 0) found_.readable_end = bounds.readable_end;
    if (done_) return;
    high_watermark_ = bounds.high_watermark;
    if (next_ < bounds.log_start_offset) return outside("before the start", bounds.log_start_offset);
    if (!delivered_ && high_watermark_ >= 0 && next_ > high_watermark_)
      return outside("behind the end", high_watermark_);
    done_ = at_end();
  }

  // What an open transaction holds back, between the two ends, is not to be read yet either.
  bool at_end() const {
    if (!found_.readable_end || next_ < *found_.readable_end) return false;
    return next_ == *found_.readable_end || next_ <= high_watermark_;
  }

  void outside(const std::string& where, std::int64_t bound) {
    end({ErrorCode::kNotFound, name() + ": offset " + std::to_string(next_) + " lies " + where + " of the log, " +
                                   std::to_string(bound) + "; say with --offset where to look instead"});
  }

  void on(ports::Deliver& delivered) {
    delivered_ = true;
    if (!done_) take(delivered.set);
    source_.released(delivered.set.charge, clock_.now(), effects_);
    if (done_) return;
    next_ = std::max(next_, delivered.set.next_offset);
    done_ = at_end();
    fetched_bytes_ += delivered.set.records.size();
    if (!done_ && fetched_bytes_ > kMaxFetchedBytes) {
      end({ErrorCode::kLimit, name() + ": " + std::to_string(kMaxFetchedBytes) +
                                  " bytes were fetched, and there is no more to show in them; --offset " +
                                  std::to_string(next_) + " looks on"});
    }
    if (!done_) want_more();
  }

  void take(const ports::FetchedSet& set) {
    ports::SetCursor cursor{0, next_};
    for (bool last = false; !last && !done_;) {
      const auto batch = set.decoder->decode(set, cursor, 1, arena_);
      if (!batch) return end({batch.error().code, name() + ": " + batch.error().message});
      for (const Message& message : arena_.messages) {
        take(message);
        if (done_) return;
      }
      cursor = batch->cursor;
      last = batch->last;
    }
  }

  void take(const Message& message) {
    kept_bytes_ += bytes_of(message);
    if (kept_bytes_ > kMaxPeekedBytes) {
      return end({ErrorCode::kLimit, name() + ": with the message at offset " + std::to_string(message.offset()) +
                                         " it would be more than " + std::to_string(kMaxPeekedBytes) + " bytes"});
    }
    found_.messages.push_back(copy_of(message));
    next_ = message.offset() + 1;
    done_ = found_.messages.size() >= request_.count;
  }

  // ---- what goes wrong

  void on(const ports::TopicMissing& missing) {
    trouble_ = missing.error.message;
    // A topic whose leaders are being elected is there in a moment.
    if (missing.error.code != ErrorCode::kUnreachable) end(missing.error);
  }

  void on(const ports::Trouble& trouble) {
    trouble_ = trouble.error.message;
    if (trouble.kind == ports::Trouble::Kind::kRetrying || done_) return;
    if (trouble.kind != ports::Trouble::Kind::kOffsetOutOfRange) return end(trouble.error);
    if (next_ < trouble.log_start_offset) return outside("before the start", trouble.log_start_offset);
    outside("behind the end", trouble.log_end_offset);
  }

  void on(const ports::Healed&) { trouble_.clear(); }

  void on(const ports::SourceState& state) { cluster_trouble_ = state.reachable ? "" : state.detail; }

  void on(const ports::ProtocolFound&) {}

  // The partition that waits for the broker says so itself.
  void on(const ports::BrokerAway&) {}

  // Nothing that leads to it was asked for.
  void on(const ports::OffsetFound&) {}

  ports::BatchSource& source_;
  const PeekRequest& request_;
  const base::Clock& clock_;
  SourceSockets sockets_;
  ports::SourceEffects effects_;
  ports::DecodeArena arena_;
  Peeked found_;
  std::int64_t next_ = 0;
  std::int64_t high_watermark_ = -1;
  std::size_t kept_bytes_ = 0;
  std::size_t fetched_bytes_ = 0;
  std::string trouble_;
  std::string cluster_trouble_;
  bool attached_ = false;
  bool delivered_ = false;
  bool done_ = false;
};

}  // namespace

Result<Peeked> peek(ports::BatchSource& source, const PeekRequest& request, const base::Clock& clock,
                    std::chrono::milliseconds timeout) {
  const base::Time deadline = clock.now() + timeout;
  return Peek(source, request, clock, deadline).run(deadline);
}

Result<Peeked> peek(const config::NodeConfig& config, const PeekRequest& request) {
  base::ByteBudget budget(config.memory_budget_bytes);
  // There is no later look: any trouble is told at once.
  const auto source = open_source(config, 1, budget, base::Duration::zero());
  return peek(*source, request, base::SystemClock(), kPeekWithin);
}

}  // namespace ductus::operate
