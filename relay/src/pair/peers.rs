//! The other instances of the flow, as they said of themselves.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::message::{InstanceId, Message, Quality, Standing};
use crate::time::{Moment, Time};

/// An instance that says nothing for so long is gone.
const GONE_AFTER: Duration = Duration::from_millis(350);
/// Instances known at most.
const MOST_PEERS: usize = 256;
/// Messages from which the offset of a clock is told.
const CLOCK_SAMPLES: usize = 32;

/// Another instance.
#[derive(Clone, Debug)]
pub struct Peer {
    /// How it stands, by its last message.
    pub standing: Standing,
    /// Where it sends from.
    pub address: IpAddr,
    /// When it said something last.
    pub heard: Time,
    count: u64,
    /// How much later its messages came than they were sent, by the two clocks, in nanoseconds.
    lags: VecDeque<i64>,
}

/// The other instances.
#[derive(Debug, Default)]
pub(super) struct Peers {
    peers: BTreeMap<InstanceId, Peer>,
}

/// What decides between two that are on air: the later term, then the rank, then the number drawn.
pub(super) fn weight(standing: &Standing) -> (u64, u16, InstanceId) {
    (standing.term, standing.rank, standing.instance)
}

/// What decides between two that could go on air: the better input, then the rank, then the number drawn.
pub(super) fn merit(standing: &Standing) -> (Quality, u16, InstanceId) {
    (standing.quality, standing.rank, standing.instance)
}

impl Peers {
    /// Takes note of a message. `None` if it is older than one that came before; else whether the instance is new.
    pub(super) fn note(&mut self, now: Moment, message: &Message, address: IpAddr) -> Option<bool> {
        let instance = message.standing.instance;
        if self.peers.get(&instance).is_some_and(|peer| peer.count >= message.count) {
            return None;
        }
        if self.peers.len() >= MOST_PEERS && !self.peers.contains_key(&instance) {
            self.peers.retain(|_, peer| peer.is_there(now.mono));
            if self.peers.len() >= MOST_PEERS {
                return None;
            }
        }
        let mut is_new = false;
        let peer = self.peers.entry(instance).or_insert_with(|| {
            is_new = true;
            Peer::new(message, address)
        });
        is_new |= !peer.is_there(now.mono);
        peer.note(now, message, address);
        Some(is_new)
    }

    /// The instance that sends the stream from this address.
    pub(super) fn sender(&self, source: SocketAddr) -> Option<&Standing> {
        let is_it = |peer: &&Peer| peer.address == source.ip() && peer.standing.port == source.port();
        self.peers.values().find(is_it).map(|peer| &peer.standing)
    }

    /// Those that are there.
    pub(super) fn present(&self, now: Time) -> impl Iterator<Item = &Peer> {
        self.peers.values().filter(move |peer| peer.is_there(now))
    }

    /// Those that could go on air.
    pub(super) fn candidates(&self, now: Time) -> impl Iterator<Item = &Standing> {
        let can = |peer: &&Standing| peer.ready && peer.quality > Quality::None && !peer.leaving && !peer.on_air;
        self.present(now).map(|peer| &peer.standing).filter(can)
    }
}

impl Peer {
    fn new(message: &Message, address: IpAddr) -> Self {
        Self { standing: message.standing, address, heard: Time::default(), count: 0, lags: VecDeque::new() }
    }

    fn note(&mut self, now: Moment, message: &Message, address: IpAddr) {
        (self.standing, self.address) = (message.standing, address);
        (self.heard, self.count) = (now.mono, message.count);
        if self.lags.len() == CLOCK_SAMPLES {
            self.lags.pop_front();
        }
        self.lags.push_back(now.utc.0.cast_signed().wrapping_sub(message.sent.0.cast_signed()));
    }

    fn is_there(&self, now: Time) -> bool {
        self.heard > Time::default() && now.since(self.heard) < GONE_AFTER
    }

    /// How far our clock is ahead of its clock, in nanoseconds, as the quickest message of late tells: with the time that
    /// this one took.
    pub fn clock_offset_nanos(&self) -> i64 {
        self.lags.iter().copied().min().unwrap_or(0)
    }
}
