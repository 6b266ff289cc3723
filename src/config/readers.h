// Readers: a Tree → one checked value. Their errors say what is taken; the caller adds where and what was found.
//
// Errors: kInvalid ("expected …"), kUnsupported. Thread: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node_config.h"
#include "config/tree.h"
#include "ductus/result.h"

namespace ductus::config {

/// "10s": a whole number and ms, s, m or h. With `bare_is_ms` also a bare number.
Result<std::chrono::milliseconds> read_duration(const Tree& tree, std::chrono::milliseconds least,
                                                std::chrono::milliseconds most, bool bare_is_ms);

/// Bytes: a number, or "1MiB": B, kB KB MB GB (powers of 1000), KiB MiB GiB (powers of 1024).
Result<std::uint64_t> read_size(const Tree& tree, std::uint64_t least, std::uint64_t most);

Result<std::uint64_t> read_count(const Tree& tree, std::uint64_t least, std::uint64_t most);

/// Text of 1 to kMaxTextBytes bytes without control characters.
inline constexpr std::size_t kMaxTextBytes = 255;
Result<std::string> read_text(const Tree& tree);

/// As text, but of up to kMaxPathBytes bytes.
inline constexpr std::size_t kMaxPathBytes = 4095;
Result<std::string> read_path(const Tree& tree);

/// The place of the text in `words`.
Result<std::size_t> read_word(const Tree& tree, std::span<const std::string_view> words);

/// "host:port", "[::1]:port". The port from 1 to 65535, in digits and nothing else.
Result<BrokerAddress> read_broker(std::string_view text);

/// Kafka's rule: 1 to 249 of [a-zA-Z0-9._-], not "." or "..". Source: org.apache.kafka.common.internals.Topic.
Result<std::string> read_topic_name(const Tree& tree);

/// Numbers and ranges of partitions, ascending and none twice: "0-5", "0,2,5-7".
Result<std::vector<PartitionRange>> read_partitions(const Tree& tree);

/// "host:9092", "[::1]:9092", as read_broker() takes it.
std::string to_text(const BrokerAddress& broker);

/// "0,2,5-7", as read_partitions() takes it.
std::string to_text(const std::vector<PartitionRange>& partitions);

/// "10s", "128MiB", as read_duration() and read_size() take it.
std::string to_text(std::chrono::milliseconds duration);
std::string size_to_text(std::uint64_t bytes);

}  // namespace ductus::config
