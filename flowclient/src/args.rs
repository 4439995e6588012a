//! The command line, as typed.
//!
//! Help, shell completions and the manual page are made of these definitions. URLs are left as text here: what they mean
//! is said by `relay::spec`, for files and for the command line alike.

mod doctor;
mod inspect;
mod pair;
mod record;

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
pub(crate) use doctor::DoctorArgs;
pub(crate) use inspect::InspectArgs;
pub(crate) use pair::PairArgs;
pub(crate) use record::RecordArgs;
use relay::spec::{DEFAULT_PACKETS_PER_DATAGRAM, Engine, Inspect, MOST_PACKETS_PER_DATAGRAM, Pace};

const USAGE: &str = "\
flowclient --handler <NAME> --out <URL> [OPTIONS]
       flowclient --in <URL> --out <URL> [OPTIONS]
       flowclient --config <FILE> [OPTIONS]
       flowclient <COMMAND>";

/// Command lines, each with what it does.
pub(crate) const EXAMPLES: &str = "  flowclient --handler ch7 --out 239.1.1.7:5000
          A channel of the catalog, to a multicast group
  flowclient --in 'udp://10.0.0.5@232.9.9.9:5000?iface=eth0' --out '239.1.1.7:5000?iface=eth1'
          From one network to another, from one sender only
  flowclient --in 'file:loop.ts?loop=true' --pace pcr --out rtp://239.1.1.7:5000 --out 10.0.0.9:6000
          A file for ever, smoothed, to a group in RTP and to a host in UDP
  flowclient --handler ch7 --out 239.1.1.7:5000 --pair
          On two hosts or more: one is on air, and another goes on when it falls silent
  flowclient check --config flows.toml && flowclient --config flows.toml
          Many flows from a file, checked first
  flowclient inspect 'udp://239.1.1.7:5000?iface=eth1' --for 10s
          What is on air, and whether it is good";

/// What can be written in URLs, and what the process answers to its surroundings.
pub(crate) const NOTES: &str = "\
Sources:
  udp://[SOURCE@]ADDRESS:PORT[?iface=NAME]   a multicast group, or an address of this host
  rtp://[SOURCE@]ADDRESS:PORT[?iface=NAME]   the same, in RTP
  file:PATH[?loop=true]                      a transport stream file, once or for ever
  test:[clock|bars][?bitrate=8M&label=CH+7&name=Channel+7]
                                             a synthetic channel
Outputs:
  [udp://|rtp://]ADDRESS:PORT[?OPTIONS]      a multicast group, or a host
    iface=NAME    interface, by its name or an address that it has
    ttl=HOPS      1 to 255; 16 to a group and 64 to a host unless given
    dscp=CODE     0 to 63; 0 unless given
    src=ADDRESS   address of this host to send from
    loop=false    keep a group from receivers on this host

Exit codes: 0 done, 1 failure while running, 2 wrong usage or configuration.
Signals: SIGTERM and SIGINT stop, SIGHUP reads configuration and catalog anew.";

fn examples() -> String {
    format!("Examples:\n{EXAMPLES}")
}

/// Receives 24/7 channels (MPEG transport streams) and sends them on as multicast.
#[derive(Debug, Parser)]
#[command(name = "flowclient", version, max_term_width = 120, override_usage = USAGE)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, arg_required_else_help = true)]
#[command(after_help = examples(), after_long_help = format!("{}\n\n{NOTES}", examples()))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) args: Args,
}

/// What else to do than to run flows.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the handlers of the catalog
    Handlers(HandlersArgs),
    /// Check all that can be checked without sending; takes the same options as a run
    Check(Box<Args>),
    /// Look whether this machine is fit for the flows, what it costs them, and what mends it; takes the options of a run
    #[command(after_help = doctor::EXAMPLES, mut_group("FromArgs", |group| group.required(false)))]
    Doctor(Box<DoctorArgs>),
    /// Inspect a capture or a live address: services, PIDs, tables, TR 101 290, splices, clocks
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(InspectArgs),
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual page
    Man,
    /// List the metrics, in Markdown
    #[command(hide = true)]
    Metrics,
}

/// How to run flows.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) from: FromArgs,
    #[command(flatten)]
    pub(crate) flow: FlowArgs,
    #[command(flatten)]
    pub(crate) pair: PairArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) catalog: CatalogArgs,
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
}

/// Where flows come from: one of these.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct FromArgs {
    /// Handler (channel of the catalog) to send; see `flowclient handlers`
    #[arg(long, value_name = "NAME", requires = "outputs")]
    pub(crate) handler: Option<String>,
    /// Source to send: udp://, rtp://, file: or test:
    #[arg(long = "in", value_name = "URL", value_hint = ValueHint::Url, requires = "outputs")]
    pub(crate) input: Option<String>,
    /// File of flows to send (TOML)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
}

impl FromArgs {
    /// Whether flows are given at all.
    pub(crate) const fn is_some(&self) -> bool {
        self.handler.is_some() || self.input.is_some() || self.config.is_some()
    }
}

/// The one flow of the command line; with a file, all this is in the file.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct FlowArgs {
    /// Where to send it: [udp://|rtp://]ADDRESS:PORT; may be given several times
    #[arg(long = "out", value_name = "URL", value_hint = ValueHint::Url)]
    #[arg(requires = "FromArgs", conflicts_with = "config")]
    pub(crate) outputs: Vec<String>,
    /// Name of the flow in logs and metrics [default: the handler, or the first output's address]
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) name: Option<String>,
    /// When datagrams leave: as they arrive (lowest latency), or by the stream's clock (smooth)
    #[arg(long, value_name = "PACE", default_value_t, conflicts_with = "config", value_parser = pace())]
    pub(crate) pace: Pace,
    /// How closely to look at the stream: at everything, or at continuity counters only (cheapest)
    #[arg(long, value_name = "INSPECTION", default_value_t, conflicts_with = "config", value_parser = inspection())]
    pub(crate) inspect: Inspect,
    /// Transport packets in each datagram, 1 to 348
    #[arg(long, value_name = "COUNT", conflicts_with = "config", value_parser = packets())]
    #[arg(default_value_t = DEFAULT_PACKETS_PER_DATAGRAM)]
    pub(crate) packets_per_datagram: usize,
}

fn pace() -> impl TypedValueParser<Value = Pace> {
    PossibleValuesParser::new(Pace::ALL.map(Pace::as_str)).try_map(|text| text.parse::<Pace>())
}

fn inspection() -> impl TypedValueParser<Value = Inspect> {
    PossibleValuesParser::new(Inspect::ALL.map(Inspect::as_str)).try_map(|text| text.parse::<Inspect>())
}

fn engine() -> impl TypedValueParser<Value = Engine> {
    PossibleValuesParser::new(Engine::ALL.map(Engine::as_str)).try_map(|text| text.parse::<Engine>())
}

fn packets() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=MOST_PACKETS_PER_DATAGRAM as u64)
}

/// Where handlers are looked up.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct CatalogArgs {
    /// File of handlers (TOML) [default: flowclient/catalog.toml in $XDG_CONFIG_HOME or /etc, or else the built-in one]
    #[arg(long, value_name = "FILE", env = "FLOWCLIENT_CATALOG", hide_env_values = true)]
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) catalog: Option<PathBuf>,
}

/// The process around the flows.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ProcessArgs {
    /// Where the status page, health and metrics are served over HTTP; `off` for nowhere
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9090", value_parser = listen)]
    pub(crate) listen: Listen,
    /// Stop after this time, as 10s or 1h 30m [default: never]
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) run_for: Option<Duration>,
    /// Threads that move datagrams [default: 1, or with --config one a core]
    #[arg(long, value_name = "COUNT", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) threads: Option<usize>,
    /// Keep each of these threads on one core, in turn over the cores that the process may run on
    #[arg(long)]
    pub(crate) pin: bool,
    /// Have the memory of these threads in huge pages, which takes 2 MiB at a time
    #[arg(long)]
    pub(crate) huge_pages: bool,
    /// How datagrams get here: by AF_XDP where it is possible and of use, through sockets, or by AF_XDP in any mode
    #[arg(long, value_name = "ENGINE", env = "FLOWCLIENT_ENGINE", default_value_t, value_parser = engine())]
    pub(crate) engine: Engine,
    /// Form of the log on standard error
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) log_format: LogForm,
    /// Log warnings and errors only, and show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// An HTTP address, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Option<SocketAddr>);

fn listen(text: &str) -> Result<Listen, String> {
    if text == "off" {
        return Ok(Listen(None));
    }
    let address = text.parse().ok().or_else(|| without_brackets(text));
    let address = address.ok_or("write an IP address and a port, as 0.0.0.0:9090 or [::]:9090, or off")?;
    Ok(Listen(Some(address)))
}

/// `fd00::1:9090`: Kubernetes puts the address of a host before the port and knows no brackets. The port is never left out, so it
/// is what follows the last colon.
fn without_brackets(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.rsplit_once(':')?;
    Some((address.parse::<Ipv6Addr>().ok()?, port.parse().ok()?).into())
}

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// Text on a terminal, JSON elsewhere
    #[default]
    Auto,
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// How to list handlers.
#[derive(Debug, clap::Args)]
pub(crate) struct HandlersArgs {
    #[command(flatten)]
    pub(crate) catalog: CatalogArgs,
    /// Write them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn refusal(words: &[&str]) -> ErrorKind {
        Cli::try_parse_from(["flowclient"].iter().chain(words)).unwrap_err().kind()
    }

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn there_is_one_source() {
        let out = ["--out", "239.1.1.7:5000"];
        assert_eq!(refusal(&out), ErrorKind::MissingRequiredArgument);
        assert_eq!(refusal(&["--handler", "a", "--in", "test:", out[0], out[1]]), ErrorKind::ArgumentConflict);
        assert_eq!(refusal(&["--handler", "a"]), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn what_belongs_in_the_file_is_not_given_beside_it() {
        for option in [["--out", "239.1.1.7:5000"], ["--pace", "pcr"], ["--name", "a"], ["--packets-per-datagram", "1"]]
        {
            assert_eq!(refusal(&["--config", "flows.toml", option[0], option[1]]), ErrorKind::ArgumentConflict);
        }
    }

    #[test]
    fn a_check_takes_the_options_of_a_run() {
        let words =
            ["flowclient", "check", "--handler", "a", "--out", "239.1.1.7:5000", "--pace", "pcr", "--for", "1m"];
        let Some(Command::Check(args)) = Cli::parse_from(words).command else { panic!("not a check") };
        assert_eq!((args.flow.pace, args.process.run_for), (Pace::Pcr, Some(Duration::from_secs(60))));
        assert_eq!(refusal(&["check"]), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn http_is_local_unless_told_otherwise_or_off() {
        let listen = |words: &[&str]| {
            let words = ["flowclient", "--config", "flows.toml"].iter().chain(words);
            Cli::parse_from(words).args.process.listen.0
        };
        assert_eq!(listen(&[]), Some("127.0.0.1:9090".parse().unwrap()));
        assert_eq!(listen(&["--listen", "[::]:80"]), Some("[::]:80".parse().unwrap()));
        assert_eq!(listen(&["--listen", "fd00::5:20000"]), Some("[fd00::5]:20000".parse().unwrap()));
        assert_eq!(listen(&["--listen", "off"]), None);
        for wrong in ["::9090", "fd00::5:", "9090", "192.168.2.163", "host:9090"] {
            assert_eq!(refusal(&["--config", "flows.toml", "--listen", wrong]), ErrorKind::ValueValidation, "{wrong}");
        }
    }
}
