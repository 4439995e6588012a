//! The transport packet (ISO/IEC 13818-1, 2.4.3) and its adaptation field (2.4.3.4).

use crate::time::Ticks27;

/// Length of a transport packet in bytes.
pub const PACKET_LEN: usize = 188;
/// Length of a transport packet followed by 16 bytes of Reed-Solomon parity (DVB, ATSC: 204).
pub const PACKET_LEN_WITH_PARITY: usize = 204;
/// First byte of each transport packet.
pub const SYNC_BYTE: u8 = 0x47;
/// Packets in a datagram unless the flow says otherwise: the most that fit an Ethernet frame.
pub const PACKETS_PER_DATAGRAM: usize = 7;
/// Number of PIDs (13 bits).
pub const PID_COUNT: usize = 8_192;
/// PID of null packets.
pub const NULL_PID: u16 = 0x1FFF;

/// A null packet (2.4.3.3): PID 0x1FFF, payload of no meaning.
pub const NULL_PACKET: [u8; PACKET_LEN] = {
    let mut packet = [0xFF; PACKET_LEN];
    packet[0] = SYNC_BYTE;
    packet[1] = 0x1F;
    packet[2] = 0xFF;
    packet[3] = 0x10;
    packet
};

/// A transport packet read in place.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a>(&'a [u8; PACKET_LEN]);

impl<'a> Packet<'a> {
    /// A view of `bytes`, or `None` unless they are 188 that start with the sync byte.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let bytes: &[u8; PACKET_LEN] = bytes.try_into().ok()?;
        (bytes[0] == SYNC_BYTE).then_some(Self(bytes))
    }

    /// The packet's bytes.
    pub const fn bytes(self) -> &'a [u8; PACKET_LEN] {
        self.0
    }

    /// transport_error_indicator: the demodulator found an error that it could not mend.
    pub const fn transport_error(self) -> bool {
        self.0[1] & 0x80 != 0
    }

    /// payload_unit_start_indicator.
    pub const fn unit_start(self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// Packet identifier, `0..8192`.
    #[inline]
    pub const fn pid(self) -> u16 {
        u16::from_be_bytes([self.0[1] & 0x1F, self.0[2]])
    }

    /// transport_scrambling_control, `0..4`; 0 is in the clear.
    pub const fn scrambling(self) -> u8 {
        self.0[3] >> 6
    }

    /// Whether an adaptation field follows the header.
    pub const fn has_adaptation(self) -> bool {
        self.0[3] & 0x20 != 0
    }

    /// Whether the packet carries payload.
    pub const fn has_payload(self) -> bool {
        self.0[3] & 0x10 != 0
    }

    /// continuity_counter, `0..16`.
    pub const fn continuity(self) -> u8 {
        self.0[3] & 0x0F
    }

    /// Whether there is nothing to see but payload that goes on: in the clear, no adaptation field, no unit starts here, no
    /// transport error.
    #[inline]
    pub const fn is_plain(self) -> bool {
        self.0[1] & 0xC0 | self.0[3] & 0xE0 == 0 && self.has_payload()
    }

    /// The adaptation field's bytes after its length byte; `None` if there is none or its length lies.
    #[inline]
    pub fn adaptation(self) -> Option<Adaptation<'a>> {
        if !self.has_adaptation() {
            return None;
        }
        self.0.get(5..5 + usize::from(self.0[4])).map(Adaptation)
    }

    /// The payload, empty if the packet has none or the adaptation field's length lies.
    pub fn payload(self) -> &'a [u8] {
        if !self.has_payload() {
            return &[];
        }
        let start = if self.has_adaptation() { 5 + usize::from(self.0[4]) } else { 4 };
        self.0.get(start..).unwrap_or(&[])
    }
}

/// An adaptation field, its length byte left out.
#[derive(Clone, Copy, Debug)]
pub struct Adaptation<'a>(&'a [u8]);

impl Adaptation<'_> {
    /// discontinuity_indicator (2.4.3.5): the clock or the continuity counter may jump here.
    pub fn discontinuity(self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// random_access_indicator.
    pub fn random_access(self) -> bool {
        self.flags() & 0x40 != 0
    }

    /// program_clock_reference, when the field carries one.
    #[inline]
    pub fn pcr(self) -> Option<Ticks27> {
        if self.flags() & 0x10 == 0 {
            return None;
        }
        let field: &[u8; 6] = self.0.get(1..7)?.try_into().ok()?;
        Some(read_pcr(field))
    }

    fn flags(self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }
}

/// Offset of a packet's PCR field, when it has one (see [`Adaptation::pcr`]).
pub const PCR_OFFSET: usize = 6;

/// Reads a PCR field of 6 bytes: base * 300 + extension.
pub fn read_pcr(field: &[u8; 6]) -> Ticks27 {
    let [a, b, c, d, e, f] = field.map(u64::from);
    let base = a << 25 | b << 17 | c << 9 | d << 1 | e >> 7;
    let extension = (e & 1) << 8 | f;
    Ticks27::wrapping(base * 300 + extension)
}

/// The PCR field of 6 bytes for `pcr`; the reserved bits are ones.
pub fn write_pcr(pcr: Ticks27) -> [u8; 6] {
    let (base, extension) = (pcr.get() / 300, pcr.get() % 300);
    let bits = base << 15 | 0x3F << 9 | extension;
    let [_, _, field @ ..] = bits.to_be_bytes();
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pcr_reads_as_written(ticks in 0..Ticks27::MODULUS) {
            let pcr = Ticks27::wrapping(ticks);
            prop_assert_eq!(read_pcr(&write_pcr(pcr)), pcr);
        }

        #[test]
        fn any_188_bytes_can_be_viewed(mut bytes in proptest::collection::vec(any::<u8>(), PACKET_LEN)) {
            bytes[0] = SYNC_BYTE;
            let packet = Packet::new(&bytes).unwrap();
            prop_assert!(usize::from(packet.pid()) < PID_COUNT);
            prop_assert!(packet.payload().len() <= PACKET_LEN - 4);
            if let Some(field) = packet.adaptation() {
                prop_assert!(field.pcr().is_none_or(|pcr| pcr.get() < Ticks27::MODULUS));
            }
        }
    }

    #[test]
    fn a_null_packet_is_one() {
        let packet = Packet::new(&NULL_PACKET).unwrap();
        assert_eq!(packet.pid(), NULL_PID);
        assert!(packet.has_payload() && !packet.has_adaptation());
    }

    #[test]
    fn an_adaptation_length_that_lies_gives_nothing() {
        let mut bytes = NULL_PACKET;
        bytes[3] = 0x30;
        bytes[4] = 200;
        let packet = Packet::new(&bytes).unwrap();
        assert!(packet.adaptation().is_none());
        assert!(packet.payload().is_empty());
    }
}
