#include "handlers/file.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/escape.h"
#include "handlers/line_file.h"
#include "handlers/line_writer.h"
#include "handlers/open_files.h"
#include "handlers/path_template.h"

namespace ductus::handlers {
namespace {

struct Files {
  explicit Files(std::size_t max_open_files) : open(max_open_files) {}
  OpenFiles open;
  LineWriter writer;
};

class FileHandler final : public Handler {
 public:
  FileHandler(std::shared_ptr<Files> files, LineFile& file, std::uint64_t failed_syncs, Logger log)
      : files_(std::move(files)), file_(file), failed_syncs_(failed_syncs), log_(std::move(log)) {}

  Verdict handle_messages(const Batch& batch) override {
    const auto appended = file_.append(batch, files_->writer, failed_syncs_);
    if (!appended && appended.error().code == ErrorCode::kLimit) return wait_for_room(appended.error());
    if (!appended) return Verdict::fail(appended.error().message);
    if (std::exchange(waits_for_room_, false)) log_(LogLevel::kInfo, "there is room again: goes on writing");
    messages_ += static_cast<std::int64_t>(batch.size());
    return Verdict::ok();
  }

  Result<void> sync() override { return file_.sync(failed_syncs_); }

  Value aggregate_element() override { return messages_; }

 private:
  Verdict wait_for_room(const Error& why) {
    if (!std::exchange(waits_for_room_, true)) log_(LogLevel::kWarn, why.message + ": waits until there is room");
    return Verdict::defer(kFullDiskDelay);
  }

  const std::shared_ptr<Files> files_;
  LineFile& file_;  // one of files_
  const std::uint64_t failed_syncs_;
  const Logger log_;
  bool waits_for_room_ = false;
  std::int64_t messages_ = 0;
};

class FileModule final : public Module {
 public:
  explicit FileModule(FileSettings settings)
      : settings_(std::move(settings)), files_(std::make_shared<Files>(settings_.max_open_files)) {}

  Result<std::unique_ptr<Handler>> init(const Context& context, const Value& init_data) override {
    const auto name = PathTemplate::parse(init_data);
    if (!name) return name.error();
    const auto path = name->resolve(context.topic, context.partition, settings_.base_dir);
    if (!path) return path.error();
    LineFile& file = files_->open.at(*path, context.log);
    const auto failed_syncs = file.open();
    if (!failed_syncs) return failed_syncs.error();
    return std::make_unique<FileHandler>(files_, file, *failed_syncs, context.log);
  }

  void handle_periodic_aggregate(const Aggregate& aggregate) override {
    for (const auto& [topic, partitions] : aggregate) {
      std::int64_t messages = 0;
      for (const auto& [partition, element] : partitions) {
        if (const std::int64_t* count = element.as_int()) messages += *count;
      }
      settings_.print("Messages in topic " + base::escaped(topic) + " : " + std::to_string(messages));
    }
  }

 private:
  const FileSettings settings_;
  const std::shared_ptr<Files> files_;
};

std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return static_cast<std::size_t>(std::clamp<rlim_t>(limit.rlim_cur, 2, 1 << 20));
}

}  // namespace

std::unique_ptr<Module> make_file_module(FileSettings settings) {
  return std::make_unique<FileModule>(std::move(settings));
}

Result<std::unique_ptr<Module>> make_file_module(const Value& settings, const std::filesystem::path& base_dir) {
  const Value::Map* map = settings.as_map();
  if (!settings.is_null() && (map == nullptr || !map->empty())) {
    return Error{ErrorCode::kInvalid, "the module 'file' has no settings: files are named in each topic's init"};
  }
  return make_file_module({.base_dir = base_dir, .max_open_files = descriptor_limit() / 2});
}

}  // namespace ductus::handlers
