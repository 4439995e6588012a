//! The stages of a flow: pure logic over slots and spans. `now` is an argument, no socket is known here.

pub mod clock;
pub mod continuity;
pub mod frame;
pub mod inspect;
pub mod numbering;
pub mod pace;
pub mod punctuality;
pub mod queue;
pub mod release;
pub mod reorder;
pub mod rtp_clock;
pub mod tape;

use crate::mem::Span;
use crate::time::Time;
use crate::wire::rtp::Rtp;

/// What is known of a datagram's RTP header: all if it came with one, part if it was made here or put together anew. What
/// is not known is added when it leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtpHead {
    /// Sequence number.
    pub sequence: Option<u16>,
    /// Timestamp, 90 kHz.
    pub timestamp: Option<u32>,
    /// Synchronisation source.
    pub ssrc: Option<u32>,
    /// Marker bit.
    pub marker: bool,
    /// Payload type, `0..128`.
    pub payload_type: Option<u8>,
}

impl From<&Rtp> for RtpHead {
    fn from(rtp: &Rtp) -> Self {
        Self {
            sequence: Some(rtp.sequence),
            timestamp: Some(rtp.timestamp),
            ssrc: Some(rtp.ssrc),
            marker: rtp.marker,
            payload_type: Some(rtp.payload_type),
        }
    }
}

/// The payload of one datagram, where it lies. Whoever has it holds the slot once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The bytes, headers and padding left out.
    pub span: Span,
    /// When it arrived.
    pub arrival: Time,
    /// What is known of its RTP header.
    pub rtp: RtpHead,
}
