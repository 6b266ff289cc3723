#include "handlers/null.h"

#include <atomic>
#include <bit>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace ductus::handlers {

namespace {

struct Totals {
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> value_bytes{0};
  std::atomic<std::uint64_t> checksum{0};
};

// The first 8 bytes as a little-endian number; shorter values are filled up with zeros.
std::uint64_t first_bytes(std::string_view value) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t first = 0;
  if (value.size() >= sizeof first) [[likely]] {
    std::memcpy(&first, value.data(), sizeof first);
  } else if (!value.empty()) {
    std::memcpy(&first, value.data(), value.size());
  }
  return first;
}

class NullHandler final : public Handler {
 public:
  explicit NullHandler(Totals& totals) : totals_(totals) {}

  Verdict handle_messages(const Batch& batch) override {
    std::uint64_t bytes = 0;
    std::uint64_t checksum = 0;
    for (const Message& message : batch) {
      const std::string_view value = message.value();
      bytes += value.size();
      checksum += first_bytes(value) ^ static_cast<std::uint64_t>(message.offset());
    }
    messages_ += batch.size();
    value_bytes_ += bytes;
    totals_.messages += batch.size();
    totals_.value_bytes += bytes;
    totals_.checksum += checksum;
    return Verdict::ok();
  }

  Value aggregate_element() override {
    return Value::Map{{"messages", Value(static_cast<std::int64_t>(messages_))},
                      {"value_bytes", Value(static_cast<std::int64_t>(value_bytes_))}};
  }

 private:
  Totals& totals_;
  std::uint64_t messages_ = 0;
  std::uint64_t value_bytes_ = 0;
};

class NullModule final : public Module {
 public:
  ~NullModule() override {
    std::printf("null: messages=%" PRIu64 " value_bytes=%" PRIu64 " checksum=%" PRIu64 "\n", totals_.messages.load(),
                totals_.value_bytes.load(), totals_.checksum.load());
    std::fflush(stdout);
  }

  Result<std::unique_ptr<Handler>> init(const Context&, const Value&) override {
    return std::make_unique<NullHandler>(totals_);
  }

 private:
  Totals totals_;
};

}  // namespace

std::unique_ptr<Module> make_null_module() { return std::make_unique<NullModule>(); }

}  // namespace ductus::handlers
