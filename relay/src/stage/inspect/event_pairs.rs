//! Whether services have both a present and a following event (TR 101 290, 3.6.c).

use std::collections::BTreeMap;

use super::alarm::Alarms;
use super::indicator::{Indicator, Offence, limits};
use super::structure::MOST_SERVICES;
use crate::time::Time;
use crate::wire::ids;

/// Watches the sections 0 (present) and 1 (following) of each service of this transport stream.
#[derive(Debug, Default)]
pub(super) struct EventPairs {
    services: BTreeMap<u16, Pair>,
    is_broken: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    /// When the service had none of them before.
    start: Time,
    last: [Option<Time>; 2],
}

impl Pair {
    fn comes(&self, now: Time) -> [bool; 2] {
        self.last.map(|last| last.is_some_and(|last| now.since(last) <= limits::SDT_AND_EIT))
    }

    /// Whether one of the two comes, and the other has had its time.
    fn is_broken(&self, now: Time) -> bool {
        let [present, following] = self.comes(now);
        let missing = if present { self.last[1] } else { self.last[0] };
        present != following && now.since(missing.unwrap_or(self.start)) > limits::SDT_AND_EIT
    }
}

impl EventPairs {
    /// Takes a section of a service.
    pub(super) fn take(&mut self, at: Time, service: u16, number: u8) {
        let has_room = self.services.len() < MOST_SERVICES || self.services.contains_key(&service);
        if has_room && number < 2 {
            let pair = self.services.entry(service).or_insert(Pair { start: at, last: [None; 2] });
            pair.last[usize::from(number)] = Some(at);
        }
    }

    /// Looks for services that have only one.
    pub(super) fn tick(&mut self, now: Time, alarms: &mut Alarms) {
        self.services.retain(|_, pair| pair.comes(now) != [false; 2]);
        let is_broken = self.services.values().any(|pair| pair.is_broken(now));
        match (self.is_broken, is_broken) {
            (false, true) => alarms.begin(now, Indicator::EitPfError, Some(ids::EIT_PID), Offence::Found),
            (true, false) => alarms.end(now, Indicator::EitPfError),
            _ => {}
        }
        self.is_broken = is_broken;
    }
}
