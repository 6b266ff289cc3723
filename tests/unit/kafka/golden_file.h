// Golden bytes of tests/golden/kafka (see ORIGIN.md there).
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ductus::kafka {

inline std::ifstream open_golden(const std::string& name) {
  std::ifstream file(std::string(GOLDEN_DIR "/kafka/") + name, std::ios::binary);
  if (!file) throw std::runtime_error("no golden file " + name);
  return file;
}

inline std::vector<std::uint8_t> golden_bytes(const std::string& name) {
  std::ifstream file = open_golden(name);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// One message in Kafka's own encoding: "Fetch 4 00af…".
struct GoldenMessage {
  std::string api;
  std::int16_t version = 0;
  std::vector<std::uint8_t> bytes;
};

inline std::vector<GoldenMessage> golden_messages(const std::string& name) {
  std::ifstream file = open_golden(name);
  std::vector<GoldenMessage> messages;
  std::string hex;
  for (GoldenMessage message; file >> message.api >> message.version >> hex; messages.push_back(message)) {
    message.bytes.clear();
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      message.bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
  }
  return messages;
}

}  // namespace ductus::kafka
