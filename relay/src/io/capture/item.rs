//! What a capture gives: packets with their times, and what went wrong between them.

use std::net::SocketAddr;

use crate::time::Time;
use crate::wire::rtp::Rtp;
use crate::wire::ts::PACKET_LEN;

/// The next of a capture. Times are nanoseconds since the start of the capture and never run backwards.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A datagram came in; the packets that it completes follow. Captures of network traffic only.
    Datagram(Datagram),
    /// Packets in step.
    Run(Run<'a>),
    /// A packet whose sync byte is wrong while the next one's is right (TR 101 290, 1.2).
    BadSync {
        /// When it came.
        at: Time,
        /// Its bytes; the first is not the sync byte.
        packet: &'a [u8; PACKET_LEN],
    },
    /// Two packets in a row have a wrong sync byte (TR 101 290, 1.1). These two are in no [`Item::BadSync`].
    SyncLost {
        /// When the first of the two was due.
        at: Time,
    },
    /// Five sync bytes in a row were found.
    SyncFound {
        /// When the first of the five came.
        at: Time,
        /// Bytes left out before it.
        skipped: u64,
    },
}

/// A datagram of the flow that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// When it was captured.
    pub at: Time,
    /// Who sent it.
    pub source: SocketAddr,
    /// Length of the UDP payload in bytes, an RTP header included.
    pub len: usize,
    /// Its RTP header, if the flow is RTP.
    pub rtp: Option<Rtp>,
}

/// Transport packets at equal distances, in bytes and in time. All start with the sync byte.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    bytes: &'a [u8],
    stride: usize,
    start: Time,
    step: Step,
}

impl<'a> Run<'a> {
    /// `bytes` start with a packet; there is one each `stride` bytes.
    pub(super) const fn new(bytes: &'a [u8], stride: usize, start: Time, step: Step) -> Self {
        Self { bytes, stride, start, step }
    }

    /// When the first packet came.
    pub const fn start(&self) -> Time {
        self.start
    }

    /// Number of packets.
    pub const fn len(&self) -> usize {
        (self.bytes.len() + self.stride - PACKET_LEN) / self.stride
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each packet, and when it came.
    #[inline]
    pub fn packets(&self) -> impl Iterator<Item = (Time, &'a [u8; PACKET_LEN])> + use<'a> {
        let (start, step) = (self.start.0, self.step);
        let packets = self.bytes.chunks(self.stride).filter_map(|packet| packet.first_chunk());
        let after = (0_u64..).map(move |number| number.wrapping_mul(step.0) >> Step::FRACTION_BITS);
        after.zip(packets).map(move |(after, packet)| (Time(start.saturating_add(after)), packet))
    }
}

/// Time from packet to packet, in nanoseconds and a binary fraction of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Step(u64);

impl Step {
    const FRACTION_BITS: u32 = 16;
    /// Nothing: the packets came all at once.
    pub(super) const ZERO: Self = Self(0);

    /// So many packets in so many nanoseconds, rounded down.
    pub(super) fn new(nanos: u64, packets: u64) -> Self {
        let step = (u128::from(nanos) << Self::FRACTION_BITS) / u128::from(packets.max(1));
        Self(u64::try_from(step).unwrap_or(u64::MAX))
    }
}
