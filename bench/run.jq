# One run's figures from what was read around it; times of `cpu_ticks` are in ticks of 10 ms.
def tick_ns: 10000000;
$source[0] as $sent | $sink[0] as $got |
($after[0] - $before[0]) as $busy | ($after[2] - $before[2]) as $all |
($sent.cpu_ns + $got.cpu_ns + ($cpu_ns // 0)) as $ours_ns |
{
  $round, $relay, $rate, $mode, $seconds, $tick_us, source: $sent, sink: $got, $cpu_ns,
  softirq_ns: (($after[1] - $before[1]) * tick_ns),
  receive_buffer: $buffer, relay_socket_drops: $drops,
  foreign_percent: ([0, 100 * ($busy - $ours_ns / tick_ns) / $all] | max)
}
