// TlsCertificates: authorities and certificates of a test, made by `openssl`.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/servers/child_process.h"
#include "support/temporary_directory.h"

namespace ductus::test {

class TlsCertificates {
 public:
  struct Files {
    std::filesystem::path cert;
    std::filesystem::path key;
  };

  /// A certificate that signs others and itself.
  Files authority(const std::string& name) {
    const Files files = files_of(name);
    run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=" + name, "-keyout", files.key, "-out", files.cert});
    return files;
  }

  /// A certificate made out to `subjects` ("DNS:localhost,IP:127.0.0.1"); with -1 days it ended yesterday.
  Files certificate(const std::string& name, const Files& authority, const std::string& subjects, int days = 1) {
    const Files files = files_of(name);
    const auto request = (directory_ / (name + ".request")).string();
    const auto extensions = directory_.write(name + ".extensions", "subjectAltName = " + subjects + "\n").string();
    run({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
         "/CN=" + name, "-keyout", files.key, "-out", request});
    run({"openssl", "x509", "-req", "-in", request, "-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial",
         "-days", std::to_string(days), "-extfile", extensions, "-out", files.cert});
    return files;
  }

 private:
  Files files_of(const std::string& name) const { return {directory_ / (name + ".pem"), directory_ / (name + ".key")}; }
  static void run(std::vector<std::string> arguments) {
    if (ChildProcess(std::move(arguments)).wait() != 0) throw std::runtime_error("openssl failed");
  }

  TemporaryDirectory directory_;
};

}  // namespace ductus::test
