// Fetch (v4-v16): reading the request, and answering it from the logs.
//
//   request   := to v14: replicaId int32 · maxWaitMs int32 · minBytes int32 · maxBytes int32 · isolationLevel int8
//                · v7: sessionId int32, sessionEpoch int32 · [topic] · v7: [forgotten topic] · v11: rackId string ·
//                tags
//   topic     := to v12: name string · v13: topicId uuid · [partition] · tags
//   partition := index int32 · v9: currentLeaderEpoch int32 · fetchOffset int64 · v12: lastFetchedEpoch int32
//                · v5: logStartOffset int64 · maxBytes int32 · tags
//   answer    := throttleTimeMs int32 · v7: error int16, sessionId int32 · [topic answer] · tags
//   partition answer := index int32 · error int16 · highWatermark int64 · lastStableOffset int64
//                · v5: logStartOffset int64 · [aborted transaction] or null · v11: preferredReadReplica int32
//                · records bytes · tags
//   topic answer := name or topicId, as in the request · [partition answer] · tags
//   Who is not the leader names it, from v16 on: the partition's tag 1 is leaderId int32, leaderEpoch int32, no tags;
//   the answer's tag 0 is [nodeId int32, host string, port int32, rack string or null, no tags].
// Source: FetchRequest.json, FetchResponse.json; the size rules: ReplicaManager.readFromLog, LogSegment.read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ductus/result.h"
#include "sandbox/api/answering.h"
#include "sandbox/api/protocol.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

/// What one answer holds at most, whatever the client asks for (a single larger batch excepted).
inline constexpr std::size_t kMaxFetchBytes = 64 * 1024 * 1024;

struct FetchRequest {
  struct Partition {
    std::int32_t index = 0;
    std::int32_t current_leader_epoch = -1;
    std::int64_t offset = 0;
    std::size_t max_bytes = 0;
  };
  struct Topic {
    std::string name;  ///< empty: no topic has the id
    TopicId id{};      ///< from v13
    std::vector<Partition> partitions;
  };
  RequestHeader header;
  std::chrono::milliseconds max_wait{0};
  std::size_t min_bytes = 0;
  std::size_t max_bytes = 0;
  bool read_committed = false;
  std::int32_t session_id = 0;
  std::vector<Topic> topics;
};

/// Error: kCorrupt. `catalog` finds the topics that are named by id.
Result<FetchRequest> read_fetch_request(const RequestHeader& header, const Catalog& catalog, kafka::Reader& reader);

/// The partitions that the request asks for. Views into it.
std::vector<AskedPlace> places_of_fetch(const FetchRequest& request);

struct FetchAnswer {
  Frame frame;
  /// min_bytes are there, or an error that the client must see: no reason to wait.
  bool complete = false;
  /// When a log that was asked for grows next; nullopt: none will.
  std::optional<base::Time> grows_at;
};

/// As real brokers do, fills the byte limits to the last byte: the last batch of a partition may come cut off. The
/// first batch of the answer comes whole even beyond the limits.
FetchAnswer answer_fetch(const FetchRequest& request, const Answering& answering);

}  // namespace ductus::sandbox
