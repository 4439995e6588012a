# The laboratory of `compare` and `idle` (`pair` has its own and uses the tools here): what is installed, three network namespaces in a row, and processes in them.
# Sourced, not run.

BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TARGET=${CARGO_TARGET_DIR:-$BENCH/../target}
PEERS=$TARGET/bench-peers

SOURCE_ADDRESS=10.9.1.1
IN_GROUP=239.9.0.1 IN_PORT=5001
OUT_GROUP=239.9.0.2 OUT_PORT=5002
SOURCE_NS=fc-bench-$$-source RELAY_NS=fc-bench-$$-relay SINK_NS=fc-bench-$$-sink
STARTED=() # process ids of what runs now

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*"; exit 1; }

# Nothing fails in silence.
trap 'say "$(basename "$0"): failed: $BASH_COMMAND (${BASH_SOURCE[0]##*/}:$LINENO)"' ERR

# need COMMAND PACKAGE...: installs Debian's packages unless the command is there.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    say "installing $*"
    # A fresh machine knows of no packages yet.
    install_packages "$@" || { apt-get update >/dev/null && install_packages "$@"; } ||
        fail "cannot install $*: install by hand what gives the command $command"
}

install_packages() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; }

build_peer() {
    local program=$1
    shift
    gcc -std=c11 -O2 -Wall -Wextra -Werror -o "$PEERS/$program" "$BENCH/peers/"{$program,net,stream}.c "$@"
}

build_peers() {
    local program
    mkdir -p "$PEERS"
    for program in source sink listen loop_{recv_send,mmsg,gso,gro,route}; do
        build_peer "$program"
    done
}

# link NS DEVICE ADDRESS PEER_NS PEER_DEVICE PEER_ADDRESS
link() {
    ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
    ip -n "$1" address add "$3/24" dev "$2"
    ip -n "$4" address add "$6/24" dev "$5"
    ip -n "$1" link set "$2" up
    ip -n "$4" link set "$5" up
}

# source --(10.9.1.0/24)-- relay --(10.9.2.0/24)-- sink. The routes say which device a group is joined on and sent to,
# so that no relay needs an option for it.
lab_up() {
    local ns
    [[ $EUID == 0 ]] || fail "network namespaces need root"
    trap lab_down EXIT
    trap 'say interrupted; exit 130' INT TERM
    for ns in "$SOURCE_NS" "$RELAY_NS" "$SINK_NS"; do
        ip netns add "$ns"
        ip -n "$ns" link set lo up
    done
    link "$SOURCE_NS" out "$SOURCE_ADDRESS" "$RELAY_NS" in 10.9.1.2
    link "$RELAY_NS" out 10.9.2.1 "$SINK_NS" in 10.9.2.2
    ip -n "$SOURCE_NS" route add "$IN_GROUP" dev out
    ip -n "$RELAY_NS" route add "$IN_GROUP" dev in
    ip -n "$RELAY_NS" route add "$OUT_GROUP" dev out
    ip -n "$SINK_NS" route add "$OUT_GROUP" dev in
    ip -n "$SINK_NS" route add "$IN_GROUP" dev in # for the relay that cannot rename the group
}

lab_down() {
    local ns
    set +e # whatever fails, the rest is to be cleared away
    stop "${STARTED[@]}"
    for ns in "$SOURCE_NS" "$RELAY_NS" "$SINK_NS"; do
        ip netns delete "$ns" 2>/dev/null
    done
    [[ -z ${WORK:-} ]] || rm -rf "$WORK"
}

# in_ns NS COMMAND...: becomes the command, so that its process id is that of the caller's job.
in_ns() { exec nsenter --net="/run/netns/$1" "${@:2}"; }

# start NS LOG COMMAND...: in the background; the process id is left in $PID.
start() {
    (in_ns "$1" "${@:3}") </dev/null >"$2" 2>"$2.err" &
    PID=$!
    STARTED+=("$PID")
}

# stop PID...: SIGTERM, and SIGKILL for who is still there after a second.
stop() {
    local pid
    for pid in "$@"; do
        kill -TERM "$pid" 2>/dev/null || continue
        for _ in {1..50}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.02
        done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    STARTED=()
}

# wait_joined PID GROUP: until the process's namespace has joined the group or has a route for it, 10 s at most.
wait_joined() {
    local a b c d hex
    IFS=. read -r a b c d <<<"$2"
    hex=$(printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a")
    for _ in {1..500}; do
        grep -qs "$hex" "/proc/$1/net/igmp" "/proc/$1/net/ip_mr_cache" && return
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.02
    done
    return 1
}

# cpu_ns PID: processor time of all its threads so far. Interrupt work done while one of them was running is part of it.
cpu_ns() { awk '{ sum += $1 } END { printf "%.0f", sum }' /proc/"$1"/task/*/schedstat; }

# Receive buffer of the relay's socket, or null: in bytes of the kernel's book-keeping, twice what was granted.
receive_buffer() {
    nsenter --net="/run/netns/$RELAY_NS" ss -uamnH "sport = :$IN_PORT" |
        awk 'match($0, /rb[0-9]+/) { rb = substr($0, RSTART + 2, RLENGTH - 2) } END { print rb ? rb : "null" }'
}

# Datagrams that the sockets of the relay's namespace dropped so far, their buffer being full.
socket_drops() {
    nsenter --net="/run/netns/$RELAY_NS" awk '$1 == "Udp:" && $6 ~ /^[0-9]+$/ { print $6 }' /proc/net/snmp
}

# All processors together, in ticks of 10 ms: busy (stolen time too), softirq, all.
cpu_ticks() { awk '$1 == "cpu" { print $2+$3+$4+$7+$8+$9, $8, $2+$3+$4+$5+$6+$7+$8+$9 }' /proc/stat; }

# describe_machine: what the figures were measured on.
describe_machine() {
    local model
    model=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
    echo "$model, $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
        "Linux $(uname -r), net.core.rmem_max $(</proc/sys/net/core/rmem_max)"
}

# write_section NAME [FILE]: replaces the part of FILE (RESULTS.md) between the markers of that name by what comes in.
write_section() {
    local file=${2:-$BENCH/RESULTS.md} text
    text=$(cat)
    grep -q "<!-- $1:begin -->" "$file" || printf '\n<!-- %s:begin -->\n<!-- %s:end -->\n' "$1" "$1" >>"$file"
    TEXT=$text awk -v name="$1" '
        $0 == "<!-- " name ":end -->" { inside = 0 }
        !inside { print }
        $0 == "<!-- " name ":begin -->" { inside = 1; print ENVIRON["TEXT"] }' "$file" >"$file.new"
    mv "$file.new" "$file"
}
