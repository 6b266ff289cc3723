#!/bin/bash
# Real Apache Kafka brokers for tests, 0.8 to 4.4: fetched by Maven, each in a folder of its own on 127.0.0.1.
#
#   kafka.sh fetch [VERSION...]               into the cache, once: jars, class-data archive (default: 4.3.1)
#   kafka.sh new DIR VERSION [key=value...]   a folder for one broker: ports, server.properties (a later key wins)
#   kafka.sh start DIR                        starts it detached, waits until it serves, prints HOST:PORT
#   kafka.sh stop|kill9|pause|resume DIR      SIGTERM and wait · SIGKILL and wait · SIGSTOP · SIGCONT
#   kafka.sh run DIR broker|zookeeper         one of its processes in the foreground, for a parent that holds it
#   kafka.sh ready DIR                        waits until a broker started with `run` serves, prints HOST:PORT
#   kafka.sh waittopic DIR TOPIC              waits until partitions of TOPIC have a leader (makes the topic!)
#   kafka.sh java DIR CLASS [args...]         a tool of the broker's own version; each call costs about a second
#   kafka.sh freeport DIR                     one more port, reserved for as long as DIR exists
#
# Needs java, mvn, flock and kcat; Maven works with this machine's settings.
# Environment: DUCTUS_CACHE  where the versions are kept (default: ~/.cache/ductus)
#   start, run:  HEAP_MB (256)  JVM_OPTIONS
#   new:         ZK=1 (3.x with ZooKeeper instead of KRaft)  NODE_ID (1)  FORMAT_OPTIONS
#                ROLES (broker,controller)  QUORUM (host:port of another's controller)  CLUSTER_ID (22 characters)
#   stop:        KEEP_ZK=1
set -euo pipefail

readonly self=$(readlink -f "${BASH_SOURCE[0]}")
readonly cache=${DUCTUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ductus}
readonly java=${JAVA_HOME:-/usr}/bin/java
readonly newest_complete=4.3.1

die() { echo "kafka.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$self"; }

version_is_from() { [[ $(printf '%s\n' "$version" "$1" | sort -V | head -n 1) == "$1" ]]; }
runs_kraft() { version_is_from 3.3 && [[ -z ${ZK:-} ]]; }
dist() { echo "$cache/kafka/$1"; }
tools_version() {  # 4.4.0 came without tools
  case $version in 4.4.*) echo $newest_complete ;; *) echo "$version" ;; esac
}

# --- fetch ------------------------------------------------------------------------------------------------------------

# What a version is made of, as group:artifact:version. kafka-tools lists what kafka itself leaves to its packaging.
artifacts() {
  local kafka=org.apache.kafka log4j=org.apache.logging.log4j
  local log4j2="$log4j:log4j-slf4j-impl:2.25.4 $log4j:log4j-core:2.25.4" jaxb=javax.xml.bind:jaxb-api:2.3.1
  case $version in
    4.4.*) echo $kafka:kafka_2.13:$version $log4j2 ;;
    4.*) echo $kafka:kafka_2.13:$version $kafka:kafka-tools:$version $log4j2 ;;
    3.*) echo $kafka:kafka_2.13:$version $kafka:kafka-tools:$version org.slf4j:slf4j-reload4j:1.7.36 ;;
    2.*) echo $kafka:kafka_2.13:$version $kafka:kafka-tools:$version ;;
    1.*) echo $kafka:kafka_2.12:$version $kafka:kafka-tools:$version ;;
    0.11.* | 0.10.*) echo $kafka:kafka_2.12:$version $kafka:kafka-tools:$version $jaxb ;;  # jaxb left the JDK with 11
    0.9.*) echo $kafka:kafka_2.11:$version $kafka:kafka-tools:$version ;;
    0.8.*) echo $kafka:kafka_2.11:$version ;;
    *) die "Kafka $version is none of the versions known here (0.8 to 4.4)" ;;
  esac
}

write_pom() {
  local artifact group name number
  echo '<project><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>kafka</artifactId>'
  echo '<version>1</version><dependencies>'
  for artifact in $(artifacts); do
    IFS=: read -r group name number <<< "$artifact"
    echo "<dependency><groupId>$group</groupId><artifactId>$name</artifactId><version>$number</version></dependency>"
  done
  echo '</dependencies></project>'
}

write_log_settings() {  # log.properties for brokers (`ready` reads their log), quiet.properties for tools
  local pattern='%d{HH:mm:ss,SSS} %p %c{1} %m%n'
  if version_is_from 4.0; then
    printf '%s\n' rootLogger.level=info rootLogger.appenderRef.out.ref=OUT appender.out.type=Console \
      appender.out.name=OUT appender.out.layout.type=PatternLayout \
      "appender.out.layout.pattern=$pattern" > log.properties
    echo rootLogger.level=off > quiet.properties
  else
    printf '%s\n' 'log4j.rootLogger=INFO, OUT' log4j.appender.OUT=org.apache.log4j.ConsoleAppender \
      log4j.appender.OUT.layout=org.apache.log4j.PatternLayout \
      "log4j.appender.OUT.layout.ConversionPattern=$pattern" > log.properties
    echo log4j.rootLogger=OFF > quiet.properties
  fi
}

# The loaded classes as one mapped file: halves the boot. Belongs to this JDK and this lib folder; made where it stays.
archive_classes() {
  local work archive
  work=$(mktemp -d)
  archive=$(dist "$version")/classes.jsa
  trap "'$self' kill9 '$work/broker' 2> /dev/null || true; rm -rf '$work'" EXIT
  ZK='' "$self" new "$work/broker" "$version"
  JVM_OPTIONS=-XX:ArchiveClassesAtExit=$work/classes.jsa "$self" start "$work/broker" > "$work/address"
  kcat -b "$(< "$work/address")" -L > /dev/null 2>&1 || true  # 0.8 and 0.9 need options; only the loading matters
  "$self" stop "$work/broker"
  cp "$work/classes.jsa" "$archive.part" && mv "$archive.part" "$archive"
}

fetch() {
  version=$1
  local home work attempt
  home=$(dist "$version")
  mkdir -p "$cache/kafka"
  exec 8> "$cache/kafka/.$version.lock"
  flock 8
  if [[ ! -d $home ]]; then
    work=$(mktemp -d "$cache/kafka/.$version.XXXXXX")
    trap "rm -rf '$work'" EXIT
    cd "$work"
    write_pom > pom.xml
    write_log_settings
    for attempt in 1 2 3; do
      mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib > mvn.log 2>&1 && break
      [[ $attempt -lt 3 ]] || { tail -n 20 mvn.log >&2; die "Maven cannot fetch Kafka $version (its words above)"; }
    done
    cd "$cache/kafka"
    chmod 755 "$work"
    mv -T "$work" "$home"
  fi
  [[ -f $home/classes.jsa ]] || archive_classes 8>&-
}

# --- new --------------------------------------------------------------------------------------------------------------

# Below the kernel's ephemeral range, so that no outgoing socket takes the port while the broker is down. A reservation
# ends when its broker's folder is gone.
freeport() {
  local ports=$cache/ports port owner attempt
  mkdir -p "$ports"
  exec 9> "$ports/.lock"
  flock 9
  for ((attempt = 0; attempt < 1000; attempt++)); do
    port=$((20000 + RANDOM % 12000))
    owner=$(cat "$ports/$port" 2> /dev/null || true)
    if [[ -n $owner && -d $owner ]] || (: <> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then continue; fi
    echo "$dir" > "$ports/$port"
    echo "$port"
    return
  done
  die "no free port"
}

common_properties() {
  printf '%s\n' "log.dirs=$dir/data" num.partitions=4 num.network.threads=2 num.io.threads=2 \
    offsets.topic.replication.factor=1 offsets.topic.num.partitions=4 log.cleaner.dedupe.buffer.size=4194304
  if version_is_from 0.11; then
    printf '%s\n' transaction.state.log.replication.factor=1 transaction.state.log.min.isr=1 \
      transaction.state.log.num.partitions=4 group.initial.rebalance.delay.ms=0
  fi
  if version_is_from 4.0; then
    printf '%s\n' share.coordinator.state.topic.replication.factor=1 share.coordinator.state.topic.min.isr=1 \
      share.coordinator.state.topic.num.partitions=4
  fi
}

# Short sessions: after kill -9 the old one must end before the broker is let in again (2.5 s instead of 11 s).
kraft_properties() {
  local listeners=PLAINTEXT://127.0.0.1:$port protocols=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL
  protocols+=,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
  [[ $roles != *controller ]] || listeners+=,CONTROLLER://127.0.0.1:$second_port
  printf '%s\n' "process.roles=$roles" "node.id=$node" "listeners=$listeners" controller.listener.names=CONTROLLER \
    "listener.security.protocol.map=$protocols" broker.session.timeout.ms=1500 broker.heartbeat.interval.ms=300
  if version_is_from 3.9; then
    echo "controller.quorum.bootstrap.servers=${QUORUM:-127.0.0.1:$second_port}"
  else
    echo "controller.quorum.voters=$node@127.0.0.1:$second_port"
  fi
}

zookeeper_mode_properties() {
  printf '%s\n' "broker.id=$node" "zookeeper.connect=127.0.0.1:$second_port" zookeeper.session.timeout.ms=2000 \
    zookeeper.connection.timeout.ms=15000
  if version_is_from 0.9; then
    echo "listeners=PLAINTEXT://127.0.0.1:$port"
  else
    printf '%s\n' "port=$port" host.name=127.0.0.1 advertised.host.name=127.0.0.1
  fi
}

format_storage() {
  local members='' cluster
  if version_is_from 3.9; then
    if [[ $roles == *controller ]]; then members=--standalone; else members=--no-initial-controllers; fi
  fi
  # A leading '-' would look like an option to the tool.
  cluster=${CLUSTER_ID:-$(head -c 16 /dev/urandom | base64 | tr '+/' AB | tr -d =)}
  "$java" $(jvm_options 256) -cp "$class_path" kafka.tools.StorageTool format $members -t "$cluster" \
    -c "$dir/server.properties" ${FORMAT_OPTIONS:-} > "$dir/format.log" 2>&1 ||
    { tail -n 5 "$dir/format.log" >&2; die "$dir: formatting failed"; }
}

new_broker() {
  local port second_port node=${NODE_ID:-1} roles=${ROLES:-broker,controller}
  [[ -d $(dist "$version")/lib ]] || die "Kafka $version is not in $cache: run '$self fetch $version'"
  port=$(freeport)
  second_port=$(freeport)
  echo "$version" > "$dir/version"
  echo "$port" > "$dir/port"
  echo "$second_port" > "$dir/second_port"  # the controller's, or ZooKeeper's
  mkdir -p "$dir/data"
  {
    common_properties
    if runs_kraft; then kraft_properties; else zookeeper_mode_properties; fi
    [[ $# == 0 ]] || printf '%s\n' "$@"
  } > "$dir/server.properties"
  if runs_kraft; then
    format_storage
  else
    printf '%s\n' "dataDir=$dir/zk" "clientPort=$second_port" clientPortAddress=127.0.0.1 tickTime=500 \
      maxClientCnxns=0 admin.enableServer=false > "$dir/zookeeper.properties"
  fi
}

# --- processes --------------------------------------------------------------------------------------------------------

jvm_options() {  # $1: heap in MB
  local home=$(dist "$version")
  echo -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms$1m -Xmx$1m -XX:-UsePerfData ${JVM_OPTIONS:-} $(log_option log)
  if [[ -f $home/classes.jsa ]]; then echo -XX:SharedArchiveFile=$home/classes.jsa -Xshare:auto; fi
}

log_option() {  # $1: log or quiet
  if version_is_from 4.0; then
    echo "-Dlog4j2.configurationFile=$(dist "$version")/$1.properties"
  else
    echo "-Dlog4j.configuration=file:$(dist "$version")/$1.properties --add-exports=java.base/sun.nio.ch=ALL-UNNAMED"
  fi
}

is_alive() {  # kill -0 would succeed on a zombie, too
  local state
  { read -r _ _ state _ < "/proc/$1/stat"; } 2> /dev/null && [[ $state != Z ]]
}

pid_of() { cat "$dir/$1.pid" 2> /dev/null || die "$dir: no $1 was started"; }

run() {  # $1: broker or zookeeper
  echo $$ > "$dir/$1.pid"
  exec < /dev/null >> "$dir/$1.log" 2>&1
  case $1 in
    broker)
      wait_for_zookeeper_session_end
      exec "$java" $(jvm_options "${HEAP_MB:-256}") -cp "$class_path" kafka.Kafka "$dir/server.properties"
      ;;
    zookeeper)
      exec "$java" $(jvm_options 64) -cp "$class_path" org.apache.zookeeper.server.quorum.QuorumPeerMain \
        "$dir/zookeeper.properties"
      ;;
    *) die "run what? broker or zookeeper" ;;
  esac
}

# After kill -9 the broker's ephemeral node stays for its session (2 s); a broker that comes earlier dies of it.
wait_for_zookeeper_session_end() {
  [[ -f $dir/zookeeper.properties && -f $dir/killed_at_ms ]] || return 0
  local left_ms=$(($(< "$dir/killed_at_ms") + 3000 - $(date +%s%3N)))
  if [[ $left_ms -gt 0 ]]; then sleep "$((left_ms / 1000)).$(printf %03d $((left_ms % 1000)))"; fi
}

spawn() {  # in a session of its own: neither Ctrl-C nor a closed pipe of the caller reaches it
  setsid "$self" run "$dir" "$1" < /dev/null > /dev/null 2>&1 &
}

ready() {
  local poll pid
  for ((poll = 0; poll < 1200; poll++)); do
    if pid=$(cat "$dir/broker.pid" 2> /dev/null) && [[ -n $pid ]]; then
      is_alive "$pid" || { tail -n 5 "$dir/broker.log" >&2; die "$dir: the broker died (its last words above)"; }
      if grep -qE 'Kafka Server started|KafkaServer id=[0-9]+\] started|Kafka Server [0-9]+\], started' \
        "$dir/broker.log" 2> /dev/null; then
        echo "127.0.0.1:$(< "$dir/port")"
        return
      fi
    fi
    sleep 0.05
  done
  die "$dir: the broker does not serve after 60 s; see $dir/broker.log"
}

# The log moves aside: `ready` must see only what the next start says.
end_process() {  # $1: broker or zookeeper, $2: signal
  local pid
  pid=$(pid_of "$1")
  if is_alive "$pid"; then kill "-$2" "$pid" || true; fi
  while is_alive "$pid"; do sleep 0.02; done
  rm -f "$dir/$1.pid"
  cat "$dir/$1.log" >> "$dir/$1.old.log"
  rm -f "$dir/$1.log"
}

start() {
  if [[ -f $dir/broker.pid ]]; then
    ! is_alive "$(< "$dir/broker.pid")" || die "$dir: the broker runs already"
    end_process broker KILL  # it died by itself
  fi
  if [[ -f $dir/zookeeper.properties && ! -f $dir/zookeeper.pid ]]; then spawn zookeeper; fi
  spawn broker
  ready
}

stop() {
  end_process broker TERM
  if [[ -f $dir/zookeeper.pid && -z ${KEEP_ZK:-} ]]; then end_process zookeeper KILL; fi
}

wait_for_topic() {
  until kcat -b "127.0.0.1:$(< "$dir/port")" -L -t "$1" 2> /dev/null | grep -q 'leader [1-9]'; do sleep 0.02; done
}

run_tool() {
  version=$(tools_version)
  exec "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m $(log_option quiet) -cp "$(dist "$version")/lib/*" "$@"
}

# --- verbs ------------------------------------------------------------------------------------------------------------

verb=${1:-help}
case $verb in
  fetch)
    shift
    for version in "${@:-$newest_complete}"; do
      (fetch "$version")
      (fetch "$(tools_version)")
    done
    exit
    ;;
  new | start | stop | kill9 | pause | resume | run | ready | waittopic | java | freeport) ;;
  help | -h | --help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac

[[ $# -ge 2 ]] || { usage >&2; exit 2; }
[[ $verb != new && $verb != freeport ]] || mkdir -p "$2"
dir=$(cd "$2" && pwd) || die "$2: no such folder"
shift 2
if [[ $verb == new ]]; then
  version=${1:?kafka.sh new DIR VERSION}
  shift
else
  version=$(cat "$dir/version" 2> /dev/null || echo $newest_complete)
fi
class_path="$(dist "$version")/lib/*"

case $verb in
  new) new_broker "$@" ;;
  start) start ;;
  stop) stop ;;
  kill9) end_process broker KILL; date +%s%3N > "$dir/killed_at_ms" ;;
  pause) kill -STOP "$(pid_of broker)" ;;
  resume) kill -CONT "$(pid_of broker)" ;;
  run) run "${1:?kafka.sh run DIR broker|zookeeper}" ;;
  ready) ready ;;
  waittopic) wait_for_topic "${1:?kafka.sh waittopic DIR TOPIC}" ;;
  java) run_tool "$@" ;;
  freeport) freeport ;;
esac
