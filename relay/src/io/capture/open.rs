//! Opens a capture and reads it.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

use super::counters::Counters;
use super::error::CaptureError;
use super::flows::{FlowSeen, Survey};
use super::frame::Framing;
use super::item::Item;
use super::kind::{Kind, LEADING_JUNK_MAX};
use super::layout::SYNCS_IN_A_ROW;
use super::network::{Broken, Network};
use super::pcapng::Pcapng;
use super::stream::Stream;
use super::window::Window;
use crate::time::Utc;

/// A capture that is read from start to end.
pub struct Capture {
    name: String,
    kind: Kind,
    source: Source,
    counters: Counters,
    survey: Survey,
    destination: Option<SocketAddr>,
}

enum Source {
    Stream(Box<Stream>),
    Network(Box<Network>),
}

/// Opens the capture in a file, a pipe or a device. Of network traffic, the flow to `destination` is read; without one,
/// the flow with the most packets near the start.
///
/// # Errors
/// [`CaptureError`] when it cannot be read, is of no known kind, or has no flow of transport packets.
pub fn open(path: &Path, destination: Option<SocketAddr>) -> Result<Capture, CaptureError> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Capture::new(name, file, destination),
        Err(reason) => Err(CaptureError::Read { name, reason }),
    }
}

impl Capture {
    /// The capture that `source` gives, which errors call `name`; for the rest see [`open()`].
    ///
    /// # Errors
    /// As [`open()`].
    pub fn new(
        name: impl Into<String>,
        source: impl Read + Send + 'static,
        destination: Option<SocketAddr>,
    ) -> Result<Self, CaptureError> {
        let name = name.into();
        let mut window = Window::new(Box::new(source));
        if let Err(reason) = window.fill() {
            return Err(CaptureError::Read { name, reason });
        }
        let Some((kind, start)) = Kind::detect(window.bytes(), window.ended()) else {
            let searched = window.bytes().len().min(LEADING_JUNK_MAX);
            return Err(CaptureError::UnknownKind { name, wanted: SYNCS_IN_A_ROW, searched });
        };
        match kind.layout() {
            Some(layout) => {
                window.consume(start);
                let counters = Counters { skipped_bytes: start as u64, ..Counters::default() };
                let source = Source::Stream(Box::new(Stream::new(window, layout)));
                Ok(Self { name, kind, source, counters, survey: Survey::default(), destination: None })
            }
            None => Self::of_network(name, kind, window, destination),
        }
    }

    fn of_network(name: String, kind: Kind, window: Window, wanted: Option<SocketAddr>) -> Result<Self, CaptureError> {
        let framing = if kind == Kind::Pcap { Framing::Pcap(None) } else { Framing::Pcapng(Pcapng::default()) };
        let survey = Survey::read(framing.clone(), window.bytes());
        let seen = survey.flow(wanted);
        let Some(destination) = wanted.or(seen.map(|flow| flow.destination)) else {
            return Err(CaptureError::NoFlow { name, frames: survey.frames, unknown_link: survey.unknown_link });
        };
        let network = Network::new(window, framing, destination, seen.map(|flow| flow.rtp));
        let source = Source::Network(Box::new(network));
        Ok(Self { name, kind, source, counters: Counters::default(), survey, destination: Some(destination) })
    }

    /// Gives what a few megabytes of the capture hold to `take`; `false` when that was the end.
    ///
    /// # Errors
    /// [`CaptureError`] when it cannot be read any further. What came before has been given.
    pub fn read(&mut self, mut take: impl FnMut(Item<'_>)) -> Result<bool, CaptureError> {
        let name = || self.name.clone();
        let more = match &mut self.source {
            Source::Stream(stream) => stream
                .read(&mut self.counters, &mut take)
                .map_err(|reason| CaptureError::Read { name: name(), reason })?,
            Source::Network(network) => network.read(&mut self.counters, &mut take).map_err(|broken| match broken {
                Broken::Unreadable(reason) => CaptureError::Read { name: name(), reason },
                Broken::Damaged(offset, defect) => CaptureError::Damaged { name: name(), offset, defect },
            })?,
        };
        match self.destination {
            Some(wanted) if !more && self.counters.datagrams == 0 => {
                let seen = self.survey.flows.iter().map(|flow| flow.destination).collect();
                Err(CaptureError::NoSuchFlow { name: name(), wanted, seen })
            }
            _ => Ok(more),
        }
    }

    /// What the capture is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What was counted so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// When a capture of network traffic started, which is when its packets' times count from.
    pub const fn started(&self) -> Option<Utc> {
        self.survey.started
    }

    /// Where the datagrams go to that are read; `None` in a file of transport packets.
    pub const fn destination(&self) -> Option<SocketAddr> {
        self.destination
    }

    /// The flows of transport packets near the start of a capture of network traffic, those with the most packets
    /// first; the one that is read is among them, unless it was asked for and comes later.
    pub fn flows(&self) -> &[FlowSeen] {
        &self.survey.flows
    }
}
