// Counts messages and bytes of each partition; once per `[periodic] every` one line for each topic.
#pragma once

#include <ductus/module.h>

#include <ostream>

class Counter : public ductus::Handler {
 public:
  ductus::Verdict handle_messages(const ductus::Batch& batch) override {
    for (const ductus::Message& message : batch) {
      ++messages_;
      bytes_ += static_cast<std::int64_t>(message.value().size());
    }
    return ductus::Verdict::ok();
  }

  ductus::Value aggregate_element() override { return ductus::Value::Map{{"messages", messages_}, {"bytes", bytes_}}; }

 private:
  std::int64_t messages_ = 0;
  std::int64_t bytes_ = 0;
};

class CounterModule : public ductus::Module {
 public:
  explicit CounterModule(std::ostream& out) : out_(out) {}

  ductus::Result<std::unique_ptr<ductus::Handler>> init(const ductus::Context&, const ductus::Value&) override {
    return std::make_unique<Counter>();
  }

  void handle_periodic_aggregate(const ductus::Aggregate& aggregate) override {
    for (const auto& [topic, partitions] : aggregate) {
      std::int64_t messages = 0;
      std::int64_t bytes = 0;
      for (const auto& [partition, element] : partitions) {
        messages += *element.find("messages")->as_int();
        bytes += *element.find("bytes")->as_int();
      }
      out_ << topic << ": " << messages << " messages, " << bytes << " bytes\n" << std::flush;
    }
  }

 private:
  std::ostream& out_;
};
