//! The other instances of the flow, as they said of themselves.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::message::{InstanceId, Message, Standing};
use crate::time::{Time, Utc};

/// An instance that says nothing for so long is gone.
const GONE_AFTER: Duration = Duration::from_millis(350);
/// Instances known at most.
const MOST_PEERS: usize = 256;

#[derive(Clone, Copy, Debug)]
struct Peer {
    standing: Standing,
    address: IpAddr,
    heard: Time,
    sent: Utc,
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

impl Peers {
    /// Takes note of a message. `None` if it is older than one that came before; else whether the instance is new.
    pub(super) fn note(&mut self, now: Time, message: &Message, address: IpAddr) -> Option<bool> {
        let instance = message.standing.instance;
        let peer = Peer { standing: message.standing, address, heard: now, sent: message.sent };
        let old = self.peers.get(&instance);
        if old.is_some_and(|old| old.sent >= message.sent) {
            return None;
        }
        let is_new = old.is_none_or(|old| !old.is_there(now));
        if self.peers.len() >= MOST_PEERS && old.is_none() {
            self.peers.retain(|_, peer| peer.is_there(now));
        }
        if self.peers.len() < MOST_PEERS || !is_new {
            self.peers.insert(instance, peer);
        }
        Some(is_new)
    }

    /// The instance that sends the stream from this address.
    pub(super) fn sender(&self, source: SocketAddr) -> Option<&Standing> {
        let is_it = |peer: &&Peer| peer.address == source.ip() && peer.standing.port == source.port();
        self.peers.values().find(is_it).map(|peer| &peer.standing)
    }

    /// Those that are there.
    pub(super) fn present(&self, now: Time) -> impl Iterator<Item = &Standing> {
        self.peers.values().filter(move |peer| peer.is_there(now)).map(|peer| &peer.standing)
    }

    /// Those that could go on air.
    pub(super) fn candidates(&self, now: Time) -> impl Iterator<Item = &Standing> {
        self.present(now).filter(|peer| peer.ready && peer.healthy && !peer.leaving && !peer.on_air)
    }
}

impl Peer {
    fn is_there(&self, now: Time) -> bool {
        now.since(self.heard) < GONE_AFTER
    }
}
