// Answers of a hostile broker through KafkaAnswerCutter. Input: api (2 bits) and version (6 bits), or 255
// for OffsetForLeaderEpoch; then the answer.
#include <cstdint>

#include "base/assert.h"
#include "kafka/answer_cutter.h"
#include "mutator.h"
#include "structure/answers.h"

namespace {

using namespace ductus;         // NOLINT(*-build-using-namespace)
using namespace ductus::kafka;  // NOLINT(*-build-using-namespace)

struct Versions {
  ApiKey api;
  std::int16_t min;
  std::int16_t max;
};
template <class Request>
constexpr Versions versions_of() {
  return {Request::kApiKey, Request::kMinVersion, Request::kMaxVersion};
}
constexpr Versions kApis[] = {versions_of<ApiVersionsRequest>(), versions_of<MetadataRequest>(),
                              versions_of<ListOffsetsRequest>(), versions_of<FetchRequest>()};

// What the first byte of an input chooses.
ports::RequestTag tag_of(std::uint8_t choice) {
  constexpr std::uint8_t kChoosesOffsetForLeaderEpoch = 255;
  const Versions versions =
      choice == kChoosesOffsetForLeaderEpoch ? versions_of<OffsetForLeaderEpochRequest>() : kApis[choice & 3];
  const auto version = static_cast<std::int16_t>(versions.min + (choice >> 2) % (versions.max - versions.min + 1));
  return {7, static_cast<std::int16_t>(versions.api), version};
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ports::RequestTag tag = tag_of(data[0]);
  const auto answer = KafkaAnswerCutter().cut(tag, base::Buffer::copy_of({data + 1, size - 1}));
  if (!answer || ApiKey{tag.api_key} != ApiKey::kFetch) return 0;
  const auto& fetched = static_cast<const FetchAnswer&>(**answer);
  DUCTUS_ASSERT(fetched.hops.size() == fetched.response.partitions.size());
  for (std::size_t i = 0; i < fetched.hops.size(); ++i) {
    DUCTUS_ASSERT(fetched.hops[i].bytes <= fetched.response.partitions[i].records.size());
  }
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_input(data, size, max_size, seed, [](std::uint8_t choice, fuzz::Bytes& answer, fuzz::Dice& dice) {
    const ports::RequestTag tag = tag_of(choice);
    if (!fuzz::mutate_answer(tag.api_key, tag.api_version, answer, dice)) dice.damage(answer);
  });
}
