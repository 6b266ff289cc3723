#include "cli/version.h"

#include <event2/event.h>
#include <fmt/core.h>
#include <hiredis/hiredis.h>
#include <histedit.h>
#include <isa-l.h>
#include <lz4.h>
#include <openssl/crypto.h>
#include <snappy.h>
#include <sqlite3.h>
#include <toml++/toml.h>
#include <zstd.h>

#include <CLI/Version.hpp>
#include <nlohmann/json_fwd.hpp>

namespace ductus::cli {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace

// Where a library tells its version at run time, that one counts; of the others, what was compiled against.
std::string version_text() {
  return "ductus " DUCTUS_VERSION
         "\n"
         "libevent " +
         std::string(::event_get_version()) + "\nSQLite " + ::sqlite3_libversion() + "\n" +
         ::OpenSSL_version(OPENSSL_VERSION) + "\nlz4 " + ::LZ4_versionString() + "\nzstd " + ::ZSTD_versionString() +
         "\nISA-L " + dotted(ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION) + "\nsnappy " +
         dotted(SNAPPY_MAJOR, SNAPPY_MINOR, SNAPPY_PATCHLEVEL) + "\nfmt " +
         dotted(FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100) + "\ntoml++ " +
         dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH) + "\nhiredis " +
         dotted(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH) + "\nlibedit " + std::to_string(LIBEDIT_MAJOR) + "." +
         std::to_string(LIBEDIT_MINOR) + "\nnlohmann-json " +
         dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH) +
         "\nCLI11 " CLI11_VERSION "\n";
}

}  // namespace ductus::cli
