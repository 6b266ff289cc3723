#!/bin/bash
# One libFuzzer run: fuzz_target.sh BUILD_DIR TARGET SECONDS. The committed corpus is read, what is found new stays in
# BUILD_DIR/corpus; an input that breaks the target is kept in BUILD_DIR/crashes and fails the run.
set -euo pipefail

readonly build=$1 target=$2 seconds=$3
readonly name=${target%_fuzz}
found=$build/corpus/$name
log=$build/$target.log
mkdir -p "$found" "$build/crashes" "fuzz/corpus/$name"

if "$build/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/crashes/$name-" "$found" "fuzz/corpus/$name" > "$log" 2>&1; then
  echo "fuzz: $name: ok, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
else
  tail -n 40 "$log" >&2
  echo "fuzz: $name: FAILED; the seed stands in $log, the input in $build/crashes" >&2
  exit 1
fi
