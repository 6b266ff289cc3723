#include "captures/capture.h"

#include <openssl/sha.h>

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/big_endian.h"

namespace ductus::kafka06 {
namespace {

std::ifstream open_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no file " + path);
  return file;
}

Bytes bytes_of(const std::string& folder, const Json& entry, const std::string& which) {
  const Json& name = entry.at(which + "_file");
  Bytes bytes;
  if (!name.is_null()) {
    std::ifstream file = open_file(folder + name.get<std::string>());
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (bytes.size() != entry.at(which + "_bytes") || sha256(bytes) != entry.at(which + "_sha256").get<std::string>()) {
    throw std::runtime_error(folder + name.dump() + " is not what the index was made for");
  }
  return bytes;
}

}  // namespace

std::string hex(base::ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256(base::ByteView bytes) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return hex(digest);
}

std::vector<base::ByteView> Capture::frames() const {
  std::vector<base::ByteView> all;
  base::BigEndianReader reader(response);
  while (reader.left() > 0) {
    const std::int32_t size = reader.i32();
    all.push_back(reader.raw(size < 0 ? SIZE_MAX : static_cast<std::size_t>(size)));
    if (!reader.ok()) throw std::runtime_error(name + ": a frame with the size " + std::to_string(size));
  }
  return all;
}

std::vector<Capture> all_captures() {
  std::vector<Capture> all;
  for (const std::string line : {"0.6", "0.7"}) {
    const std::string folder = CAPTURES_DIR "/" + line + "/";
    std::ifstream file = open_file(folder + "index.json");
    const Json index = Json::parse(file);
    for (const Json& entry : index.at("fixtures")) {
      all.push_back({line, entry.at("name").get<std::string>(), entry, bytes_of(folder, entry, "request"),
                     bytes_of(folder, entry, "response")});
    }
    if (all.back().line != line || index.at("fixture_count") != index.at("fixtures").size()) {
      throw std::runtime_error(folder + "index.json is not whole");
    }
  }
  return all;
}

}  // namespace ductus::kafka06
