//! Which datagrams come and leave by AF_XDP: looked at when a flow is added, and again every second.
//!
//! What AF_XDP takes, no other socket of the host gets. So a flow's datagrams are taken only while no other program has joined
//! its group, and are left to the kernel as soon as one does.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use super::interfaces::{Interfaces, Purpose};
use super::ports::{Entrance, PortId, SharedLane};
use crate::event::EventKind;
use crate::io::interface;
use crate::io::xdp::{self, AttachMode, LIST, Port, Refusal, listeners};
use crate::spec::{Engine, Input};
use crate::sys::SharedPart;

/// Interval after which an output is given its lane again, in case that it has given it up.
const RENEW_INTERVAL: Duration = Duration::from_secs(10);

/// What is to be done on a thread.
pub(super) enum Move {
    /// An interface is open: to receive from, and to send by.
    Attach(PortId, Option<Port>, SharedLane),
    Detach(PortId),
    /// A flow's datagrams come in here.
    Enter(u64, Entrance),
    Leave(u64),
    /// A flow's output, by its number, sends this way.
    Send(u64, usize, SharedLane, &'static str),
    /// To be told to whoever listens to the flow.
    Say(u64, EventKind),
}

/// Moves, each with its thread.
pub(super) type Moves = Vec<(usize, Move)>;

/// An output that may be sent by AF_XDP.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    /// The output as written.
    pub(super) url: String,
    /// The interface, or why it is not sent so.
    pub(super) interface: Result<String, Refusal>,
    /// Whether its datagrams leave in bursts.
    pub(super) bursts: bool,
}

/// The choice, flow by flow.
pub(super) struct Engines {
    choice: Engine,
    /// Whether AF_XDP was asked for, or is known to be welcome.
    is_allowed: bool,
    interfaces: Interfaces,
    members: HashMap<u64, Member>,
}

/// A flow.
struct Member {
    thread: usize,
    inlet: Option<Inlet>,
    outlets: Vec<(Outlet, Told)>,
}

/// A flow's input.
struct Inlet {
    place: Result<(SocketAddrV4, String), Refusal>,
    source: Option<IpAddr>,
    inside: bool,
    said: Option<Refusal>,
}

/// What an output was told.
#[derive(Default)]
struct Told {
    refusal: Option<Refusal>,
    lane: Option<Instant>,
}

impl Engines {
    pub(super) fn new(choice: Engine) -> Self {
        let is_allowed = choice == Engine::Xdp || choice == Engine::Auto && xdp::is_wanted();
        let modes: &[AttachMode] = match choice {
            Engine::Xdp => &[AttachMode::Native, AttachMode::Generic],
            Engine::Auto | Engine::Socket => &[AttachMode::Native],
        };
        Self { choice, is_allowed, interfaces: Interfaces::new(modes), members: HashMap::new() }
    }

    /// The thread that a flow with this input belongs on, if it matters.
    pub(super) fn thread_for(&self, input: &Input) -> Option<usize> {
        self.interfaces.thread_of(&place_of(input).ok()?.1)
    }

    /// A flow was added to a thread, whose frames these are.
    pub(super) fn add(
        &mut self,
        flow: u64,
        input: Option<&Input>,
        outlets: Vec<Outlet>,
        (thread, frames): (usize, &SharedPart),
    ) -> Moves {
        let mut moves = Vec::new();
        if self.choice == Engine::Socket {
            return moves;
        }
        let inlet =
            input.map(|input| Inlet { place: place_of(input), source: input.source, inside: false, said: None });
        let outlets = outlets.into_iter().map(|outlet| (outlet, Told::default())).collect();
        self.members.insert(flow, Member { thread, inlet, outlets });
        self.open(flow, frames, &mut moves);
        self.settle(flow, &memberships(), &mut moves);
        moves
    }

    /// A flow is gone.
    pub(super) fn remove(&mut self, flow: u64) {
        self.members.remove(&flow);
    }

    /// Looks at everything again. `frames` gives those of a thread.
    pub(super) fn look(&mut self, frames: impl Fn(usize) -> SharedPart) -> Moves {
        let mut moves = Vec::new();
        if !self.is_allowed || self.members.is_empty() && self.interfaces.is_empty() {
            return moves;
        }
        self.close_gone(&mut moves);
        let flows: Vec<_> = self.members.iter().map(|(&flow, member)| (flow, member.thread)).collect();
        for &(flow, thread) in &flows {
            self.open(flow, &frames(thread), &mut moves);
        }
        let list = memberships();
        flows.into_iter().for_each(|(flow, _)| self.settle(flow, &list, &mut moves));
        moves
    }

    /// Opens the interfaces of a flow.
    fn open(&mut self, flow: u64, frames: &SharedPart, moves: &mut Moves) {
        let Some(member) = self.members.get(&flow).filter(|_| self.is_allowed) else { return };
        if let Some(name) = member.interface() {
            self.interfaces.open(name, (member.thread, frames), Purpose::Receive, moves);
        }
        for (outlet, _) in &member.outlets {
            if let Ok(name) = &outlet.interface {
                self.interfaces.open(name, (member.thread, frames), Purpose::Send, moves);
            }
        }
    }

    fn close_gone(&mut self, moves: &mut Moves) {
        let Self { members, interfaces, .. } = self;
        let gone = interfaces.close_gone(|name| members.values().any(|member| member.uses(name)), moves);
        for (flow, member) in members {
            let thread = member.thread;
            let is_gone = member.interface().is_some_and(|name| gone.contains(name));
            if let Some(inlet) = member.inlet.as_mut().filter(|inlet| is_gone && inlet.inside) {
                inlet.inside = false;
                moves.push((thread, Move::Leave(*flow)));
            }
        }
    }

    /// Has a flow's datagrams come and leave the way that is right now.
    fn settle(&mut self, flow: u64, list: &str, moves: &mut Moves) {
        let verdict = self.verdict(flow, list);
        let against_will = self.choice == Engine::Xdp;
        let Some(member) = self.members.get_mut(&flow) else { return };
        let thread = member.thread;
        if let (Some(inlet), Some(verdict)) = (&mut member.inlet, verdict) {
            inlet.settle(flow, verdict, against_will, |step| moves.push((thread, step)));
        }
        let interfaces = self.is_allowed.then_some(&self.interfaces);
        for (number, (outlet, told)) in member.outlets.iter_mut().enumerate() {
            moves.extend(told.settle((flow, number), outlet, thread, interfaces).map(|step| (thread, step)));
        }
    }

    /// Where a flow's datagrams may come in, if it has an input from the network.
    fn verdict(&self, flow: u64, list: &str) -> Option<Result<(Entrance, EventKind), Refusal>> {
        let member = self.members.get(&flow)?;
        let inlet = member.inlet.as_ref()?;
        Some(self.entrance(member, inlet, list))
    }

    fn entrance(&self, member: &Member, inlet: &Inlet, list: &str) -> Result<(Entrance, EventKind), Refusal> {
        if !self.is_allowed {
            return Err(Refusal::NotAskedFor);
        }
        let (destination, name) = inlet.place.clone()?;
        let opened = self.interfaces.get(&name, member.thread, Purpose::Receive)?;
        let places = self.members.values().filter_map(|member| member.inlet.as_ref()?.place.as_ref().ok());
        let ours = places.clone().filter(|(group, on)| *on == name && group.ip() == destination.ip()).count();
        let same = places.filter(|(group, on)| *on == name && *group == destination).count();
        if same > 1 || listeners(list, &name, *destination.ip()) > ours {
            return Err(Refusal::Shared);
        }
        let source = inlet.source.and_then(|source| match source {
            IpAddr::V4(source) => Some(source),
            IpAddr::V6(_) => None,
        });
        let event = EventKind::InputByXdp { interface: name, way: opened.way_in };
        Ok((Entrance { port: opened.port, destination, source }, event))
    }
}

impl Member {
    /// The interface that its datagrams come in at.
    fn interface(&self) -> Option<&String> {
        Some(&self.inlet.as_ref()?.place.as_ref().ok()?.1)
    }

    fn uses(&self, name: &str) -> bool {
        let sends = self.outlets.iter().any(|(outlet, _)| outlet.interface.as_deref() == Ok(name));
        sends || self.interface().is_some_and(|own| own == name)
    }
}

impl Inlet {
    fn settle(
        &mut self,
        flow: u64,
        verdict: Result<(Entrance, EventKind), Refusal>,
        against_will: bool,
        mut push: impl FnMut(Move),
    ) {
        match verdict {
            Ok((entrance, event)) if !self.inside => {
                (self.inside, self.said) = (true, None);
                push(Move::Enter(flow, entrance));
                push(Move::Say(flow, event));
            }
            Ok(_) => {}
            Err(reason) => {
                if std::mem::take(&mut self.inside) {
                    push(Move::Leave(flow));
                }
                if self.said.as_ref() != Some(&reason) {
                    self.said = Some(reason.clone());
                    push(Move::Say(flow, EventKind::InputThroughSockets { reason, against_will }));
                }
            }
        }
    }
}

impl Told {
    fn settle(
        &mut self,
        (flow, number): (u64, usize),
        outlet: &Outlet,
        thread: usize,
        interfaces: Option<&Interfaces>,
    ) -> Option<Move> {
        match lane_of(outlet, thread, interfaces?) {
            Ok((lane, way)) if self.lane.is_none_or(|since| since.elapsed() >= RENEW_INTERVAL) => {
                (self.lane, self.refusal) = (Some(Instant::now()), None);
                Some(Move::Send(flow, number, lane, way))
            }
            Ok(_) => None,
            Err(reason) if self.refusal.as_ref() != Some(&reason) => {
                (self.lane, self.refusal) = (None, Some(reason.clone()));
                Some(Move::Say(flow, EventKind::OutputThroughSockets { output: outlet.url.clone(), reason }))
            }
            Err(_) => None,
        }
    }
}

fn lane_of(outlet: &Outlet, thread: usize, interfaces: &Interfaces) -> Result<(SharedLane, &'static str), Refusal> {
    let name = outlet.interface.clone()?;
    let opened = interfaces.get(&name, thread, Purpose::Send)?;
    if outlet.bursts && !opened.is_zero_copy {
        return Err(Refusal::Bursts);
    }
    Ok((opened.lane, opened.way_out))
}

/// Where an input's datagrams come in.
fn place_of(input: &Input) -> Result<(SocketAddrV4, String), Refusal> {
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

/// The kernel's list of memberships; without it, nobody else is taken to listen.
fn memberships() -> String {
    fs::read_to_string(LIST).unwrap_or_default()
}
