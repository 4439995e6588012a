//! The command line of `flowclient inspect`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueHint;

/// Command lines, each with what it does, and how they end.
pub(super) const EXAMPLES: &str = "\
Examples:
  flowclient inspect channel.ts
          A report of a file, read as fast as it goes
  flowclient inspect 'udp://239.1.1.7:5000?iface=eth1' --for 10s
          Ten seconds of what is on air; Ctrl-C ends it earlier
  flowclient inspect tap.pcapng --flow 239.1.1.7:5000 --json | jq .tr101290
          One flow of a capture of network traffic, for a program
  tcpdump -i eth0 -w - udp port 5000 | flowclient inspect - --for 1m

Exit codes: 0 no priority 1 errors (TR 101 290), 1 there are some, 2 there is nothing to inspect.";

/// What to inspect, and how to tell what was found.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// A ts, m2ts, 204-byte, pcap or pcapng file, `-` for standard input, or a URL: udp://, rtp://, file: or test:
    #[arg(value_name = "FILE|URL", value_hint = ValueHint::AnyPath, required_unless_present = "schema")]
    pub(crate) input: Option<String>,
    /// Write JSON; see --schema
    #[arg(long)]
    pub(crate) json: bool,
    /// Inspect so much of the stream only, as 10s or 1h 30m [default: all of it]
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) inspect_for: Option<Duration>,
    /// Of a pcap or pcapng file, inspect the flow to this address [default: the one with the most packets]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) flow: Option<SocketAddr>,
    /// Write the JSON Schema of what --json writes, and do nothing else
    #[arg(long)]
    pub(crate) schema: bool,
}
