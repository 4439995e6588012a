//! What the payload of a datagram is: transport packets, or RTP with transport packets in it.

use crate::wire::rtp::Rtp;
use crate::wire::ts::{PACKET_LEN, SYNC_BYTE};

/// Sync bytes in a row that tell packets in a datagram which does not start with one.
const SYNCS_IN_A_ROW: usize = 3;

/// How a payload carries transport packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rtp: bool,
    pub(super) packets: usize,
}

impl Shape {
    /// Tells by content only; `None` if there are no transport packets in it.
    pub(super) fn of(payload: &[u8]) -> Option<Self> {
        if all_in_step(payload) {
            return Some(Self { rtp: false, packets: payload.len() / PACKET_LEN });
        }
        let behind_header = Rtp::parse(payload).ok().map(|rtp| &payload[rtp.payload_start..rtp.payload_end]);
        if let Some(inner) = behind_header.filter(|inner| starts_with_packet(inner)) {
            return Some(Self { rtp: true, packets: inner.len() / PACKET_LEN });
        }
        let astray = (1..PACKET_LEN.min(payload.len())).map(|start| &payload[start..]);
        let mut found = astray.filter(|rest| all_in_step(rest) && rest.len() / PACKET_LEN >= SYNCS_IN_A_ROW);
        found.next().map(|rest| Self { rtp: false, packets: rest.len() / PACKET_LEN })
    }
}

/// Whether a payload starts with a whole packet and ends with one.
pub(super) fn is_aligned(payload: &[u8]) -> bool {
    starts_with_packet(payload) && payload.len().is_multiple_of(PACKET_LEN)
}

fn starts_with_packet(payload: &[u8]) -> bool {
    payload.len() >= PACKET_LEN && payload[0] == SYNC_BYTE
}

fn all_in_step(payload: &[u8]) -> bool {
    starts_with_packet(payload) && payload.chunks(PACKET_LEN).all(|packet| packet[0] == SYNC_BYTE)
}

/// The RTP datagrams in a payload: one, or several that the kernel captured before it took them apart (GSO).
pub(super) struct RtpDatagrams<'a> {
    rest: &'a [u8],
}

impl<'a> RtpDatagrams<'a> {
    pub(super) const fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }
}

impl<'a> Iterator for RtpDatagrams<'a> {
    /// A header and the whole payload behind it; `None` where a header should be and is none.
    type Item = Option<(Rtp, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let payload = self.rest;
        if payload.is_empty() {
            return None;
        }
        self.rest = &[];
        let Ok(rtp) = Rtp::parse(payload) else { return Some(None) };
        let end = end_of_packets(payload, rtp);
        let Some(next) = follows(rtp, &payload[end..]) else {
            return Some(Some((rtp, &payload[rtp.payload_start..rtp.payload_end])));
        };
        self.rest = next;
        Some(Some((rtp, &payload[rtp.payload_start..end])))
    }
}

/// Where the packets in step end that begin behind the header.
fn end_of_packets(payload: &[u8], rtp: Rtp) -> usize {
    let packets = payload[rtp.payload_start..rtp.payload_end].chunks_exact(PACKET_LEN);
    rtp.payload_start + PACKET_LEN * packets.take_while(|packet| packet[0] == SYNC_BYTE).count()
}

/// `rest`, if it starts with the very next datagram of the flow.
fn follows(rtp: Rtp, rest: &[u8]) -> Option<&[u8]> {
    let next = Rtp::parse(rest).ok()?;
    let is_next = next.ssrc == rtp.ssrc && next.sequence == rtp.sequence.wrapping_add(1);
    (is_next && next.payload_type == rtp.payload_type).then_some(rest)
}
