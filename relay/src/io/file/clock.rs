//! The pace of a file: its PCRs as points of one line of time.

use crate::time::Ticks27;

/// A PCR further ahead of the one before it than this is a jump, not a slow stream. The standard asks for one each
/// 100 ms, but files of a few pictures a second have one a picture.
const STEP_MAX: u64 = 2 * Ticks27::HZ;
/// Spans shorter than this say little about how fast packets may follow each other.
const PEAK_SPAN_MIN: u64 = Ticks27::HZ / 50;

/// Packet number `packet` is sent at `ticks` of 27 MHz after the first PCR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) packet: u64,
    pub(super) ticks: u64,
}

/// So many packets in so many ticks of 27 MHz.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    pub(super) packets: u64,
    pub(super) ticks: u64,
}

impl Rate {
    fn plus(self, other: Self) -> Self {
        Self { packets: self.packets + other.packets, ticks: self.ticks + other.ticks }
    }

    fn is_faster_than(self, other: Self) -> bool {
        u128::from(self.packets) * u128::from(other.ticks) > u128::from(other.packets) * u128::from(self.ticks)
    }

    /// The time that `packets` take, 0 while the rate is unknown.
    pub(super) fn ticks_for(self, packets: u64) -> u64 {
        (u128::from(packets) * u128::from(self.ticks) / u128::from(self.packets.max(1))) as u64
    }

    /// The packets sent in `ticks`, to the nearest; 0 while the rate is unknown.
    pub(super) fn packets_in(self, ticks: u64) -> u64 {
        let unit = u128::from(self.ticks.max(1));
        ((u128::from(ticks) * u128::from(self.packets) + unit / 2) / unit) as u64
    }
}

/// The PCRs of one PID, taken in one after the other.
///
/// Where the PCR steps back, goes ahead by more than 2 s, or is flagged as discontinuous, the file was cut: the pace
/// goes on there at the mean rate up to that place, whatever the PCR says.
#[derive(Default)]
pub(super) struct Clock {
    points: Vec<Point>,
    last: Ticks27,
    mean: Rate,
    window: Rate,
    peak: Rate,
    jumps: bool,
}

impl Clock {
    /// Takes in the PCR of packet number `packet`.
    pub(super) fn observe(&mut self, packet: u64, pcr: Ticks27, flagged: bool) {
        if let Some(&before) = self.points.last() {
            let packets = packet - before.packet;
            let ticks = self.step(packets, pcr.signed_since(self.last), flagged);
            self.points.push(Point { packet, ticks: before.ticks + ticks });
        } else {
            self.points.push(Point { packet, ticks: 0 });
        }
        self.last = pcr;
    }

    fn step(&mut self, packets: u64, ticks: i64, flagged: bool) -> u64 {
        match u64::try_from(ticks) {
            Ok(ticks) if !flagged && ticks <= STEP_MAX => {
                self.believe(Rate { packets, ticks });
                ticks
            }
            _ => {
                self.jumps = true;
                self.window = Rate::default();
                self.mean.ticks_for(packets)
            }
        }
    }

    fn believe(&mut self, step: Rate) {
        self.mean = self.mean.plus(step);
        self.window = self.window.plus(step);
        if self.window.ticks >= PEAK_SPAN_MIN {
            if self.window.is_faster_than(self.peak) {
                self.peak = self.window;
            }
            self.window = Rate::default();
        }
    }

    /// The points so far, the first at 0.
    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    /// Where the last PCR stands, in ticks after the first.
    pub(super) fn span_ticks(&self) -> u64 {
        self.points.last().map_or(0, |point| point.ticks)
    }

    /// The mean rate over the file, jumps left out.
    pub(super) const fn mean(&self) -> Rate {
        self.mean
    }

    /// The highest rate over 20 ms or more.
    pub(super) const fn peak(&self) -> Rate {
        if self.peak.ticks == 0 { self.mean } else { self.peak }
    }

    /// Whether the PCR jumps anywhere between the first and the last.
    pub(super) const fn jumps(&self) -> bool {
        self.jumps
    }

    /// The points, the clock being done with.
    pub(super) fn into_points(self) -> Vec<Point> {
        self.points
    }
}
