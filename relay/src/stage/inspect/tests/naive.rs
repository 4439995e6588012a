//! A counter that is as simple as can be: it reads the standard once more, keeps whole packets and shares no code with the
//! inspector.

use std::collections::BTreeMap;

/// What is counted of a PID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NaivePid {
    pub(super) packets: u64,
    pub(super) continuity_errors: u64,
    pub(super) repeated: u64,
    pub(super) transport_errors: u64,
    pub(super) scrambled: u64,
    pub(super) pcr: u64,
    pub(super) pts: u64,
}

#[derive(Default)]
pub(super) struct NaiveCounter {
    pids: BTreeMap<u16, NaivePid>,
    last: BTreeMap<u16, Last>,
}

/// The last packet of a PID that counts, its PCR blanked.
struct Last {
    bytes: Vec<u8>,
    counter: u8,
    is_copy: bool,
}

/// PIDs of the synthetic channel and of DVB that carry sections, in which no PTS is looked for.
const SECTIONS: [u16; 8] = [0x00, 0x01, 0x10, 0x11, 0x12, 0x13, 0x14, 0x100];
const NULL: u16 = 0x1FFF;

impl NaiveCounter {
    pub(super) fn count(stream: &[[u8; 188]]) -> BTreeMap<u16, NaivePid> {
        let mut counter = Self::default();
        stream.iter().for_each(|packet| counter.take(packet));
        counter.pids
    }

    fn take(&mut self, packet: &[u8; 188]) {
        let number = u16::from(packet[1] & 0x1F) << 8 | u16::from(packet[2]);
        let pid = self.pids.entry(number).or_default();
        pid.packets += 1;
        if packet[1] & 0x80 != 0 {
            pid.transport_errors += 1;
            self.last.remove(&number);
            return;
        }
        let (has_field, has_payload) = (packet[3] & 0x20 != 0, packet[3] & 0x10 != 0);
        if number == NULL || !has_field && !has_payload {
            return;
        }
        let flags = if has_field && (1..=183).contains(&packet[4]) { packet[5] } else { 0 };
        let has_pcr = flags & 0x10 != 0 && packet[4] >= 7;
        let is_scrambled = packet[3] & 0xC0 != 0 && has_payload;
        pid.pcr += u64::from(has_pcr);
        pid.scrambled += u64::from(is_scrambled);
        pid.pts += u64::from(!is_scrambled && !SECTIONS.contains(&number) && has_pts(packet));
        self.check_counter(number, packet, has_pcr, flags & 0x80 != 0);
    }

    fn check_counter(&mut self, number: u16, packet: &[u8; 188], has_pcr: bool, is_flagged: bool) {
        let (counter, has_payload) = (packet[3] & 0x0F, packet[3] & 0x10 != 0);
        let mut bytes = packet.to_vec();
        if has_pcr {
            bytes[6..12].fill(0);
        }
        let pid = self.pids.entry(number).or_default();
        let mut is_copy = false;
        if let Some(last) = self.last.get(&number) {
            let is_next = has_payload && counter == (last.counter + 1) % 16;
            let stays = !has_payload && counter == last.counter;
            let is_same = has_payload && counter == last.counter && bytes == last.bytes;
            is_copy = is_same || stays && last.is_copy;
            if is_same && !last.is_copy {
                pid.repeated += 1;
            } else if !is_next && !stays && !is_flagged {
                pid.continuity_errors += 1;
            }
        }
        self.last.insert(number, Last { bytes, counter, is_copy });
    }
}

/// Whether a PES packet starts here whose head has a PTS, and the packet has all of the head's stamps.
fn has_pts(packet: &[u8; 188]) -> bool {
    let start = if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 };
    let is_start = packet[1] & 0x40 != 0 && packet[3] & 0x10 != 0;
    let Some(pes) = packet.get(start..).filter(|pes| is_start && pes.len() >= 9) else { return false };
    let has_stamps =
        !matches!(pes[3], 0..=0xBC | 0xBE | 0xBF | 0xF0 | 0xF1 | 0xF2 | 0xF8 | 0xFF) && pes[6] & 0xC0 == 0x80;
    let stamps = match pes[7] >> 6 {
        0b10 => 1,
        0b11 => 2,
        _ => 0,
    };
    pes[..3] == [0, 0, 1] && has_stamps && stamps > 0 && pes.len() >= 9 + 5 * stamps
}
