// The rival: librdkafka's two cheapest ways to consume, with its best settings. Both belong to its simple consumer: a
// callback for each message, or consume_batch_queue with 10,000 messages at a time.
//
//   bench_librdkafka callback|batch PORT TOPIC MESSAGES [NAME=VALUE…]
//
// Reads partition 0 from its start. Prints `librdkafka: messages=N value_bytes=N checksum=N`; the checksum is the sum
// of (first 8 value bytes, little-endian) xor offset. NAME=VALUE sets or replaces a setting of librdkafka.
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct Totals {
  std::int64_t wanted = 0;
  std::int64_t messages = 0;
  std::int64_t value_bytes = 0;
  std::uint64_t checksum = 0;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_librdkafka: %s\n", what);
  std::exit(1);
}

void count(const rd_kafka_message_t* message, Totals& totals) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return;
    fail(rd_kafka_message_errstr(message));
  }
  if (totals.messages == totals.wanted) return;
  std::uint64_t first = 0;
  std::memcpy(&first, message->payload, message->len < 8 ? message->len : 8);
  totals.checksum += first ^ static_cast<std::uint64_t>(message->offset);
  totals.value_bytes += static_cast<std::int64_t>(message->len);
  ++totals.messages;
}

void on_message(rd_kafka_message_t* message, void* opaque) { count(message, *static_cast<Totals*>(opaque)); }

void consume_by_callback(rd_kafka_topic_t* topic, Totals& totals) {
  if (rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING) != 0) fail("cannot start");
  while (totals.messages < totals.wanted) {
    if (rd_kafka_consume_callback(topic, 0, 1000, on_message, &totals) < 0) fail("cannot consume");
  }
}

void consume_by_batch(rd_kafka_t* consumer, rd_kafka_topic_t* topic, Totals& totals) {
  rd_kafka_queue_t* queue = rd_kafka_queue_new(consumer);
  if (rd_kafka_consume_start_queue(topic, 0, RD_KAFKA_OFFSET_BEGINNING, queue) != 0) fail("cannot start");
  std::vector<rd_kafka_message_t*> messages(10'000);
  while (totals.messages < totals.wanted) {
    const ssize_t got = rd_kafka_consume_batch_queue(queue, 1000, messages.data(), messages.size());
    if (got < 0) fail("cannot consume");
    for (ssize_t i = 0; i < got; ++i) {
      count(messages[static_cast<std::size_t>(i)], totals);
      rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
    }
  }
}

// Queue limits as high as they go: with the default ones the consumer sleeps for a second whenever it is ahead of the
// application. CRCs are not checked, which is its default and saves it 2 to 3 %; the node checks them. Everything else
// is left as it is: answers of 256 KiB or 4 MiB for a partition instead of the default 1 MiB, a larger fetch.min.bytes
// and a larger socket buffer were measured and made it slower or no faster (16 MiB: 30 % dearer).
constexpr std::array<std::pair<const char*, const char*>, 4> kBestSettings = {{
    {"queued.min.messages", "10000000"},
    {"queued.max.messages.kbytes", "2097151"},
    {"check.crcs", "false"},
    {"client.id", "bench"},
}};

void set(rd_kafka_conf_t* settings, const char* name, const char* value) {
  char why[512];
  if (rd_kafka_conf_set(settings, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) fail(why);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view api = argc > 1 ? argv[1] : "";
  if (argc < 5 || (api != "callback" && api != "batch")) {
    fail("usage: bench_librdkafka callback|batch PORT TOPIC MESSAGES [NAME=VALUE...]");
  }
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  set(settings, "bootstrap.servers", (std::string("127.0.0.1:") + argv[2]).c_str());
  for (const auto& [name, value] : kBestSettings) set(settings, name, value);
  for (int i = 5; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) fail("settings are given as NAME=VALUE");
    set(settings, word.substr(0, equals).c_str(), word.substr(equals + 1).c_str());
  }
  char why[512];
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, settings, why, sizeof why);
  if (consumer == nullptr) fail(why);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(consumer, argv[3], nullptr);
  if (topic == nullptr) fail("no such topic");

  Totals totals;
  totals.wanted = std::atoll(argv[4]);
  if (api == "callback") {
    consume_by_callback(topic, totals);
  } else {
    consume_by_batch(consumer, topic, totals);
  }
  std::printf("librdkafka: messages=%lld value_bytes=%lld checksum=%llu\n", static_cast<long long>(totals.messages),
              static_cast<long long>(totals.value_bytes), static_cast<unsigned long long>(totals.checksum));
  std::fflush(stdout);
  // Tearing the client down would be charged to it although nothing is consumed any more.
  std::_Exit(0);
}
