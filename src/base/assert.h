// DUCTUS_ASSERT: what only a bug in this program can break. On in every build; prints and aborts.
// Never on a value that came from outside.
#pragma once

namespace ductus::base {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace ductus::base

#define DUCTUS_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::ductus::base::assertion_failed(#expression, __FILE__, __LINE__))
