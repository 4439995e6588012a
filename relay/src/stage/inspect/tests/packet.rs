//! Transport packets made by hand, field by field.

use crate::time::Ticks27;
use crate::wire::pes::write_stamp;
use crate::wire::ts::{PACKET_LEN, SYNC_BYTE, write_pcr};

const HEADER_LEN: usize = 4;

/// A transport packet to be.
#[derive(Clone, Debug)]
pub(super) struct TsPacket {
    pid: u16,
    counter: u8,
    transport_error: bool,
    unit_start: bool,
    scrambling: u8,
    discontinuity: bool,
    pcr: Option<Ticks27>,
    has_adaptation: bool,
    payload: Option<Vec<u8>>,
}

impl TsPacket {
    /// A packet with payload of `fill` bytes and no adaptation field.
    pub(super) fn new(pid: u16, fill: u8) -> Self {
        Self {
            pid,
            counter: 0,
            transport_error: false,
            unit_start: false,
            scrambling: 0,
            discontinuity: false,
            pcr: None,
            has_adaptation: false,
            payload: Some(vec![fill; PACKET_LEN - HEADER_LEN]),
        }
    }

    /// A packet of an adaptation field alone.
    pub(super) fn without_payload(pid: u16) -> Self {
        Self { payload: None, has_adaptation: true, ..Self::new(pid, 0) }
    }

    /// A packet of a PCR alone.
    pub(super) fn of_pcr(pid: u16, pcr: Ticks27) -> Self {
        Self { pcr: Some(pcr), ..Self::without_payload(pid) }
    }

    /// A packet in which a PES packet with this PTS (90 kHz) starts.
    pub(super) fn of_pts(pid: u16, pts: u64) -> Self {
        let mut head = vec![0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1];
        write_stamp(head[9..].first_chunk_mut().unwrap(), pts);
        head.resize(PACKET_LEN - HEADER_LEN, 0x55);
        Self { unit_start: true, payload: Some(head), ..Self::new(pid, 0) }
    }

    /// The packets that a section takes, its pointer_field first.
    pub(super) fn of_section(pid: u16, section: &[u8]) -> Vec<Self> {
        let payload = [&[0], section].concat();
        let part = |(number, part): (usize, &[u8])| {
            let mut part = part.to_vec();
            part.resize(PACKET_LEN - HEADER_LEN, 0xFF);
            Self { unit_start: number == 0, payload: Some(part), ..Self::new(pid, 0) }
        };
        payload.chunks(PACKET_LEN - HEADER_LEN).enumerate().map(part).collect()
    }

    pub(super) fn counter(self, counter: u8) -> Self {
        Self { counter, ..self }
    }

    pub(super) fn transport_error(self) -> Self {
        Self { transport_error: true, ..self }
    }

    pub(super) fn scrambled(self) -> Self {
        Self { scrambling: 2, ..self }
    }

    pub(super) fn discontinuity(self) -> Self {
        Self { discontinuity: true, has_adaptation: true, ..self }
    }

    pub(super) fn pcr(self, pcr: Ticks27) -> Self {
        Self { pcr: Some(pcr), has_adaptation: true, ..self }
    }

    /// Neither adaptation field nor payload: adaptation_field_control is 00.
    pub(super) fn of_nothing(pid: u16) -> Self {
        Self { payload: None, ..Self::new(pid, 0) }
    }

    pub(super) const fn pid(&self) -> u16 {
        self.pid
    }

    pub(super) const fn has_payload(&self) -> bool {
        self.payload.is_some()
    }

    /// The packet. A payload that leaves no room for the adaptation field loses its end.
    pub(super) fn bytes(&self) -> [u8; PACKET_LEN] {
        let [high, low] = self.pid.to_be_bytes();
        let flags = u8::from(self.transport_error) << 7 | u8::from(self.unit_start) << 6;
        let control = u8::from(self.has_adaptation) << 5 | u8::from(self.has_payload()) << 4;
        let mut packet = vec![SYNC_BYTE, high | flags, low, self.scrambling << 6 | control | self.counter];
        if self.has_adaptation {
            let field = self.adaptation();
            let len = if self.has_payload() { field.len() } else { PACKET_LEN - HEADER_LEN - 1 };
            packet.push(len as u8);
            packet.extend(field);
        }
        packet.extend(self.payload.iter().flatten());
        packet.resize(PACKET_LEN, 0xFF);
        packet.try_into().unwrap()
    }

    fn adaptation(&self) -> Vec<u8> {
        let mut field = vec![u8::from(self.discontinuity) << 7 | u8::from(self.pcr.is_some()) << 4];
        field.extend(self.pcr.iter().flat_map(|&pcr| write_pcr(pcr)));
        field
    }
}
