#!/bin/bash
# Runs a command on the last commit in a bare Debian 12: ci_fresh.sh COMMAND... (./dev ci --fresh: ./dev ci).
#
# The system lies in a temporary folder with a clone of the checkout, and is removed whatever happens. Needs root.
set -euo pipefail

readonly debian=$(dirname "$(readlink -f "$0")")/debian_root.sh

say() { echo "fresh: $*" >&2; }
die() { say "$*"; exit 1; }

[[ $EUID == 0 ]] || die 'needs root: run it with sudo'
checkout=$(git rev-parse --show-toplevel)
folder=$(mktemp -d "${TMPDIR:-/var/tmp}/ductus-fresh.XXXXXX")
running=
remove_all() {
  [[ -z $running ]] || kill -KILL "$running" 2> /dev/null || true
  wait
  rm -rf --one-file-system "$folder" || { sleep 1; rm -rf --one-file-system "$folder"; }
}
trap remove_all EXIT
trap 'exit 130' INT TERM HUP

[[ -z $(git status --porcelain) ]] || say 'what is not committed stays out of this run'
"$debian" lay "$folder/debian"
git clone --quiet --no-hardlinks "$checkout" "$folder/debian/ductus"
say "$*"
"$debian" enter "$folder/debian" /ductus "$@" &
running=$!
status=0
wait $running || status=$?
running=
exit $status
