#include "filter.h"

#include <ductus/testing.h>

#include <filesystem>
#include <iostream>

/// What the messages go to: a socket that takes some and then is full.
class Collector {
 public:
  Collector() {
    char folder[] = "/tmp/filter_test.XXXXXX";
    path_ = std::filesystem::path(::mkdtemp(folder)) / "socket";
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  }
  ~Collector() {
    ::close(socket_);
    std::filesystem::remove_all(path_.parent_path());
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  const std::string& path() const { return path_.native(); }
  /// Takes all that lies in the queue.
  void take() {
    char datagram[100];
    for (ssize_t got; (got = ::recv(socket_, datagram, sizeof datagram, MSG_DONTWAIT)) >= 0;) {
      taken.emplace_back(datagram, static_cast<std::size_t>(got));
    }
  }
  std::vector<std::string> taken;

 private:
  std::filesystem::path path_;
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

void expect(bool truth, const char* what) {
  if (truth) return;
  std::cerr << "not so: " << what << "\n";
  std::exit(1);
}

int main() {
  Collector collector;
  std::vector<std::string> fed, wanted;
  for (int i = 0; i < 1000; ++i) {
    fed.push_back((i % 2 == 0 ? "error " : "fine ") + std::to_string(i));
    if (i % 2 == 0) wanted.push_back(fed.back());
  }

  ductus::TestNode node(std::make_unique<FilterModule>());
  expect(!node.try_open("log", 0, "error"), "an init without word and socket is refused");
  const ductus::Value::Map init{{"word", "error"}, {"socket", collector.path()}};
  ductus::TestPartition& log = node.open("log", 0, init);
  expect(log.feed(fed).as_defer() != nullptr, "a full queue defers the batch");
  node.advance(std::chrono::seconds(1));
  expect(log.verdict().as_defer() != nullptr, "it stays deferred until somebody takes");
  for (int round = 0; round < 1000 && !log.verdict().is_ok(); ++round) {
    collector.take();
    node.advance(std::chrono::seconds(1));
  }
  collector.take();
  expect(log.verdict().is_ok(), "in the end the batch is accepted");
  expect(collector.taken == wanted, "the messages with the word arrive, each once, in order");
  expect(node.open("log", 1, {{{"word", ""}, {"socket", "/nowhere"}}}).feed({"x"}).as_fail() != nullptr,
         "no collector is a failure");
}
