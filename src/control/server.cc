#include "control/server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "net/unix_socket.h"

namespace ductus::control {
namespace {

struct Free {
  void operator()(event_base* base) const { ::event_base_free(base); }
  void operator()(evhttp* http) const { ::evhttp_free(http); }
  void operator()(event* one) const { ::event_free(one); }
  void operator()(bufferevent* stream) const { ::bufferevent_decref(stream); }
  void operator()(char* bytes) const { ::free(bytes); }
};
/// Of a path that is not there, as much is told.
constexpr std::size_t kMaxToldBytes = 256;

template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::array<std::pair<evhttp_cmd_type, std::string_view>, 9> kMethods = {{
    {EVHTTP_REQ_GET, "GET"},
    {EVHTTP_REQ_POST, "POST"},
    {EVHTTP_REQ_HEAD, "HEAD"},
    {EVHTTP_REQ_PUT, "PUT"},
    {EVHTTP_REQ_DELETE, "DELETE"},
    {EVHTTP_REQ_OPTIONS, "OPTIONS"},
    {EVHTTP_REQ_TRACE, "TRACE"},
    {EVHTTP_REQ_CONNECT, "CONNECT"},
    {EVHTTP_REQ_PATCH, "PATCH"},
}};

std::string_view method_of(evhttp_request* request) {
  for (const auto& [known, name] : kMethods) {
    if (known == ::evhttp_request_get_command(request)) return name;
  }
  return "";
}

std::string decoded(std::string_view text, bool is_query) {
  std::size_t size = 0;
  const std::unique_ptr<char, Free> bytes(::evhttp_uridecode(std::string(text).c_str(), is_query ? 1 : 0, &size));
  return bytes == nullptr ? std::string() : std::string(bytes.get(), size);
}

/// The part before the next `separator`, which goes too.
std::string_view cut_off(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

/// What stands for each {name} of `pattern`; nullopt: another path.
std::optional<std::map<std::string, std::string>> match(std::string_view pattern, std::string_view path) {
  if (std::ranges::count(pattern, '/') != std::ranges::count(path, '/')) return std::nullopt;
  std::map<std::string, std::string> found;
  while (!pattern.empty() || !path.empty()) {
    const std::string_view wanted = cut_off(pattern, '/');
    const std::string_view segment = cut_off(path, '/');
    if (wanted.starts_with('{')) {
      if (segment.empty()) return std::nullopt;
      found[std::string(wanted.substr(1, wanted.size() - 2))] = decoded(segment, false);
    } else if (wanted != segment) {
      return std::nullopt;
    }
  }
  return found;
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    std::string_view value = cut_off(text, '&');
    const std::string_view name = cut_off(value, '=');
    query[decoded(name, true)] = decoded(value, true);
  }
  return query;
}

std::string body_of(evhttp_request* request) {
  evbuffer* const buffer = ::evhttp_request_get_input_buffer(request);
  std::string body(::evbuffer_get_length(buffer), '\0');
  ::evbuffer_copyout(buffer, body.data(), body.size());
  return body;
}

bool is_allowed(evhttp_request* request) {
  bufferevent* const stream = ::evhttp_connection_get_bufferevent(::evhttp_request_get_connection(request));
  const auto peer = net::peer_of(::bufferevent_getfd(stream));
  return peer && (peer->user == 0 || peer->user == ::geteuid());
}

void send(evhttp_request* request, const Response& response) {
  evkeyvalq* const headers = ::evhttp_request_get_output_headers(request);
  ::evhttp_add_header(headers, "Content-Type", response.content_type.c_str());
  ::evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
  ::evhttp_add_header(headers, "Cache-Control", "no-store");
  evbuffer* const body = ::evhttp_request_get_output_buffer(request);
  ::evbuffer_add(body, response.body.data(), response.body.size());
  ::evhttp_send_reply(request, response.status, nullptr, body);
}

// The node's folder is its user's alone; folders above it are as the system makes them.
Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder.parent_path(), failed);
  if (!failed && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    failed = std::error_code(errno, std::generic_category());
  }
  if (failed) return Error{ErrorCode::kIo, "cannot make the folder " + folder.string() + ": " + failed.message()};
  return {};
}

}  // namespace

// What the thread works on. Members are destroyed from the last to the first: streams, http, events, base.
struct Server::Loop {
  std::filesystem::path path;
  Routes routes;
  net::Socket wake;
  bool stopping = false;
  Owned<event_base> base;
  Owned<event> stop_wanted;
  Owned<evhttp> http;
  evconnlistener* listener = nullptr;  // owned by http
  std::vector<Owned<bufferevent>> streams;
  std::thread thread;

  ~Loop() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  Result<void> set_up(net::Socket socket, std::chrono::milliseconds idle_timeout);
  void run();
  Response answer(evhttp_request* request);
  bufferevent* new_stream();
  void forget_ended_streams();
};

bufferevent* Server::Loop::new_stream() {
  bufferevent* const stream = ::bufferevent_socket_new(base.get(), -1, BEV_OPT_CLOSE_ON_FREE);
  if (stream == nullptr) return nullptr;
  ::bufferevent_incref(stream);
  streams.emplace_back(stream);
  if (streams.size() == kMaxClients) ::evconnlistener_disable(listener);
  return stream;
}

// evhttp tells neither how many connections it has nor when one ends. A reference to the stream of each is kept;
// when evhttp lets go of a stream it takes its callbacks off, and that is seen here, before anything else happens.
// The last reference closes the descriptor: no event is left on one that was closed already.
void Server::Loop::forget_ended_streams() {
  const bool was_full = streams.size() >= kMaxClients;
  std::erase_if(streams, [](const Owned<bufferevent>& stream) {
    bufferevent_event_cb on_event = nullptr;
    ::bufferevent_getcb(stream.get(), nullptr, nullptr, &on_event, nullptr);
    return on_event == nullptr;
  });
  if (was_full && streams.size() < kMaxClients) ::evconnlistener_enable(listener);
}

Response Server::Loop::answer(evhttp_request* request) {
  if (!is_allowed(request)) return error_response(403, "only the node's own user and root are answered");
  const std::string_view method = method_of(request);
  const evhttp_uri* const uri = ::evhttp_request_get_evhttp_uri(request);
  const auto part = [uri](auto get) { return uri == nullptr || get(uri) == nullptr ? "" : std::string(get(uri)); };
  const std::string asked = part(::evhttp_uri_get_path);
  std::string other_methods;
  for (const Route& route : routes) {
    auto parameters = match(route.path, asked);
    if (!parameters) continue;
    if (route.method != method) {
      other_methods += (other_methods.empty() ? "" : ", ") + route.method;
      continue;
    }
    try {
      return route.answer({*std::move(parameters), parse_query(part(::evhttp_uri_get_query)), body_of(request)});
    } catch (const std::exception& error) {
      return error_response(500, error.what());
    }
  }
  if (other_methods.empty()) return error_response(404, "there is no " + base::escaped(asked, kMaxToldBytes));
  ::evhttp_add_header(::evhttp_request_get_output_headers(request), "Allow", other_methods.c_str());
  return error_response(405, asked + " takes " + other_methods + ", not " + std::string(method));
}

Result<void> Server::Loop::set_up(net::Socket socket, std::chrono::milliseconds idle_timeout) {
  const Error no_memory{ErrorCode::kIo, "cannot set up the control server at " + path.string()};
  wake = net::Socket(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  base.reset(::event_base_new());
  if (!wake.is_open() || !base) return no_memory;
  stop_wanted.reset(::event_new(
      base.get(), wake.fd(), EV_READ,
      [](evutil_socket_t, short, void* loop) { static_cast<Loop*>(loop)->stopping = true; }, this));
  http.reset(::evhttp_new(base.get()));
  if (!stop_wanted || ::event_add(stop_wanted.get(), nullptr) != 0 || !http) return no_memory;

  ev_uint16_t methods = 0;
  for (const auto& [known, name] : kMethods) methods = static_cast<ev_uint16_t>(methods | known);
  ::evhttp_set_allowed_methods(http.get(), methods);
  ::evhttp_set_max_body_size(http.get(), kMaxBodyBytes);
  ::evhttp_set_max_headers_size(http.get(), kMaxHeaderBytes);
  const timeval patience{idle_timeout.count() / 1000, idle_timeout.count() % 1000 * 1000};
  ::evhttp_set_timeout_tv(http.get(), &patience);
  ::evhttp_set_bevcb(http.get(), [](event_base*, void* loop) { return static_cast<Loop*>(loop)->new_stream(); }, this);
  ::evhttp_set_gencb(
      http.get(), [](evhttp_request* request, void* loop) { send(request, static_cast<Loop*>(loop)->answer(request)); },
      this);

  // evhttp sets the callback; until then there must be none that accepts.
  listener =
      ::evconnlistener_new(base.get(), nullptr, nullptr, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, socket.fd());
  if (listener == nullptr) return no_memory;
  static_cast<void>(socket.release());
  if (::evhttp_bind_listener(http.get(), listener) == nullptr) {
    ::evconnlistener_free(listener);
    return no_memory;
  }
  return {};
}

void Server::Loop::run() {
  while (!stopping) {
    ::event_base_loop(base.get(), EVLOOP_ONCE);
    forget_ended_streams();
  }
}

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const std::filesystem::path& socket, Routes routes,
                                              std::chrono::milliseconds idle_timeout) {
  if (auto made = make_folder(socket.parent_path()); !made) return std::move(made).error();
  auto listening = net::listen_unix(socket);
  if (!listening) return std::move(listening).error();

  auto loop = std::make_unique<Loop>();
  loop->path = socket;  // removed with the loop from here on
  loop->routes = std::move(routes);
  if (auto ready = loop->set_up(*std::move(listening), idle_timeout); !ready) return std::move(ready).error();
  // Signals are for the node's main thread; a client that hangs up must not raise SIGPIPE here either.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<void> started;
  try {
    loop->thread = std::thread(&Loop::run, loop.get());
  } catch (const std::system_error& error) {
    started = Error{ErrorCode::kIo, std::string("cannot start the control server's thread: ") + error.what()};
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return std::move(started).error();
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

void Server::stop() {
  if (!loop_) return;
  ::eventfd_write(loop_->wake.fd(), 1);
  loop_->thread.join();
  loop_.reset();
}

}  // namespace ductus::control
