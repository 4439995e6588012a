//! What goes wrong, one thing after the other, each mended before the next.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::node::{Bug, Input, Node};
use super::world::{INTERVAL, Weather, World};
use crate::pair::fingerprint::{Fingerprint, Position};
use crate::pair::message::{HandOver, InstanceId, Message, Quality, Standing};

const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 66, 6, 6)), 666);
/// How long the second is frozen where two are.
const FREEZE: Duration = Duration::from_millis(500);
/// Time for all to settle between two faults.
const CALM: Duration = Duration::from_millis(1_200);

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process on air is killed.
    Kill,
    /// The process on air is frozen, and goes on later.
    Freeze(Duration),
    /// The process on air is frozen for a second, and the one that goes on is frozen for half of one, so long after it.
    FreezeBoth(Duration),
    /// None of them gets to run for so long: they share a host that has too much to do.
    FreezeAll(Duration),
    /// The input link of the one on air is cut, and mended.
    CutInput,
    /// Everything that the one on air sends and hears of the others is lost for a while.
    CutOutput,
    /// The one on air leaves, as for a new version.
    HandOver,
    /// A standby is killed.
    KillStandby,
    /// The input of the one on air goes bad, and is mended.
    BadInput,
    /// A standby hears nothing of the others for a while.
    Deafness,
    /// A clock is set, by hours, forth or back.
    ClockStep(i64),
    /// Somebody without the key, where there is one, says whatever comes to his mind; here there is none.
    Forgery,
    /// Somebody else's stream is on the group for a while.
    Stranger,
}

pub(super) const ALL: [Fault; 18] = [
    Fault::Kill,
    Fault::Freeze(Duration::from_millis(30)),
    Fault::Freeze(Duration::from_millis(900)),
    Fault::FreezeBoth(Duration::from_millis(300)),
    Fault::FreezeBoth(Duration::from_millis(750)),
    Fault::FreezeBoth(Duration::from_millis(990)),
    Fault::FreezeAll(Duration::from_millis(12)),
    Fault::FreezeAll(Duration::from_millis(60)),
    Fault::CutInput,
    Fault::CutOutput,
    Fault::HandOver,
    Fault::KillStandby,
    Fault::BadInput,
    Fault::Deafness,
    Fault::ClockStep(7_200_000_000_000),
    Fault::ClockStep(-7_200_000_000_000),
    Fault::Forgery,
    Fault::Stranger,
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

impl Fault {
    /// Datagrams that may come twice: none where it is known what was sent; those on their way when a link is cut or a deaf
    /// instance goes on air; and some for each forged message that is believed.
    pub(super) const fn most_duplicates(self) -> u64 {
        match self {
            Self::Kill | Self::Freeze(_) | Self::FreezeAll(_) | Self::CutInput | Self::HandOver | Self::KillStandby => {
                0
            }
            Self::BadInput | Self::ClockStep(_) | Self::Stranger => 0,
            // Of null packets, which are all the same.
            Self::FreezeBoth(_) => 4,
            Self::CutOutput | Self::Deafness => 16,
            Self::Forgery => 400,
        }
    }
}

impl Fault {
    /// Longest silence that it may cause: the time to notice, twice that where messages lie, and as long as nobody runs.
    pub(super) const fn longest_gap(self) -> Duration {
        match self {
            Self::Forgery => Duration::from_millis(25),
            Self::FreezeBoth(_) => FREEZE.saturating_add(Duration::from_millis(12)),
            Self::FreezeAll(span) => span.saturating_add(Duration::from_millis(12)),
            _ => Duration::from_millis(12),
        }
    }
}

impl World {
    /// Lets a fault happen, and mends it.
    pub(super) fn suffer(&mut self, fault: Fault) {
        let Some(on_air) = self.on_air() else { return };
        match fault {
            Fault::Kill => self.replace(on_air),
            Fault::KillStandby => {
                self.standby().into_iter().for_each(|place| self.replace(place));
            }
            Fault::Freeze(span) => {
                self.freeze(on_air, span);
                self.run(span);
            }
            Fault::FreezeBoth(after) => {
                self.freeze(on_air, 2 * FREEZE);
                self.run(after);
                let Some(next) = self.on_air_and_running() else { return };
                self.freeze(next, FREEZE);
                self.run(2 * FREEZE);
            }
            Fault::FreezeAll(span) => {
                let all: Vec<_> = self.alive().map(|(place, _)| place).collect();
                all.into_iter().for_each(|place| self.freeze(place, span));
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
            Fault::BadInput => {
                self.change(on_air, |node| node.quality = Quality::Bad);
                self.run(CALM);
                self.change(on_air, |node| node.quality = Quality::Good);
            }
            Fault::Deafness => {
                let Some(standby) = self.standby() else { return };
                self.change(standby, |node| node.is_deaf = true);
                self.run(CALM);
                self.change(standby, |node| node.is_deaf = false);
            }
            Fault::ClockStep(nanos) => self.change(on_air, |node| node.clock_error_nanos = nanos),
            Fault::Forgery => self.suffer_forgery(),
            Fault::Stranger => self.suffer_stranger(),
        }
        self.run(CALM);
    }

    /// Messages that say that another is on air, hands over, or is ready, in terms of the far future, 200 a second.
    fn suffer_forgery(&mut self) {
        let instances: Vec<_> = self.alive().map(|(_, node)| node.machine.standing(self.now).instance).collect();
        for count in 1..=200 {
            let drawn = self.draw(instances.len() as u64) as usize;
            let on_air = self.draw(2) == 0;
            let known_term = self.alive().map(|(_, node)| node.machine.term()).max().unwrap_or(0);
            let wild_term = u64::MAX >> self.draw(40);
            let term = if self.draw(2) == 0 { wild_term } else { known_term + self.draw(4) };
            let standing = Standing {
                instance: InstanceId(if self.draw(2) == 0 { 666 } else { instances[drawn].0 }),
                rank: u16::MAX,
                term,
                on_air,
                ready: !on_air,
                quality: Quality::Good,
                leaving: self.draw(8) == 0,
                // Who says that he is on air, and sends a stream as well, can take the place of an instance: that is what keys
                // are for.
                port: STRANGER.port() + 1,
            };
            let place = Position { before: Fingerprint(1), last: Fingerprint(self.draw(1 << 20)) };
            let hand_over = HandOver { to: instances[drawn], place, rtp_next: None };
            let hand_over = (self.draw(2) == 0).then_some(hand_over);
            let message = Message { standing, count, sent: self.moment().utc, hand_over };
            self.forge(&Input::Said { message, from: STRANGER });
            self.run(Duration::from_millis(5));
        }
    }

    fn suffer_stranger(&mut self) {
        for number in 0..300 {
            self.forge(&Input::Air { number: u64::MAX / 2 + number, arrival: self.now, source: STRANGER });
            self.run(Duration::from_millis(4));
        }
    }

    pub(super) fn standby(&self) -> Option<usize> {
        self.alive().find(|(_, node)| node.is_standby()).map(|(place, _)| place)
    }

    fn freeze(&mut self, place: usize, span: Duration) {
        let until = self.now + span;
        self.change(place, |node| node.frozen_until = Some(until));
    }

    fn on_air_and_running(&self) -> Option<usize> {
        let runs = |node: &Node| node.frozen_until.is_none_or(|until| until <= self.now);
        self.alive().find(|(_, node)| node.is_on_air() && runs(node)).map(|(place, _)| place)
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

    pub(super) fn change(&mut self, place: usize, change: impl FnOnce(&mut super::node::Node)) {
        if let Some(node) = self.nodes[place].as_mut() {
            change(node);
        }
    }
}
