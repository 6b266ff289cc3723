// A sandbox server of the old line and clients of it in one thread, as in practice_broker.h.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "practice_broker.h"
#include "sandbox/legacy/broker.h"
#include "sandbox/legacy/conversation.h"
#include "sandbox/legacy/message_set.h"

namespace ductus::sandbox::legacy {

inline base::ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class PracticeLegacyBroker : public PracticeBroker {
 protected:
  /// With the settings and options of now; nothing is left of an earlier one.
  void start_broker(std::int64_t since_1970_ms = kStartMs) {
    server.reset();
    brokers.clear();
    brokers.emplace_back(settings, EventLog::Start{clock.now(), since_1970_ms});
    server = *Server::listen(options, std::span(brokers), clock);
  }
  Client connect_to_legacy() { return Client(server->ports().front()); }
  Broker& broker() { return brokers.front(); }

  // ---- requests

  static kafka::Writer fetch_request(std::string_view topic, std::int32_t partition, std::int64_t offset,
                                     std::int32_t max_bytes) {
    kafka::Writer request;
    request.i16(1);
    write_fetch(topic, partition, offset, max_bytes, request);
    return request;
  }
  static void write_fetch(std::string_view topic, std::int32_t partition, std::int64_t offset, std::int32_t max_bytes,
                          kafka::Writer& request) {
    request.string(topic, false);
    request.i32(partition);
    request.i64(offset);
    request.i32(max_bytes);
  }
  static kafka::Writer offsets_request(std::string_view topic, std::int64_t time, std::int32_t max_offsets) {
    kafka::Writer request;
    request.i16(4);
    request.string(topic, false);
    request.i32(0);
    request.i64(time);
    request.i32(max_offsets);
    return request;
  }
  static kafka::Writer produce_request(std::string_view topic, base::ByteView set, std::int32_t partition = 0) {
    kafka::Writer request;
    request.i16(0);
    request.string(topic, false);
    request.i32(partition);
    request.i32(static_cast<std::int32_t>(set.size()));
    request.raw(set);
    return request;
  }
  Bytes set_of(std::string_view payload) const {
    kafka::Writer set;
    write_entry(settings.line, Codec::kNone, bytes_of(payload), set);
    return std::move(set).take();
  }

  // ---- what becomes of them

  /// Client and broker take turns, so that a request may be larger than what a socket holds.
  void send_in_pieces(Client& client, base::ByteView bytes, std::size_t piece_bytes = 16384) {
    while (!bytes.empty()) {
      const base::ByteView piece = bytes.first(std::min(bytes.size(), piece_bytes));
      client.send_raw(piece);
      settle();
      bytes = bytes.subspan(piece.size());
    }
  }
  void send_request(Client& client, const kafka::Writer& request) {
    kafka::Writer framed;
    framed.i32(static_cast<std::int32_t>(request.size()));
    framed.raw(request.bytes());
    send_in_pieces(client, framed.bytes());
  }
  /// Once it returns the set is stored.
  void produce(std::string_view topic, base::ByteView set, std::int32_t partition = 0) {
    Client client = connect_to_legacy();
    send_request(client, produce_request(topic, set, partition));
    ask_nothing(client);
  }
  bool is_refused(base::ByteView set) {
    Client client = connect_to_legacy();
    send_request(client, produce_request("refused", set));
    return is_hung_up_on(client) && broker().existing("refused", 0, clock.now())->visible_end(wall_ms()) == 0;
  }
  /// MULTIFETCH of nothing: the answer shows that all before it was seen to.
  void ask_nothing(Client& client) {
    kafka::Writer request;
    request.i16(2);
    request.i16(0);
    EXPECT_EQ(ask(client, request), Bytes(2, 0));
  }
  std::int64_t wall_ms() { return broker().wall_ms(clock.now()); }

  Broker::Settings settings;
  std::vector<Broker> brokers;
};

}  // namespace ductus::sandbox::legacy
