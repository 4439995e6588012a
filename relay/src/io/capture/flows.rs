//! The flows near the start of a capture of network traffic, and which of them is read.

use std::net::SocketAddr;

use super::error::Defect;
use super::frame::{Framing, Record};
use super::link::Content;
use super::payload;
use crate::time::Utc;

/// Destinations that are told apart.
const FLOWS_MAX: usize = 1_024;

/// A flow of transport packets, as seen near the start of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowSeen {
    /// Where its datagrams go to, whoever sends them.
    pub destination: SocketAddr,
    /// Whether its datagrams have RTP headers.
    pub rtp: bool,
    /// Datagrams seen.
    pub datagrams: u64,
    /// Transport packets seen.
    pub packets: u64,
}

/// What the frames near the start of a capture say of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// The flows, those with the most packets first.
    pub(super) flows: Vec<FlowSeen>,
    pub(super) frames: u64,
    /// When the first frame was captured.
    pub(super) started: Option<Utc>,
    pub(super) unknown_link: Option<u16>,
}

impl Survey {
    /// Looks at all whole frames in `bytes`, up to where they are damaged.
    pub(super) fn read(mut framing: Framing, bytes: &[u8]) -> Self {
        let mut survey = Self::default();
        let mut rest = bytes;
        while let Ok(len) = survey.read_record(&mut framing, rest)
            && len > 0
        {
            rest = &rest[len..];
        }
        survey.flows.sort_by_key(|flow| std::cmp::Reverse(flow.packets));
        survey
    }

    /// The flow to `wanted`, or the one with the most packets.
    pub(super) fn flow(&self, wanted: Option<SocketAddr>) -> Option<FlowSeen> {
        self.flows.iter().find(|flow| wanted.is_none_or(|wanted| flow.destination == wanted)).copied()
    }

    /// Looks at one record and says how long it is; 0 if it is not whole.
    fn read_record(&mut self, framing: &mut Framing, bytes: &[u8]) -> Result<usize, Defect> {
        Ok(match framing.next(bytes)? {
            Record::Frame(frame, len) => {
                self.frames += 1;
                self.started = self.started.or(frame.stamp);
                match Content::of(frame) {
                    Content::Udp(udp) => self.count(udp.destination, udp.payload),
                    Content::UnknownLink => self.unknown_link = Some(frame.link),
                    Content::Fragment | Content::Other => {}
                }
                len
            }
            Record::Other(len) => len,
            Record::More => 0,
        })
    }

    fn count(&mut self, destination: SocketAddr, payload: &[u8]) {
        let Some(payload::Shape { rtp, packets }) = payload::Shape::of(payload) else { return };
        let known = self.flows.iter().position(|flow| (flow.destination, flow.rtp) == (destination, rtp));
        let place = known.unwrap_or(self.flows.len());
        if known.is_none() && self.flows.len() < FLOWS_MAX {
            self.flows.push(FlowSeen { destination, rtp, datagrams: 0, packets: 0 });
        }
        if let Some(flow) = self.flows.get_mut(place) {
            flow.datagrams += 1;
            flow.packets += packets as u64;
        }
    }
}
