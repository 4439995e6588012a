//! What a capture is, found out from its first bytes.

use std::fmt;

use super::layout::Layout;
use crate::wire::ts::SYNC_BYTE;

/// How much junk may lie before the first packet of a stream, in bytes.
pub(super) const LEADING_JUNK_MAX: usize = 1 << 20;

/// The kinds of captures that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Transport packets of 188 bytes, one after the other.
    TransportStream,
    /// Packets behind 4 bytes of arrival time (Blu-ray, AVCHD: m2ts).
    M2ts,
    /// Packets before 16 bytes of Reed-Solomon parity.
    Parity204,
    /// Frames of network traffic, as tcpdump saves them.
    Pcap,
    /// Frames of network traffic, as Wireshark saves them.
    Pcapng,
}

impl Kind {
    /// The usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransportStream => "ts",
            Self::M2ts => "m2ts",
            Self::Parity204 => "ts204",
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
    }

    /// Whether it says when each packet arrived.
    pub const fn has_arrival_times(self) -> bool {
        matches!(self, Self::M2ts | Self::Pcap | Self::Pcapng)
    }

    /// The kind of a capture and where its first packet or frame starts. `start` is as much of the capture as can be
    /// looked at, all of it if it `ended`.
    pub(super) fn detect(start: &[u8], ended: bool) -> Option<(Self, usize)> {
        match start {
            [0xA1, 0xB2, 0xC3, 0xD4, ..]
            | [0xD4, 0xC3, 0xB2, 0xA1, ..]
            | [0xA1, 0xB2, 0x3C, 0x4D, ..]
            | [0x4D, 0x3C, 0xB2, 0xA1, ..] => Some((Self::Pcap, 0)),
            [0x0A, 0x0D, 0x0D, 0x0A, ..] => Some((Self::Pcapng, 0)),
            _ => Self::detect_stream(start, ended),
        }
    }

    fn detect_stream(start: &[u8], ended: bool) -> Option<(Self, usize)> {
        let whole = Layout::ALL.into_iter().find(|layout| ended && layout.fills(start)).map(|layout| (layout, 0));
        let found = whole.or_else(|| find(start))?;
        Some((Self::of(found.0), found.1))
    }

    fn of(layout: Layout) -> Self {
        match layout {
            Layout::WITH_ARRIVAL_TIME => Self::M2ts,
            Layout::WITH_PARITY => Self::Parity204,
            _ => Self::TransportStream,
        }
    }

    /// How the packets of a stream lie; `None` for network traffic.
    pub(super) const fn layout(self) -> Option<Layout> {
        match self {
            Self::TransportStream => Some(Layout::PLAIN),
            Self::M2ts => Some(Layout::WITH_ARRIVAL_TIME),
            Self::Parity204 => Some(Layout::WITH_PARITY),
            Self::Pcap | Self::Pcapng => None,
        }
    }
}

fn find(start: &[u8]) -> Option<(Layout, usize)> {
    let places = 0..start.len().min(LEADING_JUNK_MAX);
    let layout_at = |place: usize| Layout::ALL.into_iter().find(|layout| layout.starts_at(&start[place..]));
    let (layout, place) = places.into_iter().find_map(|place| layout_at(place).map(|layout| (layout, place)))?;
    Some((layout, back_over_wrong_syncs(layout, start, place)))
}

/// The first packet in step with the one at `place`: before it may be some whose sync byte is wrong, one at a time.
fn back_over_wrong_syncs(Layout { stride, prefix }: Layout, start: &[u8], mut place: usize) -> usize {
    let is_sync = |place: usize| start[place + prefix] == SYNC_BYTE;
    while place >= stride {
        let before = place - stride;
        if !is_sync(before) && before != 0 && !before.checked_sub(stride).is_some_and(is_sync) {
            break;
        }
        place = before;
    }
    place
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
