//! Other relays under a supervisor that starts them again: what a pair is compared with.

use std::process::Command;

use super::lab::{IN_GROUP, Lab, OUT_GROUP, wait_for_more};
use super::tape::Tape;
use crate::lab::{NetNs, Process, Signal};

/// Datagrams between two kills, so that each finds the relay at its work.
const APART: usize = 500;

/// A relay that knows no pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherRelay {
    /// As plain data, in datagrams of the same size: it need not find out first what it carries.
    Ffmpeg,
    /// Without RTP headers.
    Multicat,
}

impl OtherRelay {
    /// All, in the order of the tables.
    pub const ALL: [Self; 2] = [Self::Ffmpeg, Self::Multicat];

    /// Its name in the records and the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg -c copy",
            Self::Multicat => "multicat",
        }
    }

    fn command(self, host: &NetNs) -> Command {
        let (program, arguments) = match self {
            Self::Ffmpeg => (
                "ffmpeg",
                format!(
                    "-loglevel error -nostdin -f data -raw_packet_size 1316 -i udp://{IN_GROUP}?overrun_nonfatal=1 \
                     -map 0 -c copy -f data -flush_packets 1 udp://{OUT_GROUP}?pkt_size=1316"
                ),
            ),
            Self::Multicat => ("multicat", format!("-u -U @{IN_GROUP} {OUT_GROUP}")),
        };
        let mut command = host.command(program);
        command.args(arguments.split_whitespace());
        command
    }
}

/// A relay that is started again as soon as it has ended.
#[derive(Debug)]
pub(super) struct Supervised<'a> {
    lab: &'a Lab,
    relay: OtherRelay,
    process: Option<Process>,
}

impl<'a> Supervised<'a> {
    pub(super) fn start(lab: &'a Lab, relay: OtherRelay) -> Self {
        lab.route_groups(0);
        let process = Some(Process::start(&mut relay.command(&lab.segment.hosts[0])));
        Self { lab, relay, process }
    }

    /// SIGKILL; the next one starts when this one has ended.
    pub(super) fn kill(&mut self, tape: &Tape) {
        wait_for_more(tape, APART);
        if let Some(process) = self.process.take() {
            process.signal(Signal::KILL);
            process.wait();
        }
        self.process = Some(Process::start(&mut self.relay.command(&self.lab.segment.hosts[0])));
        wait_for_more(tape, APART);
    }
}
