#!/bin/bash
# A first look: demo.sh BUILD_DIR. Generated events go from the practice broker through ductus into one file for each
# partition; then status is shown and every message is counted. Leaves nothing behind.
set -euo pipefail

readonly build=$(readlink -f "$1") partitions=3 messages=100000
folder=$(mktemp -d)
sandbox=
clean_up() {
  [[ -z $sandbox ]] || kill "$sandbox" 2> /dev/null || true
  wait
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { printf '\n--- %s\n' "$*"; }
show() { printf '\n$ %s\n' "$*" | sed "s|$build/||g; s|$folder/||g"; "$@"; }

say "a practice broker with topic 'events': $partitions partitions of $messages messages"
"$build/ductus-sandbox" --port 0 --port-file "$folder/port" --topic "events:$partitions:$messages" &
sandbox=$!
until [[ -s $folder/port ]]; do
  kill -0 "$sandbox" 2> /dev/null || { echo 'demo: the practice broker did not start' >&2; exit 1; }
  sleep 0.05
done

mkdir "$folder/config" "$folder/out"
cat > "$folder/config/demo.toml" << END
[source]
brokers = ["127.0.0.1:$(< "$folder/port")"]

[offsets]
when_missing = "earliest"

[handler]
module = "file"

[[topics]]
name = "events"
init = "out/{topic}-{partition}.txt"
END
say 'the configuration'
cat "$folder/config/demo.toml"

began=$(date +%s.%N)
show "$build/ductus" console "$folder/config/demo.toml" --until-end --timeout 60s
ended=$(date +%s.%N)

say 'what the module "file" wrote'
for file in "$folder"/out/*; do
  printf '%s\n' "${file#"$folder/"}"
  head -n 2 "$file" | sed 's/^/  /'
done

show "$build/ductus" status "$folder/config/demo.toml"

say 'is every message there, once and in order?'
awk -v partitions=$partitions -v messages=$messages -v seconds="$(echo "$began $ended" | awk '{ print $2 - $1 }')" '
  FNR == 1 { files++ }
  match($0, /"sequence":[0-9]+/) && substr($0, RSTART + 11, RLENGTH - 11) == FNR - 1 { good++ }
  END {
    wanted = partitions * messages
    printf "%d of %d messages in %d files, in %.2f s\n", good, wanted, files, seconds
    exit !(good == wanted && NR == wanted && files == partitions)
  }' "$folder"/out/*
