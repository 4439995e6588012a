//! How fast the stream runs: as it arrives, and by its own clock.

use std::time::Duration;

use super::pids::Pids;
use crate::time::{Ticks27, Time};
use crate::wire::ts::PACKET_LEN;

/// Interval over which rates of arrival are taken.
const INTERVAL: Duration = Duration::from_secs(1);
/// A clock that did not come for so long gives way to another.
const GONE_AFTER: Duration = Duration::from_secs(5);

/// Rates of arrival over the last interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    taken: Option<(Time, u64)>,
    /// Bits a second of the whole stream.
    pub(super) bitrate: u64,
}

impl Rate {
    /// Takes the rates when the interval is over; `packets` came so far.
    pub(super) fn tick(&mut self, now: Time, packets: u64, pids: &mut Pids) {
        let (then, before) = *self.taken.get_or_insert((now, packets));
        let span = now.since(then);
        if span < INTERVAL {
            return;
        }
        self.taken = Some((now, packets));
        self.bitrate = bits_a_second(packets - before, span);
        for pid in pids.iter_mut() {
            pid.bitrate = bits_a_second(pid.packets - pid.packets_before, span);
            pid.packets_before = pid.packets;
        }
    }
}

/// Packets and ticks from PCR to PCR of a PID, added up: the rate of the whole stream by its own clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClockSpan {
    last: Option<ClockPoint>,
    ticks: u64,
    packets: u64,
}

#[derive(Clone, Copy, Debug)]
struct ClockPoint {
    pid: u16,
    at: Time,
    place: u64,
    pcr: Ticks27,
}

impl ClockSpan {
    /// Takes the PCR of packet number `place` of the stream; `steady` if its step from the one before means time.
    pub(super) fn extend(&mut self, at: Time, pid: u16, place: u64, pcr: Ticks27, steady: bool) {
        match self.last {
            Some(last) if last.pid == pid => {
                let step = pcr.signed_since(last.pcr);
                if steady && step > 0 {
                    self.ticks += step.cast_unsigned();
                    self.packets += place - last.place;
                }
            }
            Some(last) if at.since(last.at) < GONE_AFTER => return,
            _ => {}
        }
        self.last = Some(ClockPoint { pid, at, place, pcr });
    }

    /// Bits a second, over all the time that the clock ran steadily.
    pub(super) fn bitrate(&self) -> Option<u64> {
        let bits = u128::from(self.packets) * PACKET_LEN as u128 * 8;
        let bitrate = (bits * u128::from(Ticks27::HZ)).checked_div(u128::from(self.ticks))?;
        u64::try_from(bitrate).ok()
    }
}

/// Bits a second of so many packets in a time.
pub(super) fn bits_a_second(packets: u64, span: Duration) -> u64 {
    let bits = u128::from(packets) * PACKET_LEN as u128 * 8;
    u64::try_from(bits * 1_000_000_000 / span.as_nanos().max(1)).unwrap_or(u64::MAX)
}
