//! The unit of a stream that is being read: at the end of the file, its last one.

use super::audio;
use super::stamps::Stamps;
use crate::wire::pes::PesHead;

/// More of an audio unit than this is not kept to count its frames.
const KEPT_LEN_MAX: usize = 1 << 16;

/// A unit so far.
#[derive(Default)]
pub(super) struct Unit {
    first_packet: u64,
    counter_before: u8,
    kind: Kind,
    len: usize,
    wanted_len: Option<usize>,
    audio: Vec<u8>,
}

/// How the length of a unit is found.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// One picture, as long as the mean.
    Video,
    /// Perhaps frames of audio, which are counted.
    PerhapsAudio,
    /// Anything else.
    #[default]
    Data,
}

impl Unit {
    /// Starts anew with packet number `first_packet`, of payload `payload` and perhaps a PES head; the counter stood
    /// at `counter_before`.
    pub(super) fn restart(&mut self, first_packet: u64, counter_before: u8, head: Option<PesHead>, payload: &[u8]) {
        self.first_packet = first_packet;
        self.counter_before = counter_before;
        self.kind = head.map_or(Kind::Data, |head| Kind::of(&head));
        self.wanted_len = head.and_then(|head| head.packet_len);
        self.len = payload.len();
        self.audio.clear();
        if let (Kind::PerhapsAudio, Some(head)) = (self.kind, head) {
            self.audio.extend_from_slice(payload.get(head.payload_start..).unwrap_or(&[]));
        }
    }

    /// Goes on with the payload of the next packet.
    pub(super) fn extend(&mut self, payload: &[u8]) {
        self.len += payload.len();
        if self.kind == Kind::PerhapsAudio && self.audio.len() < KEPT_LEN_MAX {
            self.audio.extend_from_slice(payload);
        }
    }

    /// Number of the packet that it starts in.
    pub(super) const fn first_packet(&self) -> u64 {
        self.first_packet
    }

    /// The counter of the packet before it.
    pub(super) const fn counter_before(&self) -> u8 {
        self.counter_before
    }

    /// Whether it is shorter than it says.
    pub(super) fn lacks_bytes(&self) -> bool {
        self.wanted_len.is_some_and(|wanted| self.len < wanted)
    }

    /// Whether only the start of another one tells that it is over.
    pub(super) fn is_open_ended(&self) -> bool {
        self.kind == Kind::Video && self.wanted_len.is_none()
    }

    /// Whether it is of a video stream.
    pub(super) fn is_video(&self) -> bool {
        self.kind == Kind::Video
    }

    /// How long it lasts, in ticks of 27 MHz, in a stream of such stamps.
    pub(super) fn duration_ticks(&self, stamps: &Stamps) -> u64 {
        match self.kind {
            Kind::Video => stamps.mean_step_ticks(),
            Kind::PerhapsAudio => audio::duration_ticks(&self.audio).unwrap_or_else(|| stamps.longest_step_ticks()),
            Kind::Data => stamps.longest_step_ticks(),
        }
    }
}

impl Kind {
    const fn of(head: &PesHead) -> Self {
        match head.stream_id {
            _ if head.is_video() => Self::Video,
            0xBD | 0xC0..=0xDF | 0xFD => Self::PerhapsAudio,
            _ => Self::Data,
        }
    }
}
