//! The RTP header (RFC 3550, 5.1) as it carries MPEG-TS (RFC 2250, 2).

use thiserror::Error;

use crate::time::Utc;

/// Length of a header without CSRC list and extension, in bytes.
pub const HEADER_LEN: usize = 12;
/// Payload type of MPEG transport streams (RFC 3551, table 5).
pub const PAYLOAD_TYPE_MP2T: u8 = 33;
/// Ticks of the timestamp in a second for payload type 33.
pub const CLOCK_HZ: u64 = 90_000;

/// Why bytes are not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RtpError {
    /// Fewer bytes than the fixed header, or than its CSRC list and extension announce.
    #[error("RTP header is cut short")]
    Truncated,
    /// The version field holds this instead of 2.
    #[error("RTP version is {0}, should be 2")]
    Version(u8),
    /// The padding length is zero or longer than the payload.
    #[error("RTP padding of {0} bytes does not fit the packet")]
    Padding(u8),
}

/// What the relay needs of an RTP packet: its place in the sequence and where the payload lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtp {
    /// Payload type, `0..128`.
    pub payload_type: u8,
    /// Marker bit.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp, 90 kHz for payload type 33.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Offset of the payload in the packet, in bytes.
    pub payload_start: usize,
    /// Offset one past the payload, padding left out.
    pub payload_end: usize,
}

impl Rtp {
    /// Reads the header of `packet`: payload offset = 12 + 4 * CC + (X: 4 + 4 * length), less padding at the end.
    ///
    /// # Errors
    /// [`RtpError`] when the bytes cannot be an RTP packet of version 2.
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<Self, RtpError> {
        let header: &[u8; HEADER_LEN] = packet.first_chunk().ok_or(RtpError::Truncated)?;
        let version = header[0] >> 6;
        if version != 2 {
            return Err(RtpError::Version(version));
        }
        let payload_start = payload_start(header, packet)?;
        let payload_end = payload_end(header, packet, payload_start)?;
        Ok(Self {
            payload_type: header[1] & 0x7F,
            marker: header[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            timestamp: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            payload_start,
            payload_end,
        })
    }
}

fn payload_start(header: &[u8; HEADER_LEN], packet: &[u8]) -> Result<usize, RtpError> {
    let mut start = HEADER_LEN + 4 * usize::from(header[0] & 0x0F);
    if header[0] & 0x10 != 0 {
        let length = packet.get(start + 2..start + 4).ok_or(RtpError::Truncated)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([length[0], length[1]]));
    }
    if start > packet.len() { Err(RtpError::Truncated) } else { Ok(start) }
}

fn payload_end(header: &[u8; HEADER_LEN], packet: &[u8], start: usize) -> Result<usize, RtpError> {
    if header[0] & 0x20 == 0 {
        return Ok(packet.len());
    }
    let padding = packet.last().copied().unwrap_or(0);
    match packet.len().checked_sub(usize::from(padding)) {
        Some(end) if padding > 0 && end >= start => Ok(end),
        _ => Err(RtpError::Padding(padding)),
    }
}

/// A header without CSRC list, extension or padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Payload type, `0..128`.
    pub payload_type: u8,
    /// Marker bit.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp, 90 kHz for payload type 33.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// The header as bytes.
    #[inline]
    pub fn write(&self) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        header[0] = 2 << 6;
        header[1] = u8::from(self.marker) << 7 | self.payload_type & 0x7F;
        header[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        header[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        header
    }
}

/// A header without CSRC list, extension, padding or marker, payload type 33.
pub fn write_header(sequence: u16, timestamp: u32, ssrc: u32) -> [u8; HEADER_LEN] {
    Header { payload_type: PAYLOAD_TYPE_MP2T, marker: false, sequence, timestamp, ssrc }.write()
}

/// A moment in ticks of 90 kHz since 1970, wrapped to 32 bits.
pub fn timestamp(utc: Utc) -> u32 {
    (u128::from(utc.0) * u128::from(CLOCK_HZ) / 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_written_header_reads_back() {
        let mut packet = write_header(65_535, 90_000, 0xCAFE).to_vec();
        packet.extend([0x47; 188]);
        let rtp = Rtp::parse(&packet).unwrap();
        assert_eq!((rtp.sequence, rtp.timestamp, rtp.ssrc), (65_535, 90_000, 0xCAFE));
        assert_eq!((rtp.payload_start, rtp.payload_end), (12, 200));
        assert_eq!(rtp.payload_type, PAYLOAD_TYPE_MP2T);
    }

    #[test]
    fn csrc_extension_and_padding_are_left_out_of_the_payload() {
        let mut packet = write_header(1, 2, 3).to_vec();
        packet[0] |= 0x20 | 0x10 | 2;
        packet.extend([0; 8]); // two CSRCs
        packet.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]); // extension of one word
        packet.extend([0x47; 188]);
        packet.extend([0, 0, 0, 4]);
        let rtp = Rtp::parse(&packet).unwrap();
        assert_eq!((rtp.payload_start, rtp.payload_end), (28, 28 + 188));
    }

    #[test]
    fn each_defect_has_its_name() {
        assert_eq!(Rtp::parse(&[0x80; 11]), Err(RtpError::Truncated));
        assert_eq!(Rtp::parse(&[0x40; 12]), Err(RtpError::Version(1)));
        assert_eq!(Rtp::parse(&[0x8F; 12]), Err(RtpError::Truncated));
        let mut padded = write_header(0, 0, 0);
        padded[0] |= 0x20;
        assert_eq!(Rtp::parse(&padded), Err(RtpError::Padding(0)));
        padded[11] = 200;
        assert_eq!(Rtp::parse(&padded), Err(RtpError::Padding(200)));
    }

    proptest! {
        #[test]
        fn a_header_reads_as_written(
            payload_type in 0_u8..128, marker: bool, sequence: u16, timestamp: u32, ssrc: u32,
        ) {
            let header = Header { payload_type, marker, sequence, timestamp, ssrc };
            let rtp = Rtp::parse(&header.write()).unwrap();
            prop_assert_eq!(
                (rtp.payload_type, rtp.marker, rtp.sequence, rtp.timestamp, rtp.ssrc),
                (payload_type, marker, sequence, timestamp, ssrc)
            );
        }

        #[test]
        fn any_bytes_give_a_range_inside_them_or_an_error(packet in proptest::collection::vec(any::<u8>(), 0..256)) {
            if let Ok(rtp) = Rtp::parse(&packet) {
                prop_assert!(rtp.payload_start <= rtp.payload_end && rtp.payload_end <= packet.len());
            }
        }
    }
}
