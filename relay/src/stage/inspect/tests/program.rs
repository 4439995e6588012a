//! A small clean channel made by hand, of which parts can be left out.

use std::time::Duration;

use super::packet::TsPacket;
use super::stream::Stream;
use crate::time::Utc;
use crate::wire::ids;
use crate::wire::psi::{self, ElementaryStream, Head, Service};
use crate::wire::ts::NULL_PID;

/// PID of the program map.
pub(super) const MAP_PID: u16 = 0x100;
/// PID of video and PCR.
pub(super) const VIDEO_PID: u16 = 0x101;
/// PID of audio.
pub(super) const AUDIO_PID: u16 = 0x102;
/// The program's number.
pub(super) const PROGRAM: u16 = 7;

/// A part of the channel that comes again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Association,
    Map,
    Network,
    Service,
    Present,
    Following,
    Time,
    Clock,
    VideoStamp,
    AudioStamp,
    Video,
    Null,
}

impl Part {
    pub(super) const ALL: [Self; 12] = [
        Self::Association,
        Self::Map,
        Self::Network,
        Self::Service,
        Self::Present,
        Self::Following,
        Self::Time,
        Self::Clock,
        Self::VideoStamp,
        Self::AudioStamp,
        Self::Video,
        Self::Null,
    ];

    /// Milliseconds from one to the next, and of the first after a round number of seconds: a packet each at most.
    const fn rhythm(self) -> (u64, u64) {
        match self {
            Self::Association => (100, 0),
            Self::Map => (100, 1),
            Self::Network => (5_000, 2),
            Self::Service => (1_000, 3),
            Self::Present => (1_000, 4),
            Self::Following => (1_000, 5),
            Self::Time => (10_000, 6),
            Self::Clock => (20, 7),
            Self::VideoStamp => (40, 8),
            Self::AudioStamp => (120, 9),
            Self::Video => (5, 4),
            Self::Null => (1, 0),
        }
    }

    fn is_due(self, millis: u64) -> bool {
        let (interval, first) = self.rhythm();
        millis % interval == first % interval
    }

    fn send(self, stream: &mut Stream) {
        let pts = stream.pcr().get() / 300;
        match self {
            Self::Association => stream.section(ids::PAT_PID, &association()),
            Self::Map => stream.section(MAP_PID, &map()),
            Self::Network => stream.section(ids::NIT_PID, &psi::network_information(9, "net", 1).unwrap()),
            Self::Service => stream.section(ids::SDT_PID, &service()),
            Self::Present => stream.section(ids::EIT_PID, &event(PROGRAM, 0)),
            Self::Following => stream.section(ids::EIT_PID, &event(PROGRAM, 1)),
            Self::Time => stream.section(ids::TDT_PID, &psi::time_and_date(Utc(stream.now.0))),
            Self::Clock => stream.send(TsPacket::of_pcr(VIDEO_PID, stream.pcr())),
            Self::VideoStamp => stream.send(TsPacket::of_pts(VIDEO_PID, pts)),
            Self::AudioStamp => stream.send(TsPacket::of_pts(AUDIO_PID, pts)),
            Self::Video => stream.send(TsPacket::new(VIDEO_PID, 0x11)),
            Self::Null => stream.send(TsPacket::new(NULL_PID, 0xFF)),
        }
    }
}

/// Plays so many seconds, or parts of one, of the channel: a packet each millisecond, at a constant rate.
pub(super) fn play(stream: &mut Stream, span: Duration) {
    play_without(&[], stream, span);
}

/// [`play`], with parts left out; null packets take their place.
pub(super) fn play_without(left_out: &[Part], stream: &mut Stream, span: Duration) {
    let end = stream.now + span;
    while stream.now < end {
        let millis = stream.now.0 / 1_000_000;
        let due = Part::ALL.into_iter().find(|part| part.is_due(millis));
        due.filter(|part| !left_out.contains(part)).unwrap_or(Part::Null).send(stream);
        stream.wait_millis(1);
    }
}

pub(super) fn association() -> Vec<u8> {
    psi::program_association(1, &[(PROGRAM, MAP_PID)]).unwrap()
}

pub(super) fn map() -> Vec<u8> {
    psi::program_map(PROGRAM, VIDEO_PID, &streams()).unwrap()
}

pub(super) const fn streams() -> [ElementaryStream; 2] {
    [ElementaryStream { stream_type: 0x1B, pid: VIDEO_PID }, ElementaryStream { stream_type: 0x03, pid: AUDIO_PID }]
}

pub(super) fn service() -> Vec<u8> {
    psi::service_description(1, 9, Service { id: PROGRAM, service_type: 1, provider: "p", name: "n" }).unwrap()
}

/// A section of present (0) or following (1) events of a service, without events.
pub(super) fn event(service: u16, number: u8) -> Vec<u8> {
    let head = Head { number, last_number: 1, ..Head::first(ids::EIT_PF_ACTUAL, service) };
    psi::long_section(head, &[0, 1, 0, 9, 1, ids::EIT_PF_ACTUAL]).unwrap()
}
