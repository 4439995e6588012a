//! Reads a file of transport packets: plain, behind arrival stamps, or before parity.

use std::io;

use super::arrival_times::ArrivalTimes;
use super::counters::Counters;
use super::held::{Held, Part};
use super::item::Item;
use super::layout::Layout;
use super::pcr_times::PcrTimes;
use super::sync::{Step, Sync};
use super::window::{WINDOW_LEN, Window};

/// What waits for its time may take up so much of the window.
const WAITING_MAX: usize = WINDOW_LEN / 2;

/// A file of transport packets.
pub(super) struct Stream {
    window: Window,
    layout: Layout,
    sync: Sync,
    times: Times,
    /// Bytes of the window that have been looked at.
    seen: usize,
    /// Bytes left out since sync was lost.
    skipped: u64,
}

enum Times {
    Pcr(PcrTimes),
    Arrival(ArrivalTimes),
}

impl Stream {
    /// A stream whose packets lie in `layout`, the first of them at the start of the window.
    pub(super) fn new(window: Window, layout: Layout) -> Self {
        let times = if layout == Layout::WITH_ARRIVAL_TIME && ArrivalTimes::are_in(window.bytes()) {
            Times::Arrival(ArrivalTimes::default())
        } else {
            Times::Pcr(PcrTimes::new(layout, window.offset()))
        };
        Self { window, layout, sync: Sync::locked(layout), times, seen: 0, skipped: 0 }
    }

    /// Gives what the window holds and moves it on; `false` at the end.
    pub(super) fn read(&mut self, counters: &mut Counters, take: &mut impl FnMut(Item<'_>)) -> io::Result<bool> {
        loop {
            let step = self.sync.step(&self.window.bytes()[self.seen..], self.window.ended());
            counters.count(step, self.layout.stride);
            if step == Step::More {
                break;
            }
            self.take_step(step, take);
        }
        self.make_room(take);
        Ok(self.window.read_on()? || !self.window.bytes().is_empty())
    }

    fn take_step(&mut self, step: Step, take: &mut impl FnMut(Item<'_>)) {
        let at = self.here();
        match step {
            Step::Run(len) => self.give(Part::Run { from: at, to: at + len as u64 }, take),
            Step::Bad(_) => self.give(Part::BadSync { at }, take),
            Step::Lost => self.give(Part::SyncLost { at }, take),
            Step::Found => {
                let skipped = std::mem::take(&mut self.skipped);
                self.give(Part::SyncFound { at, skipped }, take);
            }
            Step::Skip(len) => self.skipped += len as u64,
            Step::More => {}
        }
        self.seen += step.len();
    }

    /// Where that starts which has not been looked at.
    fn here(&self) -> u64 {
        self.window.offset() + self.seen as u64
    }

    fn give(&mut self, part: Part, take: &mut impl FnMut(Item<'_>)) {
        let held = Held { bytes: self.window.bytes(), offset: self.window.offset() };
        match &mut self.times {
            Times::Pcr(times) => times.give(held, part, take),
            Times::Arrival(times) => times.give(held, part, take),
        }
    }

    /// Lets go of all but what still waits for its time.
    fn make_room(&mut self, take: &mut impl FnMut(Item<'_>)) {
        let (here, held) = (self.here(), Held { bytes: self.window.bytes(), offset: self.window.offset() });
        let mut done = here;
        if let Times::Pcr(times) = &mut self.times
            && let Some(from) = times.waiting_from()
        {
            if self.window.ended() || here - from > WAITING_MAX as u64 {
                times.give_all(held, here, take);
            } else {
                done = from;
            }
        }
        self.window.consume((done - held.offset) as usize);
        self.seen = (here - done) as usize;
    }
}
