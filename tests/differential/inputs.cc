#include "differential/inputs.h"

#include <array>
#include <string>

#include "base/assert.h"
#include "codecs/compression.h"
#include "kafka/api/fetch.h"
#include "kafka/record_batch.h"
#include "kafka/records/crc32c.h"
#include "sandbox/logs/record_batch.h"
#include "structure/record_batches.h"
#include "unit/kafka/golden_file.h"

namespace ductus::differential {
namespace {

constexpr std::size_t kMaxPlainBytes = std::size_t{1} << 20;

struct Golden {
  const char* file;
  std::int16_t version;
};
constexpr std::array<Golden, 10> kGoldenFetches = {{{"fetch_v4.bin", 4},
                                                    {"fetch_v12.bin", 12},
                                                    {"fetch_v4_aborted.bin", 4},
                                                    {"fetch_v12_aborted.bin", 12},
                                                    {"fetch_v12_gzip_java.bin", 12},
                                                    {"fetch_v12_gzip_rdkafka.bin", 12},
                                                    {"fetch_v12_snappy_java.bin", 12},
                                                    {"fetch_v12_snappy_rdkafka.bin", 12},
                                                    {"fetch_v12_zstd_java.bin", 12},
                                                    {"fetch_v12_zstd_rdkafka.bin", 12}}};

void add_golden(const Golden& golden, std::vector<Input>& inputs) {
  const std::vector<std::uint8_t> answer = kafka::golden_bytes(golden.file);
  kafka::Reader reader(answer);
  reader.skip(sizeof(std::int32_t));  // correlation_id
  reader.skip_tags(golden.version >= kafka::FetchRequest::kFirstFlexible);
  kafka::FetchResponse response;
  DUCTUS_ASSERT(kafka::decode(reader, golden.version, response));
  for (const auto& partition : response.partitions) {
    if (partition.records.empty()) continue;
    inputs.push_back({{partition.records.begin(), partition.records.end()},
                      partition.aborted,
                      kafka::read_header(partition.records).base_offset});
  }
}

Input sandbox_batch(sandbox::Codec codec, int messages) {
  sandbox::RecordBatchWriter writer(codec, 1'700'000'000'000);
  for (int i = 0; i < messages; ++i) {
    const std::string number = std::to_string(i);
    writer.record(1'700'000'000'000 + i, "key " + number, std::string(static_cast<std::size_t>(i) * 7, 'v') + number);
  }
  return {writer.finish(), {}, 0};
}

void mutate_aborted(Input& input, fuzz::Dice& dice) {
  if (dice.one_in(2)) input.aborted.clear();
  while (dice.one_in(2)) {
    input.aborted.push_back(
        {static_cast<std::int64_t>(dice.below(4)), input.asked_offset + static_cast<std::int64_t>(dice.below(12)) - 2});
  }
}

// librdkafka 2.0.2 never comes back from a gzip stream that is cut off or broken (rd_gz_decompress).
bool hangs_librdkafka(base::ByteView records) {
  const kafka::Hop hop = kafka::hop(records, -1);
  for (records = records.first(hop.bytes); !records.empty();) {
    const kafka::RecordBatchHeader header = kafka::read_header(records);
    const auto stream = records.first(header.total_bytes()).subspan(kafka::RecordBatchHeader::kBytes);
    records = records.subspan(header.total_bytes());
    base::Buffer plain;
    constexpr auto kGzip = codecs::Codec::kGzip;
    if (codecs::Codec{header.codec()} == kGzip && !codecs::Inflater().inflate(kGzip, stream, kMaxPlainBytes, plain)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<Input> good_inputs() {
  std::vector<Input> inputs;
  for (const auto& golden : kGoldenFetches) add_golden(golden, inputs);
  for (const auto codec : {sandbox::Codec::kNone, sandbox::Codec::kGzip, sandbox::Codec::kSnappy, sandbox::Codec::kLz4,
                           sandbox::Codec::kZstd}) {
    for (const int messages : {1, 3, 20}) inputs.push_back(sandbox_batch(codec, messages));
  }
  return inputs;
}

Input make_input(const std::vector<Input>& good, std::uint64_t seed, std::size_t index) {
  fuzz::Dice seeds(seed);
  fuzz::Dice dice(seeds.roll() + index);
  Input input = good[dice.below(good.size())];
  if (dice.one_in(4)) input.asked_offset += static_cast<std::int64_t>(dice.below(8));
  if (dice.one_in(8)) mutate_aborted(input, dice);
  if (dice.one_in(16)) return input;
  const std::vector<std::uint8_t> good_records = input.records;
  fuzz::mutate_records(input.records, dice);
  if (hangs_librdkafka(input.records)) input.records = good_records;
  return input;
}

bool has_valid_checksums(const Input& input) {
  const kafka::Hop hop = kafka::hop(input.records, -1);
  for (std::size_t at = 0; at < hop.bytes;) {
    const auto left = base::ByteView(input.records).subspan(at);
    const kafka::RecordBatchHeader header = kafka::read_header(left);
    const auto batch = left.first(header.total_bytes());
    if (kafka::crc32c(batch.subspan(kafka::RecordBatchHeader::kCrcStart)) != header.crc) return false;
    at += batch.size();
  }
  return hop.bytes > 0;
}

}  // namespace ductus::differential
