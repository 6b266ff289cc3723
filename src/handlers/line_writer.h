// LineWriter: the values of a batch as lines of a descriptor: each value, then "\n".
//
// Small values are copied into a buffer of kBufferBytes and written together; from kLargeValueBytes on (the mean of
// the batch's first values) they are written from where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "ductus/batch.h"

namespace ductus::handlers {

/// Thread: any; each call uses a buffer of its own, and the buffers are used again.
class LineWriter {
 public:
  static constexpr std::size_t kBufferBytes = 256 * 1024;
  static constexpr std::size_t kLargeValueBytes = 1024;

  struct Outcome {
    std::uint64_t bytes = 0;  ///< written, also before an error
    int error = 0;            ///< errno; 0: all was written
  };
  /// Blocking: until all is written or an error stands in the way; also on a descriptor that is non-blocking.
  /// A value that contains "\n" is written as it is: it becomes several lines. A null value is an empty line.
  Outcome write(int file, const Batch& batch);

 private:
  std::mutex mutex_;  // guards free_buffers_
  std::vector<std::unique_ptr<char[]>> free_buffers_;
};

}  // namespace ductus::handlers
