// read_by_librdkafka().
#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <string>

#include "base/assert.h"
#include "differential/outcome.h"
#include "differential/stub_broker.h"

namespace ductus::differential {
namespace {

// auto.offset.reset: the broker's OFFSET_OUT_OF_RANGE ends a partition and is told to us.
constexpr std::array<std::pair<const char*, const char*>, 6> kSettings = {{
    {"check.crcs", "true"},
    {"isolation.level", "read_committed"},
    {"auto.offset.reset", "error"},
    {"fetch.error.backoff.ms", "0"},
    {"log_level", "0"},
    {"receive.message.max.bytes", "1000000000"},
}};

std::optional<std::string> text_of(const void* bytes, std::size_t size) {
  return bytes == nullptr ? std::nullopt
                          : std::optional<std::string>(std::in_place, static_cast<const char*>(bytes), size);
}

// A consumer of partitions 0 … n-1, all into one queue.
class Consumer {
 public:
  Consumer(std::uint16_t port, const std::vector<Input>& inputs) : partitions_(static_cast<int>(inputs.size()) + 1) {
    rd_kafka_conf_t* const settings = rd_kafka_conf_new();
    set(settings, "bootstrap.servers", ("127.0.0.1:" + std::to_string(port)).c_str());
    for (const auto& [name, value] : kSettings) set(settings, name, value);
    std::array<char, 512> why{};
    client_ = rd_kafka_new(RD_KAFKA_CONSUMER, settings, why.data(), why.size());
    DUCTUS_ASSERT(client_ != nullptr);
    topic_ = rd_kafka_topic_new(client_, std::string(StubBroker::kTopic).c_str(), nullptr);
    queue_ = rd_kafka_queue_new(client_);
    for (int i = 0; i < partitions_; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const std::int64_t offset = index < inputs.size() ? inputs[index].asked_offset : 0;
      DUCTUS_ASSERT(rd_kafka_consume_start_queue(topic_, i, offset, queue_) == 0);
    }
  }
  ~Consumer() {
    for (int i = 0; i < partitions_; ++i) rd_kafka_consume_stop(topic_, i);
    rd_kafka_queue_destroy(queue_);
    rd_kafka_topic_destroy(topic_);
    rd_kafka_destroy(client_);
  }
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// Calls `take(message)` with what there is, or comes within a tenth of a second.
  template <class Take>
  void poll(Take take) {
    const auto call = [](rd_kafka_message_t* message, void* opaque) { (*static_cast<Take*>(opaque))(*message); };
    (void)rd_kafka_consume_callback_queue(queue_, 100, call, &take);
  }

 private:
  static void set(rd_kafka_conf_t* settings, const char* name, const char* value) {
    DUCTUS_ASSERT(rd_kafka_conf_set(settings, name, value, nullptr, 0) == RD_KAFKA_CONF_OK);
  }

  const int partitions_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_topic_t* topic_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
};

void take_headers(const rd_kafka_message_t& message, ReadMessage& copy, Outcome& outcome) {
  rd_kafka_headers_t* headers = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_message_headers(&message, &headers);
  if (error == RD_KAFKA_RESP_ERR__NOENT) return;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    outcome.refusal = "headers: " + std::string(rd_kafka_err2name(error));
    return;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    copy.headers.emplace_back(name, text_of(value, size));
  }
}

void take_message(const rd_kafka_message_t& message, Outcome& outcome) {
  ReadMessage copy{message.offset,
                   rd_kafka_message_timestamp(&message, nullptr),
                   text_of(message.key, message.key_len),
                   text_of(message.payload, message.len),
                   {}};
  take_headers(message, copy, outcome);
  outcome.messages.push_back(std::move(copy));
}

}  // namespace

void read_by_librdkafka(const std::vector<Input>& inputs, std::atomic<std::size_t>& serving,
                        const std::function<void(std::size_t, const Outcome&)>& take) {
  std::vector<Outcome> outcomes(inputs.size());
  std::vector<bool> over(inputs.size());
  const StubBroker broker(inputs, serving);
  Consumer consumer(broker.port(), inputs);
  std::size_t left = inputs.size();
  const auto is_over = [&](std::size_t index) {
    over[index] = true;
    --left;
    Outcome& outcome = outcomes[index];
    outcome.next_offset = broker.next_offset(index);
    const bool got_on = !outcome.messages.empty() || outcome.next_offset != inputs[index].asked_offset;
    if (!got_on && !outcome.refusal && !inputs[index].records.empty()) outcome.refusal = "(nothing)";
    take(index, outcome);
  };
  while (left > 0) {
    consumer.poll([&](const rd_kafka_message_t& message) {
      const auto index = static_cast<std::size_t>(message.partition);
      if (over.at(index)) return;
      Outcome& outcome = outcomes[index];
      if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return take_message(message, outcome);
      if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) return is_over(index);
      if (!outcome.refusal) outcome.refusal = rd_kafka_err2name(message.err);
    });
    for (std::size_t index = 0; index < inputs.size(); ++index) {
      if (over[index] || !broker.is_given_up(index)) continue;
      outcomes[index].refusal = "(given up)";
      is_over(index);
    }
  }
}

}  // namespace ductus::differential
