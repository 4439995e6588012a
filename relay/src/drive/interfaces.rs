//! The interfaces that are used by AF_XDP, each by one thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::engines::{Move, Moves};
use super::ports::{PortId, SharedLane};
use crate::io::interface::{self, InterfaceError};
use crate::io::xdp::{AttachMode, Lane, Port, Refusal};
use crate::spec::Interface;
use crate::sys::SharedPart;

/// Interval between attempts at an interface that refused.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// How long the program stays before an interface that no flow needs: some drivers take their link down to change it.
const LINGER: Duration = Duration::from_secs(10);

/// What an interface is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// To send.
    Send,
    /// To receive, and to send if need be.
    Receive,
}

/// An interface that is open.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) port: PortId,
    pub(super) purpose: Purpose,
    /// How datagrams come in and leave, for people.
    pub(super) way_in: &'static str,
    pub(super) way_out: &'static str,
    pub(super) is_zero_copy: bool,
    pub(super) lane: SharedLane,
}

/// An interface that was tried.
struct Place {
    thread: usize,
    index: u32,
    opened: Result<Opened, Refusal>,
    tried: Instant,
    idle_since: Option<Instant>,
}

/// All that were tried, by their names.
pub(super) struct Interfaces {
    modes: &'static [AttachMode],
    next_port: PortId,
    places: HashMap<String, Place>,
}

impl Interfaces {
    /// None so far; programs may be attached in these modes.
    pub(super) fn new(modes: &'static [AttachMode]) -> Self {
        Self { modes, next_port: 0, places: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The thread that has an interface open.
    pub(super) fn thread_of(&self, name: &str) -> Option<usize> {
        self.places.get(name).filter(|place| place.opened.is_ok()).map(|place| place.thread)
    }

    /// The interface as it is open for a thread.
    pub(super) fn get(&self, name: &str, thread: usize, purpose: Purpose) -> Result<Opened, Refusal> {
        let place = self.places.get(name).ok_or(Refusal::Interface)?;
        let opened = place.opened.clone()?;
        if place.thread != thread {
            return Err(Refusal::Thread);
        }
        if opened.purpose < purpose { Err(Refusal::Taken(name.to_owned())) } else { Ok(opened) }
    }

    /// Opens an interface with a thread's frames, unless it is open or has refused of late. One that is open to send only is
    /// given up if it is wanted to receive: the next try opens it for both.
    pub(super) fn open(
        &mut self,
        name: &str,
        (thread, frames): (usize, &SharedPart),
        purpose: Purpose,
        moves: &mut Moves,
    ) {
        if let Some(place) = self.places.get(name) {
            match &place.opened {
                Ok(opened) if opened.purpose < purpose => self.close(name, moves),
                Ok(_) => return,
                Err(_) if place.tried.elapsed() < RETRY_INTERVAL => return,
                Err(_) => {}
            }
        }
        let index = interface::index_of(&Interface::Name(name.to_owned())).ok();
        let made = index.ok_or(Refusal::Interface).and_then(|index| make(name, index, purpose, self.modes, frames));
        let opened = made.map(|(port, lane)| {
            let opened = describe(self.next_port, purpose, port.as_ref(), lane);
            self.next_port += 1;
            moves.push((thread, Move::Attach(opened.port, port, Arc::clone(&opened.lane))));
            opened
        });
        let place = Place { thread, index: index.unwrap_or(0), opened, tried: Instant::now(), idle_since: None };
        self.places.insert(name.to_owned(), place);
    }

    /// Gives up interfaces that are gone, or are another under the same name, or have long been of no use. Returns their
    /// names.
    pub(super) fn close_gone(&mut self, is_used: impl Fn(&str) -> bool, moves: &mut Moves) -> Vec<String> {
        let gone = self.places.iter_mut().filter_map(|(name, place)| {
            let index = interface::index_of(&Interface::Name(name.clone()));
            let is_there = index == Ok(place.index) || matches!(index, Err(InterfaceError::Untold { .. }));
            place.idle_since = (!is_used(name)).then(|| place.idle_since.unwrap_or_else(Instant::now));
            let is_idle = place.idle_since.is_some_and(|since| since.elapsed() >= LINGER);
            (place.opened.is_ok() && (!is_there || is_idle)).then(|| name.clone())
        });
        let gone: Vec<_> = gone.collect();
        gone.iter().for_each(|name| self.close(name, moves));
        gone
    }

    fn close(&mut self, name: &str, moves: &mut Moves) {
        if let Some(Place { thread, opened: Ok(opened), .. }) = self.places.remove(name) {
            moves.push((thread, Move::Detach(opened.port)));
        }
    }
}

fn make(
    name: &str,
    index: u32,
    purpose: Purpose,
    modes: &[AttachMode],
    frames: &SharedPart,
) -> Result<(Option<Port>, Lane), Refusal> {
    match purpose {
        Purpose::Receive => Port::open(name, index, modes, frames).map(|(port, lane)| (Some(port), lane)),
        Purpose::Send => Port::open_lane(name, index, frames).map(|lane| (None, lane)),
    }
}

fn describe(id: PortId, purpose: Purpose, port: Option<&Port>, lane: Lane) -> Opened {
    Opened {
        port: id,
        purpose,
        way_in: port.map_or("", Port::way),
        way_out: lane.way(),
        is_zero_copy: lane.is_zero_copy(),
        lane: Arc::new(Mutex::new(lane)),
    }
}
