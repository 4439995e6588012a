//! The stages of a flow: pure logic over slots and spans. `now` is an argument, no socket is known here.

pub mod clock;
pub mod continuity;
pub mod frame;
pub mod inspect;
pub mod pace;
pub mod queue;
pub mod reorder;
pub mod tape;

use crate::mem::Span;
use crate::time::Time;

/// What an RTP header said of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpStamp {
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp, 90 kHz.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// The payload of one datagram, where it lies. Whoever has it holds the slot once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The bytes, headers and padding left out.
    pub span: Span,
    /// When it arrived.
    pub arrival: Time,
    /// Its RTP header, if it had one.
    pub rtp: Option<RtpStamp>,
}
