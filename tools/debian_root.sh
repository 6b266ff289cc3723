#!/bin/bash
# A bare Debian 12 in a folder, for what must be seen to work on a machine that has nothing. Needs root.
#
#   debian_root.sh lay FOLDER                     debootstrap, from the mirror that this machine's apt uses; then this
#                                                 machine's name service, CA, apt and Maven settings and nothing else
#   debian_root.sh enter FOLDER WORKDIR COMMAND…  the command in there. Mounts and processes live in namespaces of
#                                                 their own and end with it, or when this script is killed; the
#                                                 network is shared, and the compiler cache that $CCACHE_DIR names
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

say() { echo "debian: $*" >&2; }
die() { say "$*"; exit 1; }

mirror() {
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release=$release '$1 == release && $2 == "main" { print $3; exit }'
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

lay() {  # FOLDER
  local from
  from=$(mirror)
  [[ -n $from ]] || die "this machine's apt has no source for Debian $release"
  say "debootstrap $release"
  if ! debootstrap --variant=minbase $release "$1" "$from" > "$1.log" 2>&1; then
    tail -n 20 "$1.log" >&2
    die 'debootstrap failed (its words above)'
  fi
  copy_settings "$1"
}

# Inside the namespaces: mounts, then the command with a clean environment.
run_inside() {  # FOLDER WORKDIR COMMAND...
  local folder=$1 workdir=$2 variable environment=()
  shift 2
  mount --bind "$folder" "$folder"  # unshare works in there only if its root is a mount point
  mount -t proc proc "$folder/proc"
  mount -t sysfs sysfs "$folder/sys"
  mount --bind /dev "$folder/dev"
  mount --bind /dev/pts "$folder/dev/pts"
  mount -t tmpfs tmpfs "$folder/dev/shm"
  if [[ -n ${CCACHE_DIR:-} ]]; then  # of the same compiler, at whatever place the sources lie
    mkdir -p "$folder/root/.cache/ccache"
    mount --bind "$CCACHE_DIR" "$folder/root/.cache/ccache"
    environment+=("CCACHE_BASEDIR=$workdir" CCACHE_NOHASHDIR=1)
  fi
  for variable in "${variables[@]}"; do
    [[ -z ${!variable:-} ]] || environment+=("$variable=${!variable}")
  done
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    "${environment[@]}" chroot "$folder" /bin/bash -c 'cd "$1" && shift && exec "$@"' bash "$workdir" "$@"
}

[[ $EUID == 0 ]] || die 'needs root: run it with sudo'
case ${1:-} in
  lay) lay "$2" ;;
  enter) exec unshare --mount --propagation private --pid --fork --kill-child "$0" inside "${@:2}" ;;
  inside) run_inside "${@:2}" ;;
  *) sed -n '2,/^set /{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
