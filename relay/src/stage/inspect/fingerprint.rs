//! What tells a copy of a packet from another packet with the same counter.

use crate::wire::ts::{PACKET_LEN, PCR_OFFSET, Packet};

/// Bytes of a PCR.
const PCR_LEN: usize = 6;
/// Bytes that are folded at once.
const WINDOW: usize = 32;
/// Where the windows start that cover a packet: at odd steps, so that what is periodic in it does not cancel itself out.
const STARTS: [usize; 6] = [0, 31, 62, 94, 125, 156];

/// Stands for all bytes of a packet. Two packets that differ in one byte never have the same; of others only those may that
/// differ at two places in ways that make up for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint([u64; 2]);

impl Fingerprint {
    /// Of a packet without PCR. It is on the data path: twelve loads of 16 bytes.
    #[inline]
    pub(super) fn of(packet: Packet) -> Self {
        Self::of_bytes(packet.bytes())
    }

    /// Of any packet. The PCR is left out: in a copy it may be another (ISO/IEC 13818-1, 2.4.3.3).
    pub(super) fn of_any(packet: Packet) -> Self {
        let mut bytes = *packet.bytes();
        if packet.adaptation().is_some_and(|field| field.pcr().is_some()) {
            bytes[PCR_OFFSET..PCR_OFFSET + PCR_LEN].fill(0);
        }
        Self::of_bytes(&bytes)
    }

    #[inline]
    fn of_bytes(bytes: &[u8; PACKET_LEN]) -> Self {
        let (mut xors, mut sums) = ([0_u64; 2], [0_u64; 2]);
        for start in STARTS {
            let (words, _) = bytes[start..start + WINDOW].as_chunks();
            let [a, b, c, d] = [0, 1, 2, 3].map(|word| u64::from_ne_bytes(words[word]));
            xors = [xors[0] ^ a, xors[1] ^ b];
            sums = [sums[0].wrapping_add(c), sums[1].wrapping_add(d)];
        }
        Self([xors[0].wrapping_add(sums[0]), xors[1].wrapping_add(sums[1])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Ticks27;
    use crate::wire::ts::{NULL_PACKET, write_pcr};

    fn fingerprint(bytes: &[u8; PACKET_LEN]) -> Fingerprint {
        Fingerprint::of_any(Packet::new(bytes).unwrap())
    }

    #[test]
    fn each_bit_of_a_packet_matters() {
        let plain = NULL_PACKET;
        for bit in 8..PACKET_LEN * 8 {
            let mut other = plain;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(fingerprint(&other), fingerprint(&plain), "bit {bit}");
        }
    }

    #[test]
    fn the_pcr_does_not_matter_and_what_is_beside_it_does() {
        let mut packet = NULL_PACKET;
        packet[3] = 0x30;
        packet[4..6].copy_from_slice(&[7, 0x10]);
        let mut copy = packet;
        copy[PCR_OFFSET..PCR_OFFSET + PCR_LEN].copy_from_slice(&write_pcr(Ticks27::wrapping(4_711)));
        assert_eq!(fingerprint(&copy), fingerprint(&packet));
        copy[PCR_OFFSET + PCR_LEN] ^= 1;
        assert_ne!(fingerprint(&copy), fingerprint(&packet));
    }
}
