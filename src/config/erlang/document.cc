#include "config/erlang/document.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "config/erlang/init_value.h"
#include "config/erlang/lager.h"
#include "config/readers.h"
#include "config/suggest.h"

namespace ductus::config::erlang {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>(
    {"source_host", "source_port", "redis_host", "redis_port", "initial_offset_source", "target_host", "target_port",
     "handler_name", "periodic_period", "callback_module", "topics", "report"});

class Document {
 public:
  Document(Problems& problems, std::vector<std::string>& warnings) : problems_(problems), warnings_(warnings) {}

  void add_file(const Term& file) {
    if (file.kind != Term::Kind::kList) return refuse(file, "[{ductus, […]}, …]");
    for (const Term& application : file.elements) {
      if (!application.is_pair() || application.elements[0].kind != Term::Kind::kAtom ||
          application.elements[1].kind != Term::Kind::kList) {
        refuse(application, "{application, [{Key, Value}, …]}");
      } else {
        add_application(application.elements[0], application.elements[1]);
      }
    }
  }

  Tree write() {
    write_address("source_host", "source_port", [&](const Entry& host, const std::string& address) {
      put("source", "brokers", list_of_one(host, address));
      put("source", "may_create_topics", Tree{true, host.value->at, host.key->at, ""});  // as the original did
    });
    write_address("target_host", "target_port", [&](const Entry& host, const std::string& address) {
      put("target", "brokers", list_of_one(host, address));
    });
    write_address("redis_host", "redis_port", [&](const Entry& host, const std::string& address) {
      put("store", "url", text_at(host, "redis://" + address));
    });
    write_text("initial_offset_source", "offsets", "reset_source");
    write_text("handler_name", "", "handler_name");
    write_text("callback_module", "handler", "module");
    write_period();
    write_topics();
    check_report();
    if (const Entry* handlers = find("lager.handlers")) {
      Tree::Table log;
      add_lager(*handlers->value, log, problems_, warnings_);
      for (auto& [key, value] : log) put("log", key, std::move(value));
    }
    return std::move(root_);
  }

 private:
  struct Entry {
    const Term* key = nullptr;
    const Term* value = nullptr;
  };

  // ---- what the files hold --------------------------------------------------------------------------------

  void add_application(const Term& name, const Term& settings) {
    if (!name.is_atom("ductus") && !name.is_atom("lager")) {
      return warn(name, "the settings of " + shown(name) + " are not read");
    }
    std::map<std::string, Origin> in_this_file;
    for (const Term& setting : settings.elements) {
      if (!setting.is_pair() || setting.elements[0].kind != Term::Kind::kAtom) {
        refuse(setting, "{Key, Value}");
        continue;
      }
      const Term& key = setting.elements[0];
      if (name.is_atom("ductus") ? !check_key(key) : !is_handlers(key)) continue;
      const auto [first, fresh] = in_this_file.try_emplace(key.text, key.at);
      if (!fresh) problems_.add(key.at, shown(key) + " is given twice, also at " + first->second.to_text());
      const std::string path = name.is_atom("lager") ? "lager." + key.text : key.text;
      settings_.insert_or_assign(path, Entry{&key, &setting.elements[1]});
    }
  }

  bool check_key(const Term& key) {
    if (std::find(kKeys.begin(), kKeys.end(), key.text) != kKeys.end()) return true;
    const std::vector<std::string> known(kKeys.begin(), kKeys.end());
    const auto meant = closest(key.text, known);
    problems_.add(key.at, "unknown key " + shown(key) + (meant ? "; did you mean '" + *meant + "'?" : ""));
    return false;
  }

  bool is_handlers(const Term& key) {
    if (key.is_atom("handlers")) return true;
    warn(key, "lager's " + shown(key) + " is not read");
    return false;
  }

  const Entry* find(std::string_view path) const {
    const auto found = settings_.find(path);
    return found == settings_.end() ? nullptr : &found->second;
  }

  // ---- what it means here ----------------------------------------------------------------------------------

  void refuse(const Term& term, const std::string& wanted) {
    problems_.add(term.at, "expected " + wanted + ", got " + shown(term));
  }
  void refuse(const Entry& entry, const std::string& wanted) {
    problems_.add(entry.value->at, entry.key->text + ": expected " + wanted + ", got " + shown(*entry.value));
  }
  void warn(const Term& term, const std::string& what) { warnings_.push_back(term.at.to_text() + ": " + what); }

  static Tree text_at(const Entry& entry, std::string text) {
    return Tree{std::move(text), entry.value->at, entry.key->at, ""};
  }
  static Tree list_of_one(const Entry& entry, const std::string& text) {
    return Tree{Tree::List{text_at(entry, text)}, entry.value->at, entry.key->at, ""};
  }

  void put(const std::string& table, const std::string& key, Tree value) {
    Tree* parent = &root_;
    if (!table.empty()) {
      const Tree fresh{Tree::Table(), value.key_at, value.key_at, ""};
      parent = &std::get<Tree::Table>(root_.data).try_emplace(table, fresh).first->second;
    }
    std::get<Tree::Table>(parent->data).insert_or_assign(key, std::move(value));
  }

  template <class Put>
  void write_address(std::string_view host_key, std::string_view port_key, Put put_address) {
    const Entry* host = find(host_key);
    const Entry* port = find(port_key);
    if (host == nullptr && port == nullptr) return;
    if (host == nullptr || port == nullptr) {
      const Entry& given = host != nullptr ? *host : *port;
      const std::string missing(host != nullptr ? port_key : host_key);
      return problems_.add(given.key->at, given.key->text + " is given, but " + missing + " is not");
    }
    const auto name = text_of(*host->value);
    const std::string shown_host = name && name->find(':') != name->npos ? "[" + *name + "]" : name.value_or("");
    const bool good_host = name && read_broker(shown_host + ":1").ok();
    if (!good_host) refuse(*host, "the name or address of a host");
    const std::int64_t number = port->value->integer;
    const bool good_port =
        port->value->kind == Term::Kind::kInteger && number >= 1 && number <= std::numeric_limits<std::uint16_t>::max();
    if (!good_port) refuse(*port, "a port from 1 to 65535");
    if (good_host && good_port) put_address(*host, shown_host + ":" + std::to_string(number));
  }

  void write_text(std::string_view key, const std::string& table, const std::string& name) {
    const Entry* entry = find(key);
    if (entry == nullptr) return;
    auto text = text_of(*entry->value);
    if (!text) return refuse(*entry, "an atom or text");
    put(table, name, text_at(*entry, *std::move(text)));
  }

  void write_period() {
    const Entry* entry = find("periodic_period");
    if (entry == nullptr) return;
    if (entry->value->is_atom("undefined")) return put("periodic", "every", text_at(*entry, "off"));
    if (entry->value->kind != Term::Kind::kInteger) return refuse(*entry, "milliseconds or 'undefined'");
    Tree period = text_at(*entry, "");
    period.data = entry->value->integer;
    put("periodic", "every_ms", std::move(period));
  }

  void write_topics() {
    const Entry* entry = find("topics");
    if (entry == nullptr) return;
    if (entry->value->kind != Term::Kind::kList) return refuse(*entry, "a list of {\"name\", Init}");
    Tree::List topics;
    for (const Term& topic : entry->value->elements) {
      const auto name = topic.is_pair() ? text_of(topic.elements[0]) : std::nullopt;
      if (!name) {
        problems_.add(topic.at, "topics: expected {\"name\", Init}, got " + shown(topic));
        continue;
      }
      auto init = init_value(topic.elements[1], problems_);
      if (!init) continue;
      const Origin& name_at = topic.elements[0].at;
      Tree::Table table;
      table.emplace("name", Tree{*name, name_at, name_at, ""});
      table.emplace("init", *std::move(init));
      topics.push_back(Tree{std::move(table), topic.at, topic.at, ""});
    }
    if (topics.empty() && !entry->value->elements.empty()) return;  // what is wrong with each is told
    put("", "topics", Tree{std::move(topics), entry->value->at, entry->key->at, ""});
  }

  void check_report() {
    const Entry* entry = find("report");
    if (entry == nullptr) return;
    if (!entry->value->is_atom("true") && !entry->value->is_atom("false")) refuse(*entry, "'true' or 'false'");
  }

  Problems& problems_;
  std::vector<std::string>& warnings_;
  std::map<std::string, Entry, std::less<>> settings_;
  Tree root_{Tree::Table(), {}, {}, ""};
};

}  // namespace

Tree document_of(std::span<const Term> files, Problems& problems, std::vector<std::string>& warnings) {
  Document document(problems, warnings);
  for (const Term& file : files) document.add_file(file);
  return document.write();
}

}  // namespace ductus::config::erlang
