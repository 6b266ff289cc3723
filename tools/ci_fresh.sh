#!/bin/bash
# Runs a command on the last commit in a bare Debian 12: ci_fresh.sh COMMAND... (./dev ci --fresh: ./dev ci).
#
# debootstrap lays the system into a temporary folder, from the mirror that this machine's apt uses. It gets this
# machine's name service, CA, apt and Maven settings and a clone of the checkout, and nothing else. Mounts and processes
# live in namespaces of their own and end with them; the folder is removed whatever happens. Needs root.
set -euo pipefail

readonly release=bookworm
readonly settings=(
  /etc/resolv.conf /etc/hosts
  /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt
  /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/apt/preferences
  /etc/apt/preferences.d /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d /etc/apt/keyrings
  /etc/maven ~/.m2/settings.xml ~/.mavenrc
)
readonly variables=(
  http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
  SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO
  MAVEN_OPTS MAVEN_ARGS JAVA_TOOL_OPTIONS
)

say() { echo "fresh: $*" >&2; }
die() { say "$*"; exit 1; }

mirror() {
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release=$release '$1 == release && $2 == "main" { print $3; exit }'
}

lay_system() {  # FOLDER
  local from
  from=$(mirror)
  [[ -n $from ]] || die "this machine's apt has no source for Debian $release"
  say "debootstrap $release"
  if ! debootstrap --variant=minbase $release "$1" "$from" > "$1.log" 2>&1; then
    tail -n 20 "$1.log" >&2
    die 'debootstrap failed (its words above)'
  fi
}

copy_settings() {  # FOLDER
  local path
  rm -f "$1/etc/apt/sources.list"
  for path in "${settings[@]}"; do
    [[ -e $path ]] || continue
    mkdir -p "$1$(dirname "$path")"
    rm -rf "$1$path"
    cp -RL --preserve=mode,timestamps "$path" "$1$path"
  done
}

# Inside the namespaces: mounts, then the command with a clean environment.
enter() {  # FOLDER COMMAND...
  local folder=$1 variable environment=()
  shift
  mount -t proc proc "$folder/proc"
  mount -t sysfs sysfs "$folder/sys"
  mount --bind /dev "$folder/dev"
  mount --bind /dev/pts "$folder/dev/pts"
  mount -t tmpfs tmpfs "$folder/dev/shm"
  for variable in "${variables[@]}"; do
    [[ -z ${!variable:-} ]] || environment+=("$variable=${!variable}")
  done
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    "${environment[@]}" chroot "$folder" /bin/bash -c 'cd /ductus && exec "$@"' bash "$@"
}

if [[ ${1:-} == --inside ]]; then
  enter "${@:2}"
fi

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
lay_system "$folder/debian"
copy_settings "$folder/debian"
git clone --quiet --no-hardlinks "$checkout" "$folder/debian/ductus"
say "$*"
unshare --mount --propagation private --pid --fork --kill-child \
  "$0" --inside "$folder/debian" "$@" &
running=$!
status=0
wait $running || status=$?
running=
exit $status
