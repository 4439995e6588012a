//! The RTP headers of the datagrams that leave: the same bit for bit, whichever instance of the flow sends them.

use std::net::SocketAddr;

use xxhash_rust::xxh3::xxh3_64;

use super::RtpHead;
use crate::time::Utc;
use crate::wire::rtp::{self, Header};

/// Payload types that may carry a transport stream: its own, and those that have no fixed meaning (RFC 3551, 3).
const fn may_carry_ts(payload_type: u8) -> bool {
    matches!(payload_type, rtp::PAYLOAD_TYPE_MP2T | 96..=127)
}

/// Completes what is known of each datagram's header. All RTP outputs of a flow have the same headers.
#[derive(Clone, Copy, Debug)]
pub struct Numbering {
    next: u16,
    ssrc: u32,
}

impl Numbering {
    /// For the flow of that name, whose first output goes to `address`: its instances have both in common, and so the SSRC.
    pub fn new(flow: &str, address: SocketAddr) -> Self {
        Self { next: 0, ssrc: xxh3_64(format!("{flow} {address}").as_bytes()) as u32 }
    }

    /// Sequence number of the next datagram that does not bring its own.
    pub const fn next_sequence(&self) -> u16 {
        self.next
    }

    /// The next datagram that does not bring its own sequence number has this one.
    pub const fn go_on_with(&mut self, sequence: u16) {
        self.next = sequence;
    }

    /// The header of the next datagram, that leaves at `release`: what `head` does not know is the next number, the flow's
    /// SSRC and the time.
    #[inline]
    pub fn header(&mut self, head: &RtpHead, release: Utc) -> Header {
        let sequence = head.sequence.unwrap_or(self.next);
        self.next = sequence.wrapping_add(1);
        Header {
            payload_type: head.payload_type.filter(|&kind| may_carry_ts(kind)).unwrap_or(rtp::PAYLOAD_TYPE_MP2T),
            marker: head.marker,
            sequence,
            timestamp: head.timestamp.unwrap_or_else(|| rtp::timestamp(release)),
            ssrc: head.ssrc.unwrap_or(self.ssrc),
        }
    }

    /// Counts a datagram whose header is not wanted.
    #[inline]
    pub fn pass(&mut self, head: &RtpHead) {
        self.next = head.sequence.unwrap_or(self.next).wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbering() -> Numbering {
        Numbering::new("ch7", "239.1.1.7:5000".parse().unwrap())
    }

    #[test]
    fn a_header_that_is_known_is_kept() {
        let head = RtpHead {
            sequence: Some(65_535),
            timestamp: Some(7),
            ssrc: Some(9),
            marker: true,
            payload_type: Some(100),
        };
        let mut numbering = numbering();
        let kept = Header { payload_type: 100, marker: true, sequence: 65_535, timestamp: 7, ssrc: 9 };
        assert_eq!(numbering.header(&head, Utc(0)), kept);
        assert_eq!(numbering.header(&RtpHead::default(), Utc(0)).sequence, 0);
    }

    #[test]
    fn a_payload_type_of_something_else_becomes_that_of_a_transport_stream() {
        let head = RtpHead { payload_type: Some(0), ..RtpHead::default() };
        assert_eq!(numbering().header(&head, Utc(0)).payload_type, 33);
    }

    #[test]
    fn what_is_not_known_is_counted_and_timed() {
        let mut numbering = numbering();
        numbering.go_on_with(u16::MAX);
        let headers = [0, 1_000_000_000].map(|utc| numbering.header(&RtpHead::default(), Utc(utc)));
        assert_eq!(headers.map(|header| header.sequence), [u16::MAX, 0]);
        assert_eq!(headers.map(|header| header.timestamp), [0, 90_000]);
        assert_eq!((numbering.next_sequence(), headers[0].payload_type), (1, 33));
    }

    #[test]
    fn the_source_is_the_flow_at_its_address() {
        let ssrc = |flow, address: &str| Numbering::new(flow, address.parse().unwrap()).ssrc;
        assert_eq!(ssrc("ch7", "239.1.1.7:5000"), ssrc("ch7", "239.1.1.7:5000"));
        assert_ne!(ssrc("ch7", "239.1.1.7:5000"), ssrc("ch8", "239.1.1.7:5000"));
        assert_ne!(ssrc("ch7", "239.1.1.7:5000"), ssrc("ch7", "239.1.1.7:5002"));
    }
}
