//! Reads one flow out of captured network traffic.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::align::Aligner;
use super::counters::Counters;
use super::error::Defect;
use super::frame::{Frame, Framing, Record};
use super::item::{Datagram, Item};
use super::link::{Content, Udp};
use super::payload::{RtpDatagrams, Shape};
use super::window::Window;
use crate::time::{Time, Utc};

/// A stamp further back than this is a clock that was set, not a frame that was overtaken.
const OVERTAKEN_MAX: Duration = Duration::from_secs(1);

/// A capture of network traffic.
pub(super) struct Network {
    window: Window,
    framing: Framing,
    flow: Flow,
}

/// Why reading stops before the end.
pub(super) enum Broken {
    Unreadable(io::Error),
    Damaged(u64, Defect),
}

impl Network {
    /// Reads the datagrams to `destination`; `rtp` says whether they have RTP headers, if that is known.
    pub(super) fn new(window: Window, framing: Framing, destination: SocketAddr, rtp: Option<bool>) -> Self {
        let flow = Flow { destination, rtp, clock: StampClock::default(), aligner: Aligner::new() };
        Self { window, framing, flow }
    }

    /// Gives what the window holds and moves it on; `false` at the end.
    pub(super) fn read(&mut self, counters: &mut Counters, take: &mut impl FnMut(Item<'_>)) -> Result<bool, Broken> {
        let mut done = 0;
        loop {
            let record = self.framing.next(&self.window.bytes()[done..]);
            match record.map_err(|defect| Broken::Damaged(self.window.offset() + done as u64, defect))? {
                Record::Frame(frame, len) => {
                    self.flow.read(frame, counters, take);
                    done += len;
                }
                Record::Other(len) => done += len,
                Record::More => break,
            }
        }
        self.window.consume(done);
        let more = self.window.read_on().map_err(Broken::Unreadable)?;
        if !more {
            counters.cut_bytes = self.window.bytes().len() as u64;
            self.window.consume(self.window.bytes().len());
            self.flow.aligner.finish(self.flow.clock.now, counters, take);
        }
        Ok(more)
    }
}

/// The flow that is read.
struct Flow {
    destination: SocketAddr,
    rtp: Option<bool>,
    clock: StampClock,
    aligner: Aligner,
}

impl Flow {
    fn read(&mut self, frame: Frame<'_>, counters: &mut Counters, take: &mut impl FnMut(Item<'_>)) {
        counters.frames += 1;
        let at = self.clock.read(frame.stamp, counters);
        match Content::of(frame) {
            Content::Udp(udp) if udp.destination == self.destination && udp.cut => counters.cut_datagrams += 1,
            Content::Udp(udp) if udp.destination == self.destination => self.datagram(at, udp, counters, take),
            Content::Fragment => counters.fragments += 1,
            Content::Udp(_) | Content::Other | Content::UnknownLink => {}
        }
    }

    fn datagram(&mut self, at: Time, udp: Udp<'_>, counters: &mut Counters, take: &mut impl FnMut(Item<'_>)) {
        self.rtp = self.rtp.or_else(|| Shape::of(udp.payload).map(|shape| shape.rtp));
        let (source, len) = (udp.source, udp.payload.len());
        if self.rtp != Some(true) {
            return self.packets(Datagram { at, source, len, rtp: None }, udp.payload, counters, take);
        }
        for datagram in RtpDatagrams::new(udp.payload) {
            let Some((rtp, payload)) = datagram else {
                counters.malformed_datagrams += 1;
                continue;
            };
            let len = rtp.payload_start + payload.len();
            self.packets(Datagram { at, source, len, rtp: Some(rtp) }, payload, counters, take);
        }
    }

    fn packets(
        &mut self,
        datagram: Datagram,
        payload: &[u8],
        counters: &mut Counters,
        take: &mut impl FnMut(Item<'_>),
    ) {
        counters.datagrams += 1;
        take(Item::Datagram(datagram));
        self.aligner.feed(datagram.at, payload, counters, take);
    }
}

/// Time since the first frame of the capture.
#[derive(Default)]
struct StampClock {
    last: Option<Utc>,
    now: Time,
}

impl StampClock {
    /// Frames without a stamp, and those overtaken by later ones, come when the one before them came. When the clock
    /// was set back, time goes on from there.
    fn read(&mut self, stamp: Option<Utc>, counters: &mut Counters) -> Time {
        let Some(stamp) = stamp else { return self.now };
        let last = self.last.unwrap_or(stamp);
        if stamp >= last {
            self.now = self.now + stamp.since(last);
            self.last = Some(stamp);
        } else {
            counters.stamps_back += 1;
            self.last = Some(if last.since(stamp) > OVERTAKEN_MAX { stamp } else { last });
        }
        self.now
    }
}
