//! Times of a stream without stamps, from the PCRs of its first PID that has any.
//!
//! Parts of the stream wait until the next PCR is seen, so that each packet gets its time between two. Who waits too
//! long gets the rate between the PCRs before; without any such rate, time stands still.

use super::held::{Held, Part};
use super::item::{Item, Run, Step};
use super::layout::Layout;
use crate::stage::clock::{Observed, PcrClock};
use crate::time::{Time, ticks_to_nanos};
use crate::wire::ts::{PACKET_LEN, Packet};

/// A point of the line of time: a packet's number, as if sync had never been lost, and its ticks of 27 MHz.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    packet: u64,
    ticks: u64,
}

/// Gives packets their times.
pub(super) struct PcrTimes {
    layout: Layout,
    /// Where packet 0 starts.
    origin: u64,
    clock: PcrClock,
    last_pcr: Option<Point>,
    /// All before this has been given out.
    given: Point,
    waiting: Vec<Part>,
}

impl PcrTimes {
    /// The first packet starts at offset `origin`.
    pub(super) fn new(layout: Layout, origin: u64) -> Self {
        let (clock, given) = (PcrClock::default(), Point::default());
        Self { layout, origin, clock, last_pcr: None, given, waiting: Vec::new() }
    }

    /// Where that starts which waits for its time.
    pub(super) fn waiting_from(&self) -> Option<u64> {
        self.waiting.first().map(|part| part.start())
    }

    /// Takes in `part`, and gives out all that lies before the last PCR in it.
    pub(super) fn give(&mut self, held: Held<'_>, part: Part, take: &mut impl FnMut(Item<'_>)) {
        let Part::Run { mut from, to } = part else { return self.waiting.push(part) };
        let Layout { stride, prefix } = self.layout;
        for (number, bytes) in held.slice(from, to).chunks(stride).enumerate() {
            if !may_have_pcr(&bytes[prefix..]) {
                continue;
            }
            let at = part.start() + (number * stride) as u64;
            if let Some(point) = self.observe(&bytes[prefix..prefix + PACKET_LEN], at) {
                self.waiting.push(Part::Run { from, to: at });
                self.give_until(held, point, take);
                from = at;
            }
        }
        self.waiting.push(Part::Run { from, to });
    }

    /// Gives out all that waits, which ends at offset `to`, at the last known rate.
    pub(super) fn give_all(&mut self, held: Held<'_>, to: u64, take: &mut impl FnMut(Item<'_>)) {
        let point = self.point(self.number(to)).unwrap_or(Point { packet: self.number(to), ..self.given });
        self.give_until(held, point, take);
    }

    /// When the packet at `offset` came, if its PCR says so.
    fn observe(&mut self, packet: &[u8], offset: u64) -> Option<Point> {
        let packet = Packet::new(packet).filter(|packet| !packet.transport_error())?;
        let field = packet.adaptation()?;
        let number = self.number(offset);
        match self.clock.observe(packet.pid(), number, field.pcr()?, field.discontinuity()) {
            Observed::Passed => None,
            Observed::Steady | Observed::Jump => {
                self.last_pcr = self.point(number);
                self.last_pcr
            }
        }
    }

    /// The line of time, drawn on from the last PCR to packet `number`.
    fn point(&self, number: u64) -> Option<Point> {
        let from = self.last_pcr.unwrap_or(self.given);
        let ticks = from.ticks.saturating_add(self.clock.ticks_for(number.saturating_sub(from.packet))?);
        Some(Point { packet: number, ticks })
    }

    fn give_until(&mut self, held: Held<'_>, end: Point, take: &mut impl FnMut(Item<'_>)) {
        // What was given at the rate before may have run ahead of the PCR.
        let end = Point { ticks: end.ticks.max(self.given.ticks), ..end };
        let line = Line { from: self.given, to: end };
        for part in &self.waiting {
            self.give_one(held, *part, line, take);
        }
        self.waiting.clear();
        self.given = end;
    }

    fn give_one(&self, held: Held<'_>, part: Part, line: Line, take: &mut impl FnMut(Item<'_>)) {
        let time = line.at(self.number(part.start()));
        let Layout { stride, prefix } = self.layout;
        match part {
            Part::Run { from, to } if from == to => {}
            Part::Run { from, to } => {
                take(Item::Run(Run::new(&held.slice(from, to)[prefix..], stride, time, line.step())));
            }
            Part::BadSync { at } => {
                if let Some(packet) = held.packet(at + prefix as u64) {
                    take(Item::BadSync { at: time, packet });
                }
            }
            Part::SyncLost { .. } => take(Item::SyncLost { at: time }),
            Part::SyncFound { skipped, .. } => take(Item::SyncFound { at: time, skipped }),
        }
    }

    const fn number(&self, offset: u64) -> u64 {
        (offset - self.origin) / self.layout.stride as u64
    }
}

/// Whether a packet is worth a closer look: this is asked of each, and most have no adaptation field.
#[inline]
fn may_have_pcr(packet: &[u8]) -> bool {
    matches!(packet, [_, _, _, flags, len, field, ..] if flags & 0x20 != 0 && *len >= 7 && field & 0x10 != 0)
}

/// A straight piece of the line of time.
#[derive(Clone, Copy)]
struct Line {
    from: Point,
    to: Point,
}

impl Line {
    const fn packets(self) -> u64 {
        self.to.packet.saturating_sub(self.from.packet)
    }

    const fn nanos(self) -> u64 {
        ticks_to_nanos(self.to.ticks - self.from.ticks)
    }

    fn step(self) -> Step {
        Step::new(self.nanos(), self.packets())
    }

    /// In nanoseconds as [`Self::step`] is, so that a packet is never before those that were counted up to it.
    fn at(self, packet: u64) -> Time {
        let packets = packet.saturating_sub(self.from.packet);
        let after = u128::from(self.nanos()) * u128::from(packets) / u128::from(self.packets().max(1));
        Time(ticks_to_nanos(self.from.ticks).saturating_add(after as u64))
    }
}
