#!/bin/bash
# Builds and runs callback programs where nothing of this checkout is: ci_outside.sh BUILD_DIR of a release.
#
# What `cmake --install` lays is moved into a bare Debian 12 that has g++, cmake, pkg-config and the run-time packages
# of libductus.so, but none of its -dev packages. There tests/outside/check.sh builds tests/outside and examples/, and
# reads from a practice broker out here. The bare system is laid once for each list of packages and kept in
# ~/.cache/ductus. Needs root.
set -euo pipefail

readonly build=$(readlink -f "$1") checkout=$(dirname "$(dirname "$(readlink -f "$0")")")
readonly debian=$checkout/tools/debian_root.sh
readonly tools='g++ cmake make pkg-config'  # cmake needs a make
readonly prefix=/opt/moved messages=20000

say() { echo "outside: $*" >&2; }
die() { say "$*"; exit 1; }
[[ $EUID == 0 ]] || die 'needs root, for a system of its own: run it with sudo'

folder=$(mktemp -d "${TMPDIR:-/var/tmp}/ductus-outside.XXXXXX")
inside= sandbox=
remove_all() {
  [[ -z $inside ]] || kill -KILL "$inside" 2> /dev/null || true
  [[ -z $sandbox ]] || kill "$sandbox" 2> /dev/null || true
  wait
  rm -rf --one-file-system "$folder" || { sleep 1; rm -rf --one-file-system "$folder"; }
}
trap remove_all EXIT
trap 'exit 130' INT TERM HUP

run_inside() {  # COMMAND...
  local status=0
  "$debian" enter "$folder/root" / "$@" &
  inside=$!
  wait $inside || status=$?
  inside=
  return $status
}

# The packages that hold what the library is linked with, whatever of them a bare system has.
runtime_packages() {
  local file owner
  ldd "$build/libductus.so" | sed -n 's|.*=> \(/[^ ]*\) .*|\1|p' | while read -r file; do
    owner=$(dpkg-query -S "$file" 2> /dev/null || dpkg-query -S "/usr$file" 2> /dev/null ||
      dpkg-query -S "$(readlink -f "$file")") || die "no package holds $file"
    echo "${owner%%:*}"
  done | sort -u
}

# Only what is installed: dpkg also lists names that other packages merely mention.
dev_packages() {
  run_inside dpkg-query -W -f '${db:Status-Status} ${Package}\n' '*-dev' | sed -n 's/^installed //p' | sort
}

install_inside() {  # PACKAGES...
  run_inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@" \
    > "$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; die "cannot install $*"; }
}

lay_system() {  # ARCHIVE PACKAGES...
  local archive=$1 before
  shift
  "$debian" lay "$folder/root"
  run_inside apt-get -q update > "$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; die 'apt-get update failed'; }
  say "installs $tools, then $*"
  install_inside $tools
  before=$(dev_packages)
  install_inside "$@"
  [[ $(dev_packages) == "$before" ]] || die 'a run-time package brought a -dev package with it'
  run_inside apt-get clean
  mkdir -p "$(dirname "$archive")"
  tar -C "$folder/root" --exclude=./var/lib/apt/lists/\* --exclude=./usr/share/doc/\* -cf "$archive.$$" .
  mv "$archive.$$" "$archive"
}

packages=$(runtime_packages)
archive=~/.cache/ductus/outside/$(echo $tools $packages | sha256sum | cut -c 1-16).tar
if [[ -f $archive ]]; then
  mkdir "$folder/root"
  tar -C "$folder/root" -xf "$archive"
else
  lay_system "$archive" $packages
fi

cmake --install "$build" --prefix "$folder/laid" > "$folder/log" || { cat "$folder/log" >&2; die 'cannot install'; }
mv "$folder/laid" "$folder/root$prefix"
cp -R "$checkout/tests/outside" "$folder/root/outside"
cp -R "$checkout/examples" "$folder/root/outside/examples"

"$build/ductus-sandbox" --topic "events:2:$messages" --port-file "$folder/port" > /dev/null &
sandbox=$!
until [[ -s $folder/port ]]; do
  kill -0 $sandbox 2> /dev/null || die 'the practice broker did not start'
  sleep 0.05
done
run_inside /outside/check.sh $prefix "$(< "$folder/port")" $messages
