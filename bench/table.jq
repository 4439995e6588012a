# The runs of `compare`, one object each in an array, as markdown. Pure: no figure is measured or chosen here.
#   --argjson order [names], --arg machine TEXT, --arg part all|summary

def sorted_median: sort | (.[((length - 1) / 2) | floor] + .[(length / 2) | floor]) / 2;

# Rounded to three figures or so, as people read them.
def short:
  if . == null then "-"
  elif . >= 100 then round
  elif . >= 10 then . * 10 | round / 10
  else . * 100 | round / 100
  end | tostring;

def spread: map(select(. != null)) |
  if length == 0 then "-"
  elif min == max then min | short
  else "\(sorted_median | short) (\(min | short)..\(max | short))"
  end;

def per_datagram_us(nanos): if .sink.received > 0 then nanos / .sink.received / 1000 else null end;
# Routing has no process of its own: its work is in the softirq column.
def cpu_us: if .relay == "route" or .cpu_ns == null then null else per_datagram_us(.cpu_ns) end;
def softirq_us: per_datagram_us(.softirq_ns);
def lost: [0, .source.sent - .sink.received] | max;
def lost_percent: 100 * lost / .source.sent;

# A relay that loses much spends its time otherwise than one that forwards: no ratio then.
def comparable: .sink.received > 0 and lost_percent <= 10;

# Pairs this run's figure with the same of `$reference` in the same round; null if there is no fair pair.
def ratio($runs; $reference; figure):
  . as $run | ($runs | map(select(.relay == $reference and .round == $run.round)) | first) as $other |
  if $other == null or ($run | comparable | not) or ($other | comparable | not) then null
  else ($run | figure) as $mine | ($other | figure) as $theirs |
    if $mine != null and $theirs > 0 then $mine / $theirs else null end
  end;

def best_loop: if .mode == "joined" then "gro" else "gso" end;

def title: {
  flowclient: "**flowclient**, sockets", flowclient_xdp: "**flowclient**, AF_XDP", ffmpeg: "ffmpeg -c copy", gstreamer: "gst-launch udpsrc ! udpsink",
  recv_send: "recv + send, C", mmsg: "recvmmsg + sendmmsg, C", gso: "recvmmsg + GSO send, C",
  gro: "GRO receive + GSO send, C", uring: "io_uring multishot receive + GSO send, C", route: "kernel multicast routing"
}[.] // .;

def kib: if . == null then "-" else "\(. / 1024 | round)" end;

def row($runs; $loop): . as $mine | [
  ($mine[0].relay | title),
  ($mine | map(cpu_us) | spread),
  ($mine | map(ratio($runs; "multicat"; cpu_us)) | spread),
  ($mine | map(ratio($runs; "recv_send"; cpu_us)) | spread),
  ($mine | map(ratio($runs; $loop; cpu_us)) | spread),
  ($mine | map(softirq_us) | spread),
  ($mine | map(lost_percent) | spread),
  ($mine | map(.sink.p50_us) | spread),
  ($mine | map(.sink.p99_us) | spread),
  ($mine | map(.sink.reordered + .sink.duplicates + .sink.malformed) | add | tostring),
  ($mine[0].receive_buffer | kib)
] | "| " + join(" | ") + " |";

def table: . as $runs | $runs[0] as $first | ($first | best_loop) as $loop |
  "### \($first.rate / 1000) k/s, \(if $first.mode == "joined" then "source sends with GSO" else "datagrams arrive one by one" end)",
  "",
  "Sent: \($runs | map(.source.rate / 1000) | spread) k/s.",
  "",
  "| relay | CPU us/datagram | x multicat | x recv+send | x \($loop | ascii_upcase) loop | softirq us/datagram | lost % | p50 us | p99 us | wrong | buffer KiB |",
  "|---|---|---|---|---|---|---|---|---|---|---|",
  ($order[] as $name | $runs | map(select(.relay == $name)) | select(length > 0) | row($runs; $loop)),
  "";

def verdict(met): if met == null then "not measured" elif met then "met" else "missed" end;

def at($rate; $mode): map(select(.rate == $rate and .mode == $mode));

# A line of the aims: `$relay`'s figure over `$reference`'s, each pair of the same round.
def ratio_aim($relay; $rate; $mode; $reference; figure; $limit; $text):
  at($rate; $mode) as $runs | [$runs[] | select(.relay == $relay) | ratio($runs; $reference; figure)] |
  map(select(. != null)) |
  "| \($text) | \(spread) | at most \($limit) | \(verdict(if length == 0 then null else sorted_median <= $limit end)) |";

def loss_aim($relay; $rate; $mode; $text):
  at($rate; $mode) | map({relay, lost: lost}) |
  (map(select(.relay == $relay).lost)) as $mine | (map(select(.relay == "gso").lost)) as $loop |
  "| \($text) | \($mine | spread) (C GSO loop: \($loop | spread)) | 0 | \(
    verdict(if ($mine | length) == 0 then null else ($mine | sorted_median) == 0 end)) |";

def aims:
  "### Aims of flowclient, as ratios within one round",
  "",
  "| aim | measured | wanted | |",
  "|---|---|---|---|",
  ratio_aim("flowclient"; 150000; "apart"; "gso"; cpu_us; 1; "sockets, CPU a datagram at 150 k/s, x GSO loop"),
  ratio_aim("flowclient"; 150000; "apart"; "multicat"; cpu_us; 0.35; "sockets, CPU a datagram at 150 k/s, x multicat"),
  ratio_aim("flowclient"; 600000; "joined"; "gro"; cpu_us; 1.15; "sockets, CPU a datagram at 600 k/s from a GSO source, x GRO loop"),
  loss_aim("flowclient"; 250000; "apart"; "sockets, datagrams lost at 250 k/s"),
  loss_aim("flowclient"; 600000; "joined"; "sockets, datagrams lost at 600 k/s from a GSO source"),
  ratio_aim("flowclient"; 40000; "apart"; "recv_send"; .sink.p50_us; 1; "sockets, latency p50 at 40 k/s, x recv + send in C"),
  ratio_aim("flowclient"; 40000; "apart"; "recv_send"; .sink.p99_us; 1; "sockets, latency p99 at 40 k/s, x recv + send in C"),
  ratio_aim("flowclient_xdp"; 150000; "apart"; "flowclient"; cpu_us; 0.35; "AF_XDP, CPU a datagram at 150 k/s, x sockets"),
  ratio_aim("flowclient_xdp"; 500000; "apart"; "flowclient"; cpu_us; 0.35; "AF_XDP, CPU a datagram at 500 k/s, x sockets"),
  loss_aim("flowclient_xdp"; 500000; "apart"; "AF_XDP, datagrams lost at 500 k/s"),
  ratio_aim("flowclient_xdp"; 40000; "apart"; "route"; .sink.p50_us; 1.2; "AF_XDP, latency p50 at 40 k/s, x kernel multicast routing"),
  ratio_aim("flowclient_xdp"; 40000; "apart"; "route"; .sink.p99_us; 1.2; "AF_XDP, latency p99 at 40 k/s, x kernel multicast routing"),
  "";

def noise:
  map(.foreign_percent) as $foreign | (map(.sink.sink_dropped) | add) as $dropped |
  "Noise: other work took \($foreign | spread) % of the machine during a run.",
  (if $dropped > 0 then "The sink itself dropped \($dropped) datagrams; they are counted as lost." else empty end);

# A cell for people in a hurry: CPU time a datagram, and the loss where there is any.
def cell:
  (map(cpu_us) | map(select(. != null)) | if length == 0 then "-" else "\(sorted_median | short) us" end) +
  (map(lost_percent) | if length == 0 then "" else sorted_median | if . >= 0.005 then ", \(short) % lost" else "" end end);

def rate_title: "\(.rate / 1000) k/s" + (if .mode == "joined" then ", GSO" else "" end);

def summary: . as $runs | (group_by([.mode, .rate]) | map(.[0])) as $columns |
  "CPU time a datagram of 1,316 bytes, and loss; \($machine); median of \(map(.round) | max) rounds.",
  "",
  "| relay | \($columns | map(rate_title) | join(" | ")) | latency at \($columns[0].rate / 1000) k/s, p50 and p99 |",
  "|---|\($columns | map("---") | join("|"))|---|",
  ($order[] as $name | [$runs[] | select(.relay == $name)] | select(length > 0) | . as $mine |
    "| \(.[0].relay | title) | \($columns | map(. as $column |
      [$mine[] | select(.rate == $column.rate and .mode == $column.mode)] | cell) | join(" | ")) | \(
      [$mine[] | select(.rate == $columns[0].rate and .mode == $columns[0].mode)] |
        "\(map(.sink.p50_us) | sorted_median | short), \(map(.sink.p99_us) | sorted_median | short) us") |");

def all:
  "Measured on \($machine). Median (min..max) of \(map(.round) | max) rounds of \(.[0].seconds) s; tick \(.[0].tick_us) us.",
"",
(group_by([.mode, .rate])[] | table),
(if any(.[]; .relay == "flowclient") then aims else empty end),
noise;

if $part == "summary" then summary else all end
