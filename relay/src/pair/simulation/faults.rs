//! What goes wrong, one thing after the other, each mended before the next.

use std::time::Duration;

use super::node::{Bug, Input};
use super::world::{INTERVAL, Weather, World};

/// Time for all to settle between two faults.
const CALM: Duration = Duration::from_millis(1_200);

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process on air is killed.
    Kill,
    /// The process on air is frozen, and goes on later.
    Freeze(Duration),
    /// The input link of the one on air is cut, and mended.
    CutInput,
    /// Everything that the one on air sends and hears of the others is lost for a while.
    CutOutput,
    /// The one on air leaves, as for a new version.
    HandOver,
    /// A standby is killed.
    KillStandby,
}

pub(super) const ALL: [Fault; 7] = [
    Fault::Kill,
    Fault::Freeze(Duration::from_millis(30)),
    Fault::Freeze(Duration::from_millis(900)),
    Fault::CutInput,
    Fault::CutOutput,
    Fault::HandOver,
    Fault::KillStandby,
];

/// A channel with `count` instances, on air and calm.
pub(super) fn on_air(seed: u64, count: usize, weather: Weather, bug: Bug) -> World {
    let mut world = World::new(seed, weather, bug);
    for _ in 0..count {
        world.start();
    }
    world.run(CALM);
    world
}

impl World {
    /// Lets a fault happen, and mends it.
    pub(super) fn suffer(&mut self, fault: Fault) {
        let Some(on_air) = self.on_air() else { return };
        match fault {
            Fault::Kill => self.replace(on_air),
            Fault::KillStandby => {
                let standby = self.alive().find(|(_, node)| node.is_standby()).map(|(place, _)| place);
                standby.into_iter().for_each(|place| self.replace(place));
            }
            Fault::Freeze(span) => {
                let until = self.now + span;
                self.change(on_air, |node| node.frozen_until = Some(until));
                self.run(span);
            }
            Fault::CutInput => {
                self.change(on_air, |node| node.has_input = false);
                self.run(CALM);
                self.change(on_air, |node| node.has_input = true);
            }
            Fault::CutOutput => {
                self.change(on_air, |node| node.has_output = false);
                self.run(CALM);
                self.change(on_air, |node| node.has_output = true);
            }
            Fault::HandOver => self.hand_over(on_air),
        }
        self.run(CALM);
    }

    fn replace(&mut self, place: usize) {
        self.nodes[place] = None;
        self.run(CALM);
        self.start();
    }

    fn hand_over(&mut self, place: usize) {
        self.start();
        let phase = self.draw(INTERVAL.as_nanos() as u64);
        self.run(CALM + Duration::from_nanos(phase));
        let now = self.moment();
        self.change(place, |node| node.machine.leave(now));
        self.deliver(place, Input::Wake);
        self.run(CALM);
        self.nodes[place] = None;
    }

    fn change(&mut self, place: usize, change: impl FnOnce(&mut super::node::Node)) {
        if let Some(node) = self.nodes[place].as_mut() {
            change(node);
        }
    }
}
