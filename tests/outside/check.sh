#!/bin/bash
# Inside the bare system: check.sh PREFIX PORT MESSAGES. Builds the programs beside this file against the ductus that
# was laid at PREFIX, has them read `events` with its two partitions from 127.0.0.1:PORT, and looks at every answer.
set -euo pipefail

readonly prefix=$1 port=$2 messages=$3
cd "$(dirname "$0")"

die() { echo "outside: $*" >&2; exit 1; }

expect_code() {  # CODE COMMAND...
  local status=0
  "${@:2}" > /dev/null 2> talk || status=$?
  ((status == $1)) || { cat talk >&2; die "exit $status, not $1: ${*:2}"; }
}

missing=$(ldd "$prefix"/lib/libductus.so "$prefix"/bin/ductus | grep 'not found') && die "$missing"

foreign=$(nm -DC --defined-only "$prefix"/lib/libductus.so | grep -v 'ductus::') && die "the library shows $foreign"

# --version names every library that is linked: libsqlite3.so.0 as SQLite, libtomlplusplus.so.3 as toml++, libssl.so.3
# with its libcrypto as OpenSSL.
versions=$("$prefix"/bin/ductus --version | tr '[:upper:]' '[:lower:]' | sed 's/-//g; s/+/plus/g')
for library in $(readelf -d "$prefix"/lib/libductus.so | sed -n 's/.*NEEDED.*\[lib\([^].]*\).*/\1/p'); do
  case $library in
    c | m | gcc_s | stdc++ | crypto) ;;
    *) [[ $versions == *"${library%%[-0-9]*}"* ]] || die "--version does not name $library" ;;
  esac
done

echo 'outside: CMake'
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS='-O1 -Wall -Wextra -Wpedantic -Werror' > log ||
  { cat log; die 'no configuration'; }
cmake --build build > log 2>&1 || { cat log; die 'no program'; }

echo 'outside: g++ and pkg-config'
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
g++ -std=c++20 -O2 -Wall -Wextra -Wpedantic -Werror main.cc $(pkg-config --cflags --libs ductus) \
  -Wl,-rpath,"$(pkg-config --variable=libdir ductus)" -o tally

echo 'outside: the examples and their tests'
cmake -S examples -B examples/build -DCMAKE_PREFIX_PATH="$prefix" > log || { cat log; die 'no configuration'; }
cmake --build examples/build -j > log 2>&1 || { cat log; die 'no examples'; }
ctest --test-dir examples/build --output-on-failure --no-tests=error

cat > good.toml << END
[source]
brokers = ["127.0.0.1:$port"]
[offsets]
when_missing = "earliest"
[store]
url = "memory:"
[handler]
module = "tally"
settings = { word = "saw" }
[[topics]]
name = "events"
END
sed 's/tally/telly/' good.toml > bad.toml
sed '/^settings/d' good.toml > unset.toml

readonly wanted="saw events/0 $messages 0
saw events/1 $messages 0"
for program in ./tally build/tally; do
  echo "outside: $program"
  [[ $($program --version) == "ductus $(pkg-config --modversion ductus)"$'\n'* ]] || die 'another version'
  expect_code 2 "$program" no_such_verb good
  expect_code 6 "$program" console ./bad.toml
  grep -q "did you mean 'tally'" talk || die "$(< talk)"
  expect_code 6 "$program" console ./unset.toml
  "$program" console ./good.toml --until-end --timeout 60s 2> talk | sort > got || { cat talk >&2; die 'no end'; }
  [[ $(< got) == "$wanted" ]] || { cat talk got >&2; die 'not every message came'; }
done
echo 'outside: ok'
