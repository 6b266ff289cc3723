// A module that uses something of everything that libductus.so exports; each handler prints its count when it ends.
#pragma once

#include <ductus/module.h>

#include <iostream>

class Tally : public ductus::Handler {
 public:
  Tally(std::string word, const ductus::Context& context)
      : word_(std::move(word)), name_(context.topic + "/" + std::to_string(context.partition)) {}

  ductus::Verdict handle_messages(const ductus::Batch& batch) override {
    for (const ductus::Message& message : batch) {
      if (message.offset() != next_offset_++) return ductus::Verdict::fail("a message is missing");
      for (const ductus::Header& header : message.headers()) headers_ += header.key.empty() ? 0 : 1;
    }
    return ductus::Verdict::ok();
  }
  void stop() override {
    std::cout << word_ + " " + name_ + " " + std::to_string(next_offset_) + " " + std::to_string(headers_) + "\n";
  }

 private:
  std::string word_;
  std::string name_;
  std::int64_t next_offset_ = 0;
  int headers_ = 0;
};

class TallyModule : public ductus::Module {
 public:
  explicit TallyModule(std::string word) : word_(std::move(word)) {}
  ductus::Result<std::unique_ptr<ductus::Handler>> init(const ductus::Context& context, const ductus::Value&) override {
    return std::make_unique<Tally>(word_, context);
  }

 private:
  std::string word_;
};

inline ductus::Result<std::unique_ptr<ductus::Module>> make_tally(const ductus::Value& settings) {
  const ductus::Value* const word = settings.find("word");
  if (word == nullptr || word->as_string() == nullptr) {
    return ductus::Error{ductus::ErrorCode::kInvalid, "settings.word: give a text"};
  }
  return std::make_unique<TallyModule>(*word->as_string());
}
