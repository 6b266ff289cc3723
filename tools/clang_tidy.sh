#!/bin/bash
# clang-tidy on the .cc files that changed lately: clang_tidy.sh BUILD_DIR, which has a compile_commands.json of clang.
# Lately: not yet committed, then the newest commits first; few enough that the check stays a matter of a minute or two.
set -euo pipefail

readonly build=$1 max_commits=20 max_files=12

changed_files() {
  git status --porcelain --untracked-files=all --no-renames | cut -c 4-
  git log -n $max_commits --name-only --format= 2> /dev/null || true
}

known_files() { sed -n 's|^ *"file": "\(.*\)",\?$|\1|p' "$build/compile_commands.json"; }

mapfile -t files < <(changed_files | grep '\.cc$' | awk '!seen[$0]++' | while read -r file; do
  [[ ! -f $file ]] || echo "$PWD/$file"
done | grep -Fx -f <(known_files) | head -n $max_files)

if [[ ${#files[@]} -gt 0 ]]; then
  printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-19 -p "$build" --quiet --use-color=false \
    --extra-arg=-Wno-unknown-warning-option 2> >(grep -v ' warnings generated\.$' >&2)
fi
echo "clang-tidy: ok (${#files[@]} files that changed lately)"
