//! The channel that is measured: a constant bitrate, tables, a clock, and in each datagram its number and when it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use relay::time::Ticks27;
use relay::wire::psi::{ElementaryStream, program_association, program_map};
use relay::wire::ts::{PACKET_LEN, SYNC_BYTE, write_pcr};

use crate::lab::{Sender, go_first};

/// TS packets in a datagram.
pub(crate) const PACKETS: usize = 7;
/// Bytes in a datagram.
pub(crate) const DATAGRAM_LEN: usize = PACKETS * PACKET_LEN;

const MAP_PID: u16 = 0x20;
const VIDEO_PID: u16 = 0x100;
const NULL_PID: u16 = 0x1FFF;
const H264: u8 = 0x1B;
/// Video packets in a datagram; the other two carry the tables in each 16th, so that all continuity counters are functions of
/// its number, and nothing otherwise.
const VIDEO_PACKETS: u64 = 5;
const TABLES_EVERY: u64 = 16;
/// In the first packet, after its header and the adaptation field with the PCR.
const NUMBER_AT: usize = 12;
const SENT_AT: usize = NUMBER_AT + 8;
const SUM_AT: usize = SENT_AT + 8;
/// A source that is later than this, as its host did not let it run, goes on from there: to make up for it would be a burst.
const LATE: Duration = Duration::from_micros(500);

/// Nanoseconds of UTC.
pub(crate) fn utc_ns() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_nanos()).expect("a clock before 2554")
}

/// What a datagram says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// 0 for the first of the channel.
    pub(crate) number: u64,
    /// UTC just before it was sent.
    pub(crate) sent_ns: u64,
}

impl Stamp {
    /// Reads it; none if the bytes are no datagram of the channel as it was sent.
    pub(crate) fn read(datagram: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u64::from_be_bytes(datagram.get(at..at + 8)?.try_into().ok()?));
        let is_whole = datagram.len() == DATAGRAM_LEN && word(SUM_AT)? == sum(datagram);
        is_whole.then_some(Self { number: word(NUMBER_AT)?, sent_ns: word(SENT_AT)? })
    }
}

/// A channel's shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    /// Bits a second.
    pub(crate) bitrate: u64,
}

impl Channel {
    /// Time from one datagram to the next.
    pub(crate) const fn interval(self) -> Duration {
        Duration::from_nanos(DATAGRAM_LEN as u64 * 8_000_000_000 / self.bitrate)
    }

    /// Its datagram of that number.
    pub(crate) fn datagram(self, stamp: Stamp) -> [u8; DATAGRAM_LEN] {
        let mut datagram = [0xA5; DATAGRAM_LEN];
        let Stamp { number, sent_ns } = stamp;
        for (slot, packet) in datagram.chunks_exact_mut(PACKET_LEN).enumerate() {
            match slot as u64 {
                video if video < VIDEO_PACKETS => header(packet, VIDEO_PID, number * VIDEO_PACKETS + video),
                VIDEO_PACKETS => {
                    table(packet, number, 0, program_association(1, &[(1, MAP_PID)]).expect("a short PAT"))
                }
                _ => table(packet, number, MAP_PID, map()),
            }
        }
        datagram[3] |= 0x20;
        datagram[4..6].copy_from_slice(&[7, 0x10]);
        datagram[6..NUMBER_AT].copy_from_slice(&write_pcr(self.clock(number)));
        datagram[NUMBER_AT..SENT_AT].copy_from_slice(&number.to_be_bytes());
        datagram[SENT_AT..SUM_AT].copy_from_slice(&sent_ns.to_be_bytes());
        let sum = sum(&datagram);
        datagram[SUM_AT..SUM_AT + 8].copy_from_slice(&sum.to_be_bytes());
        datagram
    }

    fn clock(self, number: u64) -> Ticks27 {
        let ticks = u128::from(number) * DATAGRAM_LEN as u128 * 8 * 27_000_000 / u128::from(self.bitrate);
        Ticks27::wrapping((ticks % u128::from(Ticks27::MODULUS)) as u64)
    }
}

fn map() -> Vec<u8> {
    program_map(1, VIDEO_PID, &[ElementaryStream { stream_type: H264, pid: VIDEO_PID }]).expect("a short PMT")
}

fn header(packet: &mut [u8], pid: u16, count: u64) {
    let [high, low] = pid.to_be_bytes();
    packet[..4].copy_from_slice(&[SYNC_BYTE, high, low, 0x10 | (count & 0x0F) as u8]);
}

/// The table where one is due, else a null packet.
fn table(packet: &mut [u8], number: u64, pid: u16, section: Vec<u8>) {
    if !number.is_multiple_of(TABLES_EVERY) {
        return header(packet, NULL_PID, 0);
    }
    header(packet, pid, number / TABLES_EVERY);
    packet[1] |= 0x40;
    packet[4..].fill(0xFF);
    packet[4] = 0;
    packet[5..5 + section.len()].copy_from_slice(&section);
}

/// Of all bytes but the sum's own.
fn sum(datagram: &[u8]) -> u64 {
    let words = datagram.chunks(8).enumerate().map(|(place, bytes)| {
        let own = 8 * place..8 * place + 8;
        let is_covered = |at: &usize| !(SUM_AT..SUM_AT + 8).contains(at);
        own.zip(bytes).filter(|(at, _)| is_covered(at)).fold(0, |word, (_, byte)| word << 8 | u64::from(*byte))
    });
    words.fold(0, |sum: u64, word| (sum.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Sends a channel, on a thread of its own, until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Source {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Source {
    pub(crate) fn start(sender: Sender, channel: Channel) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::spawn(move || send(&sender, channel, &stopped, &count));
        Self { stop, sent, thread: Some(thread) }
    }

    /// Datagrams so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Stops, and says how many were sent.
    pub(crate) fn stop(mut self) -> u64 {
        self.end();
        self.sent.load(Ordering::Relaxed)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a source that does not panic");
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.end();
    }
}

fn send(sender: &Sender, channel: Channel, stop: &AtomicBool, count: &AtomicU64) {
    go_first();
    let mut due = Instant::now();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due = due.max(Instant::now().checked_sub(LATE).unwrap_or(due)) + channel.interval();
        sender.send(&channel.datagram(Stamp { number, sent_ns: utc_ns() }));
        count.store(number + 1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: Channel = Channel { bitrate: 8_000_000 };

    #[test]
    fn a_datagram_tells_its_stamp_unless_a_byte_of_it_changed() {
        let stamp = Stamp { number: 0x0102_0304, sent_ns: 0x1122_3344_5566_7788 };
        let datagram = CHANNEL.datagram(stamp);
        assert_eq!(Stamp::read(&datagram), Some(stamp));
        for at in 0..DATAGRAM_LEN {
            let mut changed = datagram;
            changed[at] ^= 0x10;
            assert_eq!(Stamp::read(&changed), None, "byte {at}");
        }
    }

    #[test]
    fn datagrams_of_an_8_megabit_channel_come_each_1_3_ms() {
        assert_eq!(CHANNEL.interval(), Duration::from_micros(1_316));
    }
}
