# The relays that are compared: each a command that takes IN_GROUP:IN_PORT to OUT_GROUP:OUT_PORT. Sourced, not run.

# Order of the tables.
ALL_RELAYS=(flowclient flowclient_xdp multicat ffmpeg gstreamer socat recv_send mmsg gso gro uring route)
QUICK_RELAYS=(flowclient multicat recv_send gso gro)

# relay_command NAME: the command in the array COMMAND, and in SINK_GROUP where the stream comes out.
relay_command() {
    local in=$IN_GROUP:$IN_PORT out=$OUT_GROUP:$OUT_PORT
    SINK_GROUP=$out
    case $1 in
    flowclient) COMMAND=("$FLOWCLIENT" --engine socket --in "udp://$in?iface=in" --out "udp://$out?iface=out") ;;
    flowclient_xdp) COMMAND=("$FLOWCLIENT" --engine xdp --in "udp://$in?iface=in" --out "udp://$out?iface=out") ;;
    # -u and -U: no RTP header, neither in nor out.
    multicat) COMMAND=(multicat -u -U "@$in" "$out") ;;
    # As plain data, in datagrams of the same size: without the cost of taking the stream apart and putting it together.
    # When its own queue overflows it is to lose datagrams, not to end.
    ffmpeg)
        COMMAND=(ffmpeg -loglevel error -nostdin -f data -raw_packet_size 1316 -i "udp://$in?overrun_nonfatal=1"
            -map 0 -c copy -f data -flush_packets 1 "udp://$out?pkt_size=1316")
        ;;
    gstreamer)
        COMMAND=(gst-launch-1.0 -q udpsrc "address=$IN_GROUP" "port=$IN_PORT" !
            udpsink "host=$OUT_GROUP" "port=$OUT_PORT" sync=false async=false)
        ;;
    socat) COMMAND=(socat -u "UDP4-RECV:$IN_PORT,bind=$IN_GROUP,ip-add-membership=$IN_GROUP:in" "UDP4-SENDTO:$out") ;;
    recv_send | mmsg | gso | gro | uring) COMMAND=("$PEERS/loop_$1" "$in" "$out") ;;
    route)
        COMMAND=("$PEERS/loop_route" "$SOURCE_ADDRESS" "$in" in out)
        SINK_GROUP=$in
        ;;
    *) fail "unknown relay $1; there are: ${ALL_RELAYS[*]}" ;;
    esac
}

# start_both NAME: sink and relay, ready to receive, in $SINK and $RELAY.
start_both() {
    relay_command "$1"
    start "$SINK_NS" "$WORK/sink" "$PEERS/sink" "$SINK_GROUP" 100000000
    SINK=$PID
    start "$RELAY_NS" "$WORK/relay" "${COMMAND[@]}"
    RELAY=$PID
    wait_joined "$SINK" "${SINK_GROUP%:*}" || fail "sink: $(cat "$WORK/sink.err")"
    wait_joined "$RELAY" "$IN_GROUP" || fail "$1 does not join $IN_GROUP: $(cat "$WORK/relay.err")"
}

# relay_needs NAME: installs or builds it.
relay_needs() {
    case $1 in
    multicat | ffmpeg | socat) need "$1" "$1" ;;
    gstreamer) need gst-launch-1.0 gstreamer1.0-tools gstreamer1.0-plugins-good ;;
    flowclient | flowclient_xdp) need_flowclient ;;
    uring)
        [[ -e /usr/include/liburing.h ]] || need liburing liburing-dev
        mkdir -p "$PEERS"
        build_peer loop_uring -luring
        ;;
    esac
}

# Builds the release binary unless --flowclient named one.
need_flowclient() {
    if [[ -z ${FLOWCLIENT:-} ]]; then
        (cd "$BENCH/.." && cargo build --release -p flowclient) >&2 || fail "flowclient does not build"
        FLOWCLIENT=$TARGET/release/flowclient
    fi
    [[ -x $FLOWCLIENT ]] || fail "$FLOWCLIENT is not a program; name one with --flowclient PATH"
}
