# The runs of `growth`, one object each in an array: as markdown, or as what plot.jq draws. Pure: no figure is measured here.
#   --arg part table|cpu|cost|memory|bitrate, --arg machine TEXT

def sorted_median: sort | (.[((length - 1) / 2) | floor] + .[(length / 2) | floor]) / 2;
def short: if . >= 100 then round elif . >= 10 then . * 10 | round / 10 else . * 100 | round / 100 end;
def spread: map(short) | if min == max then "\(min)" else "\(sorted_median | short) (\(min)..\(max))" end;

def microseconds: .cpu_ns / ([.sink.received, 1] | max) / 1000;
def core_percent: .cpu_ns / .seconds / 1e7;
def lost: .source.sent - .sink.received;
def kib_a_flow: .kib / .flows;
def per_datagram(count): count / ([.sink.received, 1] | max);
# Less than was asked for: the machine, or its other users, had no time for the source.
def reached: .source.sent / (.flows * .mbit * 1e6 / 10528 * .seconds) * 100;

def cases: group_by([.relay, .flows, .mbit]) | sort_by([(.[0].relay | IN("flowclient", "flowclient_xdp") | not), .[0].relay, .[0].mbit, .[0].flows]);

def title: {flowclient: "**flowclient**, sockets", flowclient_xdp: "**flowclient**, AF_XDP"}[.relay] // "\(.relay), \(.flows) processes";

def row: . as $runs | $runs[0] as $first | [
  ($first | title),
  ($first.flows | tostring), ($first.mbit | tostring), ($runs | map(reached) | spread),
  ($runs | map(microseconds) | spread), ($runs | map(core_percent) | spread), ($runs | map(per_datagram(.waits)) | spread),
  ($runs | map(lost) | spread), ($runs | map(.sink.p50_us) | spread), ($runs | map(.sink.p99_us) | spread),
  ($runs | map(.kib / 1024) | spread), ($runs | map(kib_a_flow) | spread),
  ($runs | map(.sink.reordered + .sink.duplicates + .sink.malformed) | add | tostring)
] | "| " + join(" | ") + " |";

# CPU time against that of as many processes of others, as a ratio within one round.
def ratio($all; $peer): . as $run |
  ($all | map(select(.relay == $peer and .round == $run.round and .flows == $run.flows and .mbit == $run.mbit)) | first) |
  if . == null then empty else ($run | microseconds) / microseconds end;

def ours: ["flowclient", "flowclient_xdp"];

def ratios: . as $all | (map([.flows, .mbit]) | unique)[] as [$flows, $mbit] | ours[] as $mine | (map(.relay) | unique - ours)[] as $peer |
  [$all[] | select(.relay == $mine and .flows == $flows and .mbit == $mbit) | ratio($all; $peer)] | select(length > 0) |
  "| \($flows) of \($mbit) Mb/s | \({relay: $mine} | title) | \($peer) | \(spread) |";

def table: . as $runs |
  "Measured on \($machine). Median (min..max) of \(map(.round) | max) rounds of \(.[0].seconds) s; other work and all of this together took \(map(.busy_percent) | spread) % of the machine.",
  "",
  "| relay | flows | Mb/s a flow | sent % of that | CPU us/datagram | % of a core | waits a datagram | lost | p50 us | p99 us | MiB | KiB a flow | wrong |",
  "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
  (cases[] | row),
  "",
  ([ratios] | if length > 0 then "| flows | CPU a datagram of | x as many processes of | |", "|---|---|---|---|", .[] else empty end);

def series(name; x; y): cases | map(select(.[0].relay == "flowclient")) | group_by(.[0] | name) |
  map({name: (.[0][0] | name), points: map([(.[0] | x), (map(y) | sorted_median)])} | select(.points | length > 1));

def of_flows: map(select(.relay == "flowclient")) | [.[] | select(.mbit as $m | [0.4, 8] | index($m))];
def title_of_rate: "\(.mbit) Mb/s a flow";

if $part == "table" then table
elif $part == "cpu" then {title: "Processor time against flows", x: {label: "flows", log: true}, y: {label: "% of a core"},
  series: (of_flows | series(title_of_rate; .flows; core_percent))}
elif $part == "cost" then {title: "Processor time a datagram against flows", x: {label: "flows", log: true}, y: {label: "us a datagram"},
  series: (of_flows | series(title_of_rate; .flows; microseconds))}
elif $part == "memory" then {title: "Memory against flows", x: {label: "flows", log: true}, y: {label: "MiB"},
  series: (of_flows | series(title_of_rate; .flows; .kib / 1024))}
else {title: "Processor time against the bitrate of one flow", x: {label: "Mb/s"}, y: {label: "% of a core"},
  series: (map(select(.flows == 1)) | series("one flow"; .mbit; core_percent))}
end
