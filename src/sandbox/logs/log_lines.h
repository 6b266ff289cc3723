// Values as web services log them.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace ductus::sandbox {

/// A line of log as JSON of exactly `bytes`, at least 20. The first eight bytes differ from line to line: they are
/// what the checksum sees.
std::string log_line(std::mt19937& random, std::int64_t bytes);

/// snprintf() of two numbers, at most 63 characters.
std::string text_of(const char* format, unsigned a, unsigned b);

}  // namespace ductus::sandbox
