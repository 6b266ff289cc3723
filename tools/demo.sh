#!/bin/bash
# A first look, by what the README says: demo.sh BUILD_DIR. Generated events of three topics go from the practice broker
# through ductus into files. In the middle the node is killed; started again, it goes on, and every message is counted.
# Leaves nothing behind.
set -euo pipefail

readonly build=$(readlink -f "$1") checkout=$(dirname "$(dirname "$(readlink -f "$0")")")
readonly topics='clicks orders payments' partitions=2 messages=200000
readonly total=$((3 * partitions * messages))
folder=$(mktemp -d)
sandbox= node=
clean_up() {
  [[ -z $node ]] || kill -KILL "$node" 2> /dev/null || true
  [[ -z $sandbox ]] || kill "$sandbox" 2> /dev/null || true
  wait 2> /dev/null
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

say() { printf '\n--- %s\n' "$*"; }
die() { echo "demo: $*" >&2; exit 1; }
show() { printf '\n$ %s\n' "$*"; "$@"; }

start_node() {
  printf '\n$ bin/ductus console events &\n'
  bin/ductus console events 2>> console.log &
  node=$!
}

lag() { bin/ductus status events --json | sed -n 's/.*"total_lag":\([0-9]*\)[,}].*/\1/p'; }

# Shows the lag as it falls, until at most LAG is left.
watch_lag() {  # LAG
  local now shown=$((total + 1)) deadline=$((SECONDS + 60))
  while true; do
    kill -0 "$node" 2> /dev/null || die "the node has ended: $(tail -n 3 console.log)"
    ((SECONDS < deadline)) || die 'no end is in sight after a minute'
    now=$(lag)
    if [[ -n $now ]] && ((now <= shown - total / 8 || now <= $1)); then
      printf 'Total lag: %7d messages\n' "$now"
      shown=$now
    fi
    [[ -z $now ]] || ((now > $1)) || return 0
    sleep 0.02
  done
}

# Every file holds 0, 1, 2… in order; where the node was killed it may go back once, to what was not yet stored.
count_messages() {
  awk -v partitions=$((3 * partitions)) -v messages=$messages '
    FNR == 1 { files++; expected = 0; last = -1 }
    {
      one = match($0, /"sequence":[0-9]+/) ? substr($0, RSTART + 11, RLENGTH - 11) + 0 : -1
      if (one != last + 1 && (one < 0 || one > last || rewound[FILENAME]++)) strange++
      if (one == expected) { expected++; distinct++ }
      last = one
    }
    END {
      wanted = partitions * messages
      printf "%d of %d messages in %d files; %d lines: %d repeated by the kill, %d lost, %d out of order\n",
        distinct, wanted, files, NR, NR - distinct - strange, wanted - distinct, strange
      exit !(distinct == wanted && files == partitions && !strange)
    }' out/*
}

cd "$folder"
mkdir config
ln -s "$checkout/bin" bin

say "a practice broker with $total generated events: $topics, $partitions partitions each"
began=$(date +%s.%N)
"$build/ductus-sandbox" $(printf -- "--topic %s:$partitions:$messages " $topics) --port-file port &
sandbox=$!
until [[ -s port ]]; do
  kill -0 "$sandbox" 2> /dev/null || die 'the practice broker did not start'
  sleep 0.02
done

say 'config/events.toml: one message a line, by the module "file"'
cat > config/events.toml << END
[source]
brokers = ["127.0.0.1:$(< port)"]

[offsets]
when_missing = "earliest"

[handler]
module = "file"
END
for topic in $topics; do
  printf '\n[[topics]]\nname = "%s"\ninit = "out/{topic}-{partition}.txt"\n' "$topic" >> config/events.toml
done
cat config/events.toml

say 'the lag falls'
start_node
watch_lag $((total * 2 / 3))
show bin/ductus status events
watch_lag $((total / 2))

say 'kill -9 in the middle'
kill -KILL "$node"
wait "$node" 2> /dev/null || true
node=
show bin/ductus status events

say 'started again, it goes on where it had stored'
start_node
watch_lag 0
show bin/ductus stop events
wait "$node" || die "the node ended with $?: $(tail -n 3 console.log)"
node=

say 'what the files begin with'
head -n 1 out/*

say 'is every message there?'
count_messages
printf 'It took %.1f s.\n' "$(echo "$began $(date +%s.%N)" | awk '{ print $2 - $1 }')"
