// Leaders: which of the sandbox's brokers leads which partition, and in which epoch.
//
// Brokers have the node ids 1 to N. At first partition P is led by 1 + P mod N in epoch 0; each move adds 1 to its
// epoch. Thread: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace ductus::sandbox {

class Leaders {
 public:
  struct Leader {
    std::int32_t node_id = 1;
    std::int32_t epoch = 0;
  };

  explicit Leaders(std::int32_t brokers) : brokers_(brokers) {}

  std::int32_t brokers() const noexcept { return brokers_; }
  Leader leader_of(std::string_view topic, std::int32_t partition) const;
  /// Who led it before any move.
  Leader first_leader_of(std::int32_t partition) const noexcept { return {1 + partition % brokers_, 0}; }
  /// From now on `node_id` leads it.
  void move(std::string_view topic, std::int32_t partition, std::int32_t node_id);

 private:
  using Place = std::pair<std::string, std::int32_t>;
  std::int32_t brokers_;
  std::map<Place, Leader> moved_;
};

}  // namespace ductus::sandbox
