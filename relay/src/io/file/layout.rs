//! Where the transport packets lie in a file.

use std::io;

use super::reader::Reader;
use crate::wire::ts::{PACKET_LEN, PACKET_LEN_WITH_PARITY, SYNC_BYTE};

/// Length of a packet after its 4 bytes of arrival time (Blu-ray's m2ts).
const PACKET_LEN_WITH_ARRIVAL_TIME: usize = 192;
const STRIDES: [usize; 3] = [PACKET_LEN, PACKET_LEN_WITH_ARRIVAL_TIME, PACKET_LEN_WITH_PARITY];
/// Sync bytes in a row that prove synchronisation (TR 101 290, 1.1).
pub(super) const SYNCS_IN_A_ROW: usize = 5;
/// How much junk may lie before the first packet, in bytes.
pub(super) const LEADING_JUNK_MAX: u64 = 1 << 20;

/// A run of packets at equal distances.
struct Run {
    first_packet: u64,
    offset: u64,
}

/// The packets' places: usually one run from start to end, one more after each piece of junk.
pub(super) struct Layout {
    stride: usize,
    runs: Vec<Run>,
    packets: u64,
}

impl Layout {
    /// The layout up to the first packet, found behind [`LEADING_JUNK_MAX`] bytes of junk at most.
    pub(super) fn detect(reader: &mut Reader) -> io::Result<Option<Self>> {
        for offset in 0..LEADING_JUNK_MAX {
            match reader.bytes(offset, 1)?.first() {
                None => break,
                Some(&SYNC_BYTE) => {}
                Some(_) => continue,
            }
            for stride in STRIDES {
                if in_sync(reader, offset, stride)? {
                    return Ok(Some(Self { stride, runs: vec![Run { first_packet: 0, offset }], packets: 0 }));
                }
            }
        }
        Ok(None)
    }

    /// The layout of the same file from packet number `packet` on, up to that one.
    pub(super) fn starting_at(&self, packet: u64) -> Self {
        Self { stride: self.stride, runs: vec![Run { first_packet: 0, offset: self.offset(packet) }], packets: 0 }
    }

    /// Packets found so far.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// How often synchronisation was lost.
    pub(super) const fn sync_losses(&self) -> usize {
        self.runs.len() - 1
    }

    /// Where packet number `packet` starts in the file.
    pub(super) fn offset(&self, packet: u64) -> u64 {
        let run = &self.runs[self.runs.partition_point(|run| run.first_packet <= packet) - 1];
        run.offset + (packet - run.first_packet) * self.stride as u64
    }

    /// Takes in one packet more; `None` at the end of the file. A packet without sync byte, or without one where it
    /// ends, ends the run: the packets go on where [`SYNCS_IN_A_ROW`] show up again, and what lies between is left
    /// out.
    pub(super) fn extend<'a>(&mut self, reader: &'a mut Reader) -> io::Result<Option<&'a [u8; PACKET_LEN]>> {
        let mut offset = self.offset(self.packets);
        let bytes = reader.bytes(offset, self.stride + 1)?;
        if [0, self.stride].iter().any(|&at| bytes.get(at).is_some_and(|&byte| byte != SYNC_BYTE)) {
            let Some(found) = self.next_sync(reader, offset)? else { return Ok(None) };
            self.runs.push(Run { first_packet: self.packets, offset: found });
            offset = found;
        }
        let packet = reader.bytes(offset, PACKET_LEN)?.first_chunk();
        self.packets += u64::from(packet.is_some());
        Ok(packet)
    }

    fn next_sync(&self, reader: &mut Reader, from: u64) -> io::Result<Option<u64>> {
        let mut offset = from;
        while let Some(&byte) = reader.bytes(offset, 1)?.first() {
            if byte == SYNC_BYTE && in_sync(reader, offset, self.stride)? {
                return Ok(Some(offset));
            }
            offset += 1;
        }
        Ok(None)
    }
}

fn in_sync(reader: &mut Reader, offset: u64, stride: usize) -> io::Result<bool> {
    let bytes = reader.bytes(offset, (SYNCS_IN_A_ROW - 1) * stride + 1)?;
    Ok((0..SYNCS_IN_A_ROW).all(|index| bytes.get(index * stride) == Some(&SYNC_BYTE)))
}
