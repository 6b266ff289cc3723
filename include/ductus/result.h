// What the world can refuse: Error, and Result<T> which holds a value or an Error.
//
// Thread: plain values; no shared state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "ductus/export.h"

namespace ductus {

/// What kind of failure an Error is. The message says what, where and what to do about it.
enum class ErrorCode : std::uint8_t {
  kInvalid,      ///< the caller's input is wrong: configuration, argument, topic name
  kNotFound,     ///< something named does not exist
  kUnreachable,  ///< a peer cannot be reached, or hung up
  kTimedOut,     ///< a peer or a device did not answer in time
  kCorrupt,      ///< bytes from outside break their own format or checksum
  kLimit,        ///< something from outside exceeds a named bound
  kUnsupported,  ///< well-formed, but of a version or with a feature that ductus does not know
  kRefused,      ///< refused for safety: a second owner, a running node
  kIo,           ///< the operating system said no: disk, file, descriptor
  kCallback,     ///< user code failed or threw
  kNotNeeded,    ///< nothing to do: what Handler::sync() says when it is not overridden
};

/// The name of a code in lower case, for logs and JSON: "unreachable".
DUCTUS_EXPORT std::string_view to_string(ErrorCode code) noexcept;

/// A failure: its kind, and one line for a person.
struct Error {
  ErrorCode code;
  std::string message;
};

/// A value, or the Error that stands in its place.
template <class T>
class [[nodiscard]] Result {
 public:
  /// From anything that converts to T: a unique_ptr of a derived class, a literal.
  template <class U = T>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}      // NOLINT(*-explicit-*)

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// The value. Only where ok(); otherwise throws std::bad_variant_access.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The error. Only where !ok().
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(*-explicit-*)

  bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// The error. Only where !ok().
  const Error& error() const& { return error_.value(); }
  Error&& error() && { return std::move(error_).value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace ductus
