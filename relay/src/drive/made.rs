//! An input made on this host: produced when it is due by UTC.

use std::time::Duration;

use crate::event::EventKind;
use crate::flow::{Arrived, Flow};
use crate::io::Generator;
use crate::mem::Pool;
use crate::stage::RtpHead;
use crate::time::{Moment, Time, Utc};
use crate::wire::rtp;

/// How late a datagram may be made. After a longer freeze, or a step of the clock, the source goes on from now: what was
/// due meanwhile would only be a burst that nobody can use.
const LATEST: Duration = Duration::from_secs(2);
/// How far ahead a datagram may be due before the clock is taken to have been set back.
const FARTHEST: Duration = Duration::from_secs(5);
/// Datagrams made in a turn at most.
const MOST_A_TURN: usize = 64;
/// Wait after an error.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// A source made here.
pub(super) struct MadeInput {
    generator: Box<dyn Generator>,
    state: State,
}

enum State {
    Fresh,
    Running,
    Failed { retry: Time },
    Ended,
}

impl MadeInput {
    pub(super) fn new(generator: Box<dyn Generator>) -> Self {
        Self { generator, state: State::Fresh }
    }

    /// Makes what is due.
    pub(super) fn produce(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow, say: &mut impl FnMut(EventKind)) {
        match self.state {
            State::Fresh => {
                self.generator.seek(now.utc);
                flow.counters.input_up_gauge = 1;
                say(EventKind::InputStarted);
            }
            State::Failed { retry } if retry > now.mono => return,
            State::Ended => return,
            State::Failed { .. } | State::Running => {}
        }
        self.state = State::Running;
        self.keep_up(now.utc, say);
        for _ in 0..MOST_A_TURN {
            match self.generator.due() {
                Some(due) if due <= now.utc => {
                    if !self.make(due, now, pool, flow, say) {
                        break;
                    }
                }
                Some(_) => break,
                None => return self.end(now, pool, flow),
            }
        }
    }

    /// When [`Self::produce`] wants to be called.
    pub(super) fn deadline(&self, now: Moment) -> Option<Time> {
        match self.state {
            State::Fresh => Some(now.mono),
            State::Failed { retry } => Some(retry),
            State::Running => self.generator.due().map(|due| now.mono_at(due)),
            State::Ended => None,
        }
    }

    pub(super) const fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn keep_up(&mut self, utc: Utc, say: &mut impl FnMut(EventKind)) {
        let Some(due) = self.generator.due() else { return };
        if utc.since(due) > LATEST || due.since(utc) > FARTHEST {
            say(EventKind::SourceMoved { from: due, to: utc });
            self.generator.seek(utc);
        }
    }

    fn make(
        &mut self,
        due: Utc,
        now: Moment,
        pool: &mut Pool,
        flow: &mut Flow,
        say: &mut impl FnMut(EventKind),
    ) -> bool {
        let Some(slot) = pool.take() else {
            flow.counters.dropped_overflow += 1;
            return false;
        };
        let sequence = self.generator.number().map(|number| number as u16);
        let head = RtpHead { sequence, timestamp: Some(rtp::timestamp(due)), ..RtpHead::default() };
        match self.generator.fill(pool.slot_mut(slot)) {
            Ok(len) => {
                let arrival = now.mono_at(due);
                let arrived = Arrived { slot, start: 0, len, segment_len: None, arrival, truncated: false };
                flow.receive_made(pool, arrived, head);
                flow.counters.last_input_utc_nanos_gauge = due.0;
                true
            }
            Err(error) => {
                pool.release(slot);
                self.state = State::Failed { retry: now.mono + RETRY_INTERVAL };
                flow.counters.input_up_gauge = 0;
                say(EventKind::InputFailed(error.to_string()));
                false
            }
        }
    }

    fn end(&mut self, now: Moment, pool: &mut Pool, flow: &mut Flow) {
        self.state = State::Ended;
        flow.counters.input_up_gauge = 0;
        flow.finish(now.mono, pool);
    }
}
