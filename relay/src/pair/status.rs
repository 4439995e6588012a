//! How an instance sees the pair, for people: the metrics, the API and the page.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::comparison::{Agreement, Difference};
use super::leg_numbers::LegStand;
use super::machine::reason::Reason;
use super::machine::{Machine, Role};
use super::message::{InstanceId, Quality, Standing};
use super::peers::Peer;
use crate::spec::LegNumber;
use crate::time::{Moment, Time, Utc};

/// How an instance sees itself and the others at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairStatus {
    /// This instance.
    #[serde(flatten)]
    pub own: Stand,
    /// What it does.
    pub role: Role,
    /// Since when it does that, Unix seconds.
    pub since_timestamp: f64,
    /// When the air last came to it or went from it, if it did.
    pub last_change: Option<Change>,
    /// Who was last heard on the group and is none of the instances, if anybody was.
    pub stranger: Option<Stranger>,
    /// How its own datagrams and those on air agree.
    pub shadow: Shadow,
    /// The others that are there.
    pub peers: Vec<PeerStatus>,
    /// Which of the outputs it sends, if others send the others at the same time.
    pub leg: Option<LegNumber>,
    /// The legs that others send.
    pub legs: Vec<LegStatus>,
}

/// A leg that another instance sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LegStatus {
    /// Which.
    pub leg: LegNumber,
    /// Where it is heard.
    pub address: String,
    /// Whether it is.
    pub heard: bool,
    /// Whether the same datagrams have the same RTP numbers there as here.
    pub agrees: bool,
    /// Datagrams that both had, with the same number.
    pub equal: u64,
    /// Datagrams that both had, with different numbers.
    pub unequal: u64,
}

/// How an instance stands, as it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stand {
    /// Who: a number that it drew when it started.
    pub instance: InstanceId,
    /// Of two whose input is as good, the higher goes on air first.
    pub rank: u16,
    /// The term in which it is, or last knew somebody to be, on air.
    pub term: u64,
    /// Whether it is on air.
    pub on_air: bool,
    /// Whether it could go on where the air is.
    pub ready: bool,
    /// How good its input is.
    pub quality: Quality,
    /// Whether it is about to go.
    pub leaving: bool,
}

/// Another instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeerStatus {
    /// How it stands, by its last message.
    #[serde(flatten)]
    pub stand: Stand,
    /// Where it sends from.
    pub address: IpAddr,
    /// How long ago it said something.
    pub heard_seconds_ago: f64,
    /// How far our clock is ahead of its clock, with the time that the quickest of its messages of late took.
    pub clock_offset_seconds: f64,
}

/// The air came or went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Whether it came.
    pub on_air: bool,
    /// Why.
    pub reason: Reason,
    /// When, in Unix seconds.
    pub timestamp: f64,
}

/// Somebody who is none of the instances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stranger {
    /// Where it sends from.
    pub address: SocketAddr,
    /// When it was last told of, in Unix seconds.
    pub timestamp: f64,
}

/// How the datagrams made here and those on air agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Shadow {
    /// Datagrams that both had, the same.
    pub equal: u64,
    /// Datagrams on air that were not made here.
    pub only_on_air: u64,
    /// Datagrams made here that were not on air when they should have been.
    pub only_here: u64,
    /// Where the two began to differ, if they did.
    pub first_difference: Option<FirstDifference>,
}

/// A datagram that only one of two had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FirstDifference {
    /// So many datagrams were equal before.
    pub after_equal: u64,
    /// Where it was: `on_air` or `here`.
    pub only: &'static str,
    /// What tells it apart.
    #[serde(serialize_with = "as_hex")]
    pub fingerprint: u64,
}

impl LegStatus {
    /// Of leg `leg`, heard at `address`.
    pub const fn of(leg: LegNumber, address: String, stand: LegStand) -> Self {
        let LegStand { is_heard, agrees, equal, unequal } = stand;
        Self { leg, address, heard: is_heard, agrees, equal, unequal }
    }
}

impl Machine {
    /// How it sees the pair; `last_change` and `stranger` as the caller was told.
    pub fn status(&self, now: Moment, last_change: Option<Change>, stranger: Option<Stranger>) -> PairStatus {
        PairStatus {
            own: Stand::of(&self.standing(now.mono)),
            role: self.role(),
            since_timestamp: unix_seconds(now.utc) - now.mono.since(self.since()).as_secs_f64(),
            last_change,
            stranger,
            shadow: Shadow::of(&self.agreement()),
            peers: self.peers(now.mono).map(|peer| PeerStatus::of(now.mono, peer)).collect(),
            leg: None,
            legs: Vec::new(),
        }
    }
}

impl PairStatus {
    /// How many others could go on where the air is.
    pub fn ready_peers(&self) -> usize {
        self.peers.iter().filter(|peer| peer.stand.ready && !peer.stand.leaving).count()
    }

    /// The clock that is furthest off ours: how far ours is ahead of it, in seconds.
    pub fn largest_clock_offset(&self) -> Option<f64> {
        let offsets = self.peers.iter().map(|peer| peer.clock_offset_seconds);
        offsets.max_by(|one, other| one.abs().total_cmp(&other.abs()))
    }
}

impl Stand {
    const fn of(standing: &Standing) -> Self {
        let &Standing { instance, rank, term, on_air, ready, quality, leaving, port: _ } = standing;
        Self { instance, rank, term, on_air, ready, quality, leaving }
    }
}

impl PeerStatus {
    fn of(now: Time, peer: &Peer) -> Self {
        Self {
            stand: Stand::of(&peer.standing),
            address: peer.address,
            heard_seconds_ago: now.since(peer.heard).as_secs_f64(),
            clock_offset_seconds: peer.clock_offset_nanos() as f64 / 1e9,
        }
    }
}

impl Shadow {
    fn of(agreement: &Agreement) -> Self {
        let &Agreement { equal, only_on_air, only_here, first_difference } = agreement;
        Self { equal, only_on_air, only_here, first_difference: first_difference.map(FirstDifference::of) }
    }
}

impl FirstDifference {
    const fn of(difference: Difference) -> Self {
        let only = if difference.is_on_air { "on_air" } else { "here" };
        Self { after_equal: difference.after, only, fingerprint: difference.fingerprint.0 }
    }
}

/// Seconds since the epoch.
pub fn unix_seconds(utc: Utc) -> f64 {
    Duration::from_nanos(utc.0).as_secs_f64()
}

impl Role {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Joining, Self::Standby, Self::Refused, Self::OnAir, Self::HandingOver, Self::Left];

    /// Name, as a label of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Standby => "standby",
            Self::Refused => "refused",
            Self::OnAir => "on_air",
            Self::HandingOver => "handing_over",
            Self::Left => "left",
        }
    }
}

impl Quality {
    /// Name, as a key of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bad => "bad",
            Self::Good => "good",
        }
    }
}

impl FromStr for InstanceId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

macro_rules! as_text {
    ($($type:ident => $text:expr),*) => {
        $(impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&$text(*self))
            }
        })*
    };
}

as_text!(Role => Role::as_str, Quality => Quality::as_str, Reason => Reason::as_str, InstanceId => std::convert::identity);

fn as_hex<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::fingerprint::Fingerprint;
    use crate::pair::machine::Options;
    use crate::pair::message::Message;

    const START: Moment = Moment { mono: Time(5_000_000_000), utc: Utc(1_795_000_000_000_000_000) };

    fn machine() -> Machine {
        Machine::new(START.mono, InstanceId(0x1f), 4_000, Options { rank: 3, ..Options::default() })
    }

    fn after(millis: u64) -> Moment {
        Moment { mono: START.mono + Duration::from_millis(millis), utc: Utc(START.utc.0 + millis * 1_000_000) }
    }

    fn message(ready: bool, sent: Utc) -> Message {
        let standing = Standing {
            instance: InstanceId(2),
            rank: 1,
            term: 9,
            on_air: false,
            ready,
            quality: Quality::Good,
            leaving: false,
            port: 4_001,
        };
        Message { standing, count: 1, sent, hand_over: None }
    }

    #[test]
    fn an_instance_alone_tells_of_itself() {
        let status = machine().status(after(250), None, None);
        assert_eq!((status.role, status.own.rank, status.own.instance), (Role::Joining, 3, InstanceId(0x1f)));
        assert!((status.since_timestamp - 1_795_000_000.0).abs() < 1e-3, "{status:?}");
        assert!(status.ready_peers() == 0 && status.largest_clock_offset().is_none());
    }

    #[test]
    fn others_are_told_with_their_clocks() {
        let mut machine = machine();
        let an_hour_ahead = Utc(START.utc.0 + 3_600_000_000_000);
        machine.said(START, &message(true, an_hour_ahead), "10.0.0.2".parse().unwrap());
        let status = machine.status(after(100), None, None);
        let peer = &status.peers[0];
        assert_eq!((peer.stand.term, peer.address), (9, "10.0.0.2".parse().unwrap()));
        assert!((peer.heard_seconds_ago - 0.1).abs() < 1e-9, "{peer:?}");
        assert_eq!((status.ready_peers(), status.largest_clock_offset()), (1, Some(-3_600.0)));
        assert!(machine.status(after(1_000), None, None).peers.is_empty());
    }

    #[test]
    fn the_json_has_words_and_hexadecimal_numbers() {
        let change = Change { on_air: true, reason: Reason::Silence, timestamp: 1.5 };
        let stranger = Stranger { address: "10.0.0.9:5000".parse().unwrap(), timestamp: 2.5 };
        let mut status = machine().status(START, Some(change), Some(stranger));
        let difference = Difference { after: 7, is_on_air: true, fingerprint: Fingerprint(0xab) };
        status.shadow.first_difference = Some(FirstDifference::of(difference));
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!((&json["instance"], &json["role"]), (&"000000000000001f".into(), &"joining".into()));
        assert_eq!((&json["last_change"]["reason"], &json["quality"]), (&"silence".into(), &"none".into()));
        assert_eq!(json["stranger"]["address"], "10.0.0.9:5000");
        let wanted = serde_json::json!({ "after_equal": 7, "only": "on_air", "fingerprint": "00000000000000ab" });
        assert_eq!(json["shadow"]["first_difference"], wanted);
    }
}
