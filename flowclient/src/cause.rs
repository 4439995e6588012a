//! Where transport packets were lost: upstream, in this host's network, by this host, or by this process. Pure logic: samples
//! in, causes out.
//!
//! What is counted and what is inferred:
//!
//! - The kernel counts what it drops at a full socket, and the relay what it has no room for. That these were lost here is
//!   a fact. Whether the host or the process is to blame is inferred from who ran meanwhile ([`starvation`]).
//! - RTP sequence numbers and continuity counters tell what is missing; what was dropped at the socket is taken off
//!   ([`attribution`]). Whether the rest was lost before this host or in its network is inferred from the counters of the
//!   interface ([`path`]).

mod attribution;
mod credit;
mod path;
mod starvation;
mod surroundings;

use relay::event::LossCause;
use serde::Serialize;

pub(crate) use attribution::{Attribution, Facts};
pub(crate) use surroundings::{Inlet, Share, Surroundings, Verdict};

/// Transport packets lost, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Loss {
    pub(crate) upstream: u64,
    pub(crate) network: u64,
    pub(crate) host: u64,
    pub(crate) process: u64,
}

impl Loss {
    /// Packets lost by `cause`.
    pub(crate) const fn of(&self, cause: LossCause) -> u64 {
        match cause {
            LossCause::Upstream => self.upstream,
            LossCause::Network => self.network,
            LossCause::Host => self.host,
            LossCause::Process => self.process,
        }
    }

    const fn of_mut(&mut self, cause: LossCause) -> &mut u64 {
        match cause {
            LossCause::Upstream => &mut self.upstream,
            LossCause::Network => &mut self.network,
            LossCause::Host => &mut self.host,
            LossCause::Process => &mut self.process,
        }
    }

    fn add(&mut self, other: &Self) {
        for cause in LossCause::ALL {
            *self.of_mut(cause) += other.of(cause);
        }
    }
}
