//! Which inputs come by AF_XDP: looked at when a flow is added, and again every second.
//!
//! What AF_XDP takes, no other socket of the host gets. So a flow's datagrams are taken only while no other program has joined
//! its group, and are left to the kernel as soon as one does.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use super::ports::{Entrance, PortId};
use crate::event::EventKind;
use crate::io::interface;
use crate::io::xdp::{self, AttachMode, LIST, Port, Refusal, listeners};
use crate::spec::{Engine, Input, Interface};
use crate::sys::SharedPart;

/// Interval between attempts at an interface that refused.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// How long the program stays before an interface that no flow needs: some drivers take their link down to change it.
const LINGER: Duration = Duration::from_secs(10);

/// What is to be done on a thread.
pub(super) enum Move {
    Attach(PortId, Port),
    Detach(PortId),
    Enter(u64, Entrance),
    Leave(u64),
    /// To be told to whoever listens to the flow.
    Say(u64, EventKind),
}

/// The choice, interface by interface and flow by flow.
pub(super) struct Engines {
    choice: Engine,
    /// Whether AF_XDP was asked for, or is known to be welcome.
    is_allowed: bool,
    next_port: PortId,
    interfaces: HashMap<String, Place>,
    members: HashMap<u64, Member>,
}

/// An interface that flows come in at.
struct Place {
    thread: usize,
    index: u32,
    port: Result<(PortId, &'static str), Refusal>,
    tried: Instant,
    idle_since: Option<Instant>,
}

/// A flow from the network.
struct Member {
    thread: usize,
    interface: Result<String, Refusal>,
    group: Option<SocketAddrV4>,
    source: Option<IpAddr>,
    inside: bool,
    said: Option<Refusal>,
}

impl Engines {
    pub(super) fn new(choice: Engine) -> Self {
        let is_allowed = choice == Engine::Xdp || choice == Engine::Auto && xdp::is_wanted();
        Self { choice, is_allowed, next_port: 0, interfaces: HashMap::new(), members: HashMap::new() }
    }

    /// The thread that a flow with this input belongs on, if it matters.
    pub(super) fn thread_for(&self, input: &Input) -> Option<usize> {
        let (_, interface) = self.place_of(input).ok()?;
        self.interfaces.get(&interface).filter(|place| place.port.is_ok()).map(|place| place.thread)
    }

    /// A flow was added to a thread, whose frames these are.
    pub(super) fn add(&mut self, flow: u64, input: &Input, thread: usize, frames: &SharedPart) -> Vec<(usize, Move)> {
        if self.choice == Engine::Socket {
            return Vec::new();
        }
        let (group, interface) = match self.place_of(input) {
            Ok((group, interface)) => (Some(group), Ok(interface)),
            Err(refusal) => (None, Err(refusal)),
        };
        let member = Member { thread, interface, group, source: input.source, inside: false, said: None };
        let mut moves = Vec::new();
        if let (Ok(name), true) = (&member.interface, self.is_allowed) {
            self.open(name, thread, frames, &mut moves);
        }
        self.members.insert(flow, member);
        self.settle(flow, &memberships(), &mut moves);
        moves
    }

    /// A flow is gone.
    pub(super) fn remove(&mut self, flow: u64) {
        self.members.remove(&flow);
    }

    /// Looks at everything again. `frames` gives those of a thread.
    pub(super) fn look(&mut self, frames: impl Fn(usize) -> SharedPart) -> Vec<(usize, Move)> {
        let mut moves = Vec::new();
        if !self.is_allowed || self.members.is_empty() && self.interfaces.is_empty() {
            return moves;
        }
        self.close_gone(&mut moves);
        let wanted: Vec<_> =
            self.members.values().filter_map(|member| Some((member.interface.clone().ok()?, member.thread))).collect();
        for (name, thread) in wanted {
            self.open(&name, thread, &frames(thread), &mut moves);
        }
        let list = memberships();
        let flows: Vec<_> = self.members.keys().copied().collect();
        flows.into_iter().for_each(|flow| self.settle(flow, &list, &mut moves));
        moves
    }

    /// Where an input's datagrams come in.
    fn place_of(&self, input: &Input) -> Result<(SocketAddrV4, String), Refusal> {
        let SocketAddr::V4(address) = input.address else { return Err(Refusal::Address) };
        if !address.ip().is_multicast() {
            return Err(Refusal::Address);
        }
        let name = match &input.interface {
            Some(interface) => interface::name_of(interface),
            None => interface::name_towards(input.address),
        };
        name.map(|name| (address, name)).ok_or(Refusal::Interface)
    }

    /// Opens an interface, unless it is open or has refused of late.
    fn open(&mut self, name: &str, thread: usize, frames: &SharedPart, moves: &mut Vec<(usize, Move)>) {
        let is_settled = |place: &Place| place.port.is_ok() || place.tried.elapsed() < RETRY_INTERVAL;
        if self.interfaces.get(name).is_some_and(is_settled) {
            return;
        }
        let index = interface::index_of(&Interface::Name(name.to_owned())).ok();
        let opened = index.ok_or(Refusal::Interface).and_then(|index| Port::open(name, index, self.modes(), frames));
        let port = opened.map(|port| {
            let (id, way) = (self.next_port, port.way());
            self.next_port += 1;
            moves.push((thread, Move::Attach(id, port)));
            (id, way)
        });
        let place = Place { thread, index: index.unwrap_or(0), port, tried: Instant::now(), idle_since: None };
        self.interfaces.insert(name.to_owned(), place);
    }

    const fn modes(&self) -> &'static [AttachMode] {
        match self.choice {
            Engine::Xdp => &[AttachMode::Native, AttachMode::Generic],
            Engine::Auto | Engine::Socket => &[AttachMode::Native],
        }
    }

    /// Gives up interfaces that are gone, or are another under the same name, or have long had no flow.
    fn close_gone(&mut self, moves: &mut Vec<(usize, Move)>) {
        let members = &mut self.members;
        self.interfaces.retain(|name, place| {
            let Ok((id, _)) = place.port else { return true };
            let is_there = interface::index_of(&Interface::Name(name.clone())) == Ok(place.index);
            let is_used = members.values().any(|member| member.interface.as_ref() == Ok(name));
            let idle_since = (!is_used).then(|| place.idle_since.unwrap_or_else(Instant::now));
            place.idle_since = idle_since;
            if is_there && idle_since.is_none_or(|since| since.elapsed() < LINGER) {
                return true;
            }
            for (flow, member) in members.iter_mut().filter(|(_, member)| member.interface.as_ref() == Ok(name)) {
                member.inside = false;
                moves.push((member.thread, Move::Leave(*flow)));
            }
            moves.push((place.thread, Move::Detach(id)));
            false
        });
    }

    /// Has a flow's datagrams come the way that is right now.
    fn settle(&mut self, flow: u64, list: &str, moves: &mut Vec<(usize, Move)>) {
        let verdict = self.verdict(flow, list);
        let against_will = self.choice == Engine::Xdp;
        let Some(member) = self.members.get_mut(&flow) else { return };
        let thread = member.thread;
        match verdict {
            Ok((entrance, event)) if !member.inside => {
                (member.inside, member.said) = (true, None);
                moves.push((thread, Move::Enter(flow, entrance)));
                moves.push((thread, Move::Say(flow, event)));
            }
            Ok(_) => {}
            Err(reason) => {
                if std::mem::take(&mut member.inside) {
                    moves.push((thread, Move::Leave(flow)));
                }
                if member.said.as_ref() != Some(&reason) {
                    member.said = Some(reason.clone());
                    moves.push((thread, Move::Say(flow, EventKind::InputThroughSockets { reason, against_will })));
                }
            }
        }
    }

    fn verdict(&self, flow: u64, list: &str) -> Result<(Entrance, EventKind), Refusal> {
        let member = self.members.get(&flow).ok_or(Refusal::Configured)?;
        if !self.is_allowed {
            return Err(Refusal::NotAskedFor);
        }
        let name = member.interface.clone()?;
        let destination = member.group.ok_or(Refusal::Address)?;
        let place = self.interfaces.get(&name).ok_or(Refusal::Interface)?;
        let (port, way) = place.port.clone()?;
        if place.thread != member.thread {
            return Err(Refusal::Thread);
        }
        let ours = self.members.values().filter(|other| other.is_on(&name, destination)).count();
        let same = self.members.values().filter(|other| other.group == member.group && other.is_on(&name, destination));
        if same.count() > 1 || listeners(list, &name, *destination.ip()) > ours {
            return Err(Refusal::Shared);
        }
        let source = member.source.and_then(|source| match source {
            IpAddr::V4(source) => Some(source),
            IpAddr::V6(_) => None,
        });
        Ok((Entrance { port, destination, source }, EventKind::InputByXdp { interface: name, way }))
    }
}

impl Member {
    /// Whether it has joined this group on this interface.
    fn is_on(&self, interface: &str, destination: SocketAddrV4) -> bool {
        self.interface.as_deref() == Ok(interface) && self.group.is_some_and(|group| group.ip() == destination.ip())
    }
}

/// The kernel's list of memberships; without it, nobody else is taken to listen.
fn memberships() -> String {
    fs::read_to_string(LIST).unwrap_or_default()
}
