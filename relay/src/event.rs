//! What a flow has to say to people, rarely enough to be logged line by line.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::io::xdp::Refusal;
use crate::pair::machine::reason::Reason;
use crate::stage::inspect::alarm::{AlarmChange, AlarmEvent};
use crate::stage::punctuality::TOLERANCE;
use crate::stage::release::Tier;
use crate::time::Utc;

/// An event of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowEvent {
    /// Name of the flow.
    pub flow: String,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The first datagram has come in.
    InputStarted,
    /// Nothing has come in for this long; said once a silence.
    InputSilent(Duration),
    /// Datagrams come in again after this long.
    InputBack(Duration),
    /// The input's socket was opened anew, on the interface as it is now.
    InputReopened,
    /// The input could not be opened anew; tried again every second, said once a reason.
    InputFailed(String),
    /// Datagrams come by AF_XDP from now on.
    InputByXdp {
        /// The interface.
        interface: String,
        /// The mode, and whether frames are copied.
        way: &'static str,
    },
    /// Datagrams come through sockets, though they might have come by AF_XDP.
    InputThroughSockets {
        /// Why.
        reason: Refusal,
        /// Whether AF_XDP was asked for.
        against_will: bool,
    },
    /// An output's datagrams leave by AF_XDP from now on.
    OutputByXdp {
        /// The output's address.
        output: String,
        /// The interface.
        interface: String,
        /// Whether frames are copied.
        way: &'static str,
    },
    /// An output's datagrams leave through sockets, though they might have left by AF_XDP.
    OutputThroughSockets {
        /// The output's address.
        output: String,
        /// Why.
        reason: Refusal,
    },
    /// The kernel granted a smaller receive buffer than asked for, in bytes.
    ReceiveBufferSmall {
        /// Asked for.
        wanted: usize,
        /// Granted.
        granted: usize,
    },
    /// The kernel dropped this many datagrams more, the socket's buffer being full.
    KernelDrops(u64),
    /// Packet synchronisation was lost and found again.
    Resynchronised,
    /// An output refuses datagrams; said once until it takes them again.
    OutputFailed {
        /// The output's address.
        output: String,
        /// The kernel's reason.
        reason: String,
    },
    /// An output takes datagrams again.
    OutputBack {
        /// The output's address.
        output: String,
    },
    /// Somebody keeps the release times of the paced flow from now on.
    Paced {
        /// Who.
        tier: Tier,
        /// Why none better.
        reason: Option<String>,
    },
    /// In the last second too many datagrams left too far from their release time.
    PacingDegraded {
        /// So many did.
        unpunctual: u64,
        /// Of so many.
        of: u64,
    },
    /// Datagrams leave at their time again.
    PacingRestored,
    /// This instance sends from now on.
    TookAir(Reason),
    /// This instance holds back from now on.
    LeftAir(Reason),
    /// Somebody who is no instance of this flow sends to its group.
    Stranger(SocketAddr),
    /// A source made here was so late, or its clock was set so far, that it went on elsewhere: its stream has a gap.
    SourceMoved {
        /// Where it was.
        from: Utc,
        /// Where it goes on.
        to: Utc,
    },
    /// Transport packets were lost, and where; said by whoever watches the host, which the relay does not.
    Loss {
        /// Where.
        cause: LossCause,
        /// How many packets, as far as it can be told.
        packets: u64,
    },
    /// An alarm of the inspection was raised or cleared.
    Alarm(AlarmEvent),
    /// What came around an alarm was saved.
    Recorded {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
    },
    /// What came around an alarm could not be saved.
    RecordingFailed(String),
    /// The source has ended (a file that is not looped) and its last datagram is sent.
    Ended,
}

/// Where transport packets were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossCause {
    /// Before they came to this host.
    Upstream,
    /// At this host's interface or in its protocol stack, before the socket.
    Network,
    /// At the socket, while the host did not let the process run.
    Host,
    /// At the socket or behind it, though the process could run.
    Process,
}

impl LossCause {
    /// All causes, along the way of a datagram.
    pub const ALL: [Self; 4] = [Self::Upstream, Self::Network, Self::Host, Self::Process];

    /// Name, as a label of metrics and a key of reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Network => "network",
            Self::Host => "host",
            Self::Process => "process",
        }
    }
}

impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream => "upstream: they did not come to this host",
            Self::Network => "in this host's network: dropped at the interface or in the protocol stack",
            Self::Host => "by this host: the socket's buffer was full, and the process was kept from running",
            Self::Process => "by this process: it did not keep up, though it could run",
        })
    }
}

impl EventKind {
    /// Whether the event is bad news.
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::InputSilent(_)
                | Self::InputFailed(_)
                | Self::InputThroughSockets { against_will: true, .. }
                | Self::ReceiveBufferSmall { .. }
                | Self::KernelDrops(_)
                | Self::Loss { .. }
                | Self::OutputFailed { .. }
                | Self::PacingDegraded { .. }
                | Self::RecordingFailed(_)
                | Self::SourceMoved { .. }
                | Self::TookAir(Reason::Silence | Reason::TakenBack)
                | Self::LeftAir(Reason::Outranked | Reason::Stalled | Reason::Unheard)
                | Self::Stranger(_)
                | Self::Alarm(AlarmEvent { change: AlarmChange::Raised(_), .. })
        )
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputStarted => write!(f, "input has started"),
            Self::InputSilent(span) => write!(f, "no input for {:.1} s", span.as_secs_f64()),
            Self::InputBack(span) => write!(f, "input is back after {:.1} s", span.as_secs_f64()),
            Self::InputByXdp { interface, way } => write!(f, "input by AF_XDP at {interface}: {way}"),
            Self::InputThroughSockets { reason, .. } => write!(f, "input through sockets: {reason}"),
            Self::OutputByXdp { output, interface, way } => {
                write!(f, "output {output} by AF_XDP at {interface}: {way}")
            }
            Self::OutputThroughSockets { output, reason } => write!(f, "output {output} through sockets: {reason}"),
            Self::InputReopened => write!(f, "input opened anew"),
            Self::InputFailed(reason) => write!(f, "input cannot be opened: {reason}; trying again every second"),
            Self::ReceiveBufferSmall { wanted, granted } => write!(
                f,
                "receive buffer is {granted} bytes, {wanted} asked for; raise the limit with: sysctl -w net.core.rmem_max={wanted}"
            ),
            Self::KernelDrops(count) => write!(f, "kernel dropped {count} datagrams, the receive buffer being full"),
            Self::Loss { cause, packets } => write!(f, "{packets} transport packets lost {cause}"),
            Self::Resynchronised => write!(f, "packet synchronisation was lost and found again"),
            Self::OutputFailed { output, reason } => write!(f, "output {output} refuses datagrams: {reason}"),
            Self::OutputBack { output } => write!(f, "output {output} takes datagrams again"),
            Self::Paced { tier, reason: None } => write!(f, "paced by {tier}"),
            Self::Paced { tier, reason: Some(reason) } => write!(f, "paced by {tier}: {reason}"),
            Self::PacingDegraded { unpunctual, of } => write!(
                f,
                "{unpunctual} of {of} datagrams left more than {} ms from their time in the last second: the host is short \
                 of processor time or this process of room",
                TOLERANCE.as_millis()
            ),
            Self::PacingRestored => write!(f, "datagrams leave at their time again"),
            Self::TookAir(reason) => write!(f, "on air: {reason}"),
            Self::LeftAir(reason) => write!(f, "standing by: {reason}"),
            Self::Stranger(source) => write!(f, "{source} sends to the same group and is no instance of this flow"),
            Self::SourceMoved { from, to } if to > from => {
                write!(f, "source was {:.1} s late and leaves that out", to.since(*from).as_secs_f64())
            }
            Self::SourceMoved { from, to } => {
                write!(f, "clock was set back {:.1} s, and the source with it", from.since(*to).as_secs_f64())
            }
            Self::Alarm(alarm) => write!(f, "{alarm}"),
            Self::Recorded { path, bytes } => {
                write!(f, "what came around the alarm is saved: {} ({bytes} bytes)", path.display())
            }
            Self::RecordingFailed(reason) => write!(f, "what came around the alarm cannot be saved: {reason}"),
            Self::Ended => write!(f, "source has ended"),
        }
    }
}

/// Takes events from the flows' threads; called between batches, so it must not block.
pub type EventSink = Arc<dyn Fn(FlowEvent) + Send + Sync>;
