#include "handlers/print.h"

#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include "handlers/line_writer.h"

namespace ductus::handlers {
namespace {

// The one descriptor that all handlers write to.
class Output {
 public:
  explicit Output(int file) : file_(file) {}

  Verdict write(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    if (torn_ && ::write(file_, "\n", 1) != 1) {
      return Verdict::fail("cannot write to standard output: " + std::generic_category().message(errno));
    }
    torn_ = false;
    const LineWriter::Outcome outcome = writer_.write(file_, batch);
    if (outcome.error == 0) return Verdict::ok();
    torn_ = torn_ || outcome.bytes > 0;
    return Verdict::fail("cannot write to standard output: " + std::generic_category().message(outcome.error));
  }

 private:
  const int file_;
  std::mutex mutex_;  // held while a batch is written: its lines stand together
  LineWriter writer_;
  bool torn_ = false;  // the last thing written may be half a line
};

class PrintHandler final : public Handler {
 public:
  explicit PrintHandler(std::shared_ptr<Output> output) : output_(std::move(output)) {}

  Verdict handle_messages(const Batch& batch) override {
    Verdict verdict = output_->write(batch);
    if (verdict.is_ok()) messages_ += static_cast<std::int64_t>(batch.size());
    return verdict;
  }
  Value aggregate_element() override { return messages_; }

 private:
  const std::shared_ptr<Output> output_;
  std::int64_t messages_ = 0;
};

class PrintModule final : public Module {
 public:
  explicit PrintModule(int file) : output_(std::make_shared<Output>(file)) {}

  Result<std::unique_ptr<Handler>> init(const Context&, const Value&) override {
    return std::make_unique<PrintHandler>(output_);
  }

 private:
  const std::shared_ptr<Output> output_;
};

}  // namespace

std::unique_ptr<Module> make_print_module(int file) { return std::make_unique<PrintModule>(file); }

}  // namespace ductus::handlers
