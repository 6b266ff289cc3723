// The layout in Redis: which key and field holds what, and how.
//
//   hash HANDLER_NAME            field TOPIC/PARTITION = next offset, decimal: what `redis-cli HSET` may set too;
//                                of a log that counts bytes TOPIC, as the original wrote it, or TOPIC@PARTITION of
//                                partitions from 1 on. No topic has a / or a @ in its name
//   hash HANDLER_NAME:meta       schema = 1
//                                place/FIELD = OFFSET EPOCH TOPIC_ID: counts only while OFFSET is that of the
//                                  hash above; whoever sets that one alone says nothing of epoch and topic id
//                                topic/TOPIC = TOPIC_ID PARTITION_COUNT
//                                owner_token, _fence, _until_ms, _machine, _lock, _name: the lease (lease.h)
//                                written_at_ms, last_act
//   list HANDLER_NAME:journal    one element per act of an operator (act_text.h), the newest last
//
// TOPIC_ID: 32 hexadecimal digits, or - where it is not known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/offset_store.h"

namespace ductus::offsets {

/// What stands in `schema`. Another one is refused.
inline constexpr std::string_view kRedisSchema = "1";

/// The hash, its :meta and its :journal, in this order.
std::vector<std::string> keys_of(const std::string& handler_name);

/// "orders/0"; of bytes "orders", "orders@1".
std::string field_of(const ports::TopicPartition& partition);
/// nullopt: the field is not one of ours.
std::optional<ports::TopicPartition> partition_of(std::string_view field);

/// "123 -1 -"; "-" where there is none.
std::string place_text(const std::optional<ports::Position>& position);
/// What stands in the two hashes as one text, as the scripts make it. "abc -1 -" is one that position_in() refuses.
/// nullopt: it is no place of ours.
std::optional<ports::Position> position_in(std::string_view place);

std::string topic_text(const ports::KnownTopic& known);
std::optional<ports::KnownTopic> topic_in(std::string_view text);

}  // namespace ductus::offsets
