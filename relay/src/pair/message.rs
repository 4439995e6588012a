//! What instances say to each other beside the stream.
//!
//! A message is one UDP datagram to the flow's group, at the port above the stream's:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | `FCP1`: the protocol and its version |
//! | 4 | 1 | kind: 1 hello, 2 hand-over; others are ignored |
//! | 5 | 1 | flags: 1 on air, 2 ready, 4 leaving, 8 the RTP sequence is given; others are ignored |
//! | 6 | 2 | rank |
//! | 8 | 8 | instance |
//! | 16 | 8 | term: grows with each change of who is on air |
//! | 24 | 8 | how many messages the instance has sent before: an older one is ignored |
//! | 32 | 8 | time of sending, UTC in nanoseconds |
//! | 40 | 2 | UDP port that the instance sends the stream from |
//! | 42 | 1 | quality of its input: 0 none, 1 bad, 2 good |
//! | 43 | 1 | zero |
//! | 44 | 2 | hand-over: the RTP sequence of the datagram after the place |
//! | 46 | 2 | zero |
//! | 48 | 8 | hand-over: the successor |
//! | 56 | 16 | hand-over: the place up to which the stream was sent, as the fingerprints of its last two datagrams |
//! | 72 | | fields of later versions, to be ignored; with a key, the last 16 bytes are the code of all before |
//!
//! Integers are big endian. With a shared key each message ends with an HMAC-SHA-256 (RFC 2104), cut to 16 bytes.
//! Without one, anybody who can send to the group can make instances change places, as they could send to the stream's own
//! group.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use super::fingerprint::{Fingerprint, Position};
use crate::time::Utc;

const MAGIC: [u8; 4] = *b"FCP1";
const FIXED_LEN: usize = 72;
const CODE_LEN: usize = 16;
/// Longest message that is read: a later version may say more.
pub const LONGEST: usize = 1_024;

const HELLO: u8 = 1;
const HAND_OVER: u8 = 2;
const ON_AIR: u8 = 1;
const READY: u8 = 2;
const LEAVING: u8 = 4;
const HAS_RTP: u8 = 8;

/// An instance, by a number that it drew when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u64);

/// How good the input of an instance is, so that the air goes to one whose input is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// Nothing comes.
    #[default]
    None,
    /// It comes with errors of first priority (ETSI TR 101 290, 5.2.1), or below the bitrate that is the least.
    Bad,
    /// Nothing is wrong.
    Good,
}

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub instance: InstanceId,
    /// Its rank: of two on air with the same term, the higher stays.
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
    /// UDP port that it sends the stream from.
    pub port: u16,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// How the sender stands.
    pub standing: Standing,
    /// How many it has sent before.
    pub count: u64,
    /// When it was sent.
    pub sent: Utc,
    /// If it hands over.
    pub hand_over: Option<HandOver>,
}

/// The air changes hands as planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// Who is to go on.
    pub to: InstanceId,
    /// Up to where the stream was sent.
    pub place: Position,
    /// The RTP sequence of the next datagram, if the stream is sent as RTP.
    pub rtp_next: Option<u16>,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// Too short for a message of this protocol.
    #[error("message of {0} bytes is too short: {FIXED_LEN} at least")]
    TooShort(usize),
    /// It begins with something else.
    #[error("not a message of this protocol")]
    Foreign,
    /// A kind that this version does not know.
    #[error("message of unknown kind {0}")]
    Kind(u8),
    /// Its code is not the one that the key gives, or it has none.
    #[error("message is not signed with the flow's key")]
    Code,
}

/// The shared key of a flow's instances.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// A key of any length above zero; 16 random bytes or more are good.
    pub fn new(secret: &[u8]) -> Option<Self> {
        if secret.is_empty() { None } else { Hmac::new_from_slice(secret).ok().map(Self) }
    }

    fn code(&self, bytes: &[u8]) -> [u8; CODE_LEN] {
        let mut mac = self.0.clone();
        mac.update(bytes);
        let mut code = [0; CODE_LEN];
        code.copy_from_slice(&mac.finalize().into_bytes()[..CODE_LEN]);
        code
    }

    fn has_signed(&self, bytes: &[u8], code: &[u8]) -> bool {
        let mut mac = self.0.clone();
        mac.update(bytes);
        mac.verify_truncated_left(code).is_ok()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Message {
    /// The message as bytes, signed if there is a key.
    pub fn write(&self, key: Option<&Key>) -> Vec<u8> {
        let standing = &self.standing;
        let nobody = HandOver { to: InstanceId(0), place: Position::default(), rtp_next: None };
        let HandOver { to, place, rtp_next } = self.hand_over.unwrap_or(nobody);
        let flags = [
            (standing.on_air, ON_AIR),
            (standing.ready, READY),
            (standing.leaving, LEAVING),
            (rtp_next.is_some(), HAS_RTP),
        ];
        let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum();
        let mut bytes = MAGIC.to_vec();
        bytes.extend([if self.hand_over.is_some() { HAND_OVER } else { HELLO }, flags]);
        bytes.extend(standing.rank.to_be_bytes());
        let longs = [standing.instance.0, standing.term, self.count, self.sent.0];
        bytes.extend(longs.map(u64::to_be_bytes).as_flattened());
        bytes.extend(standing.port.to_be_bytes());
        bytes.extend([standing.quality as u8, 0]);
        bytes.extend([rtp_next.unwrap_or(0), 0].map(u16::to_be_bytes).as_flattened());
        bytes.extend([to.0, place.before.0, place.last.0].map(u64::to_be_bytes).as_flattened());
        if let Some(key) = key {
            bytes.extend(key.code(&bytes));
        }
        bytes
    }

    /// Reads a message; with a key only one that is signed with it.
    ///
    /// # Errors
    /// [`MessageError`] says why it is none.
    pub fn read(bytes: &[u8], key: Option<&Key>) -> Result<Self, MessageError> {
        let signed = match key {
            None => bytes,
            Some(key) => {
                let (signed, code) = bytes.split_last_chunk::<CODE_LEN>().ok_or(MessageError::TooShort(bytes.len()))?;
                if !key.has_signed(signed, code) {
                    return Err(MessageError::Code);
                }
                signed
            }
        };
        let fixed: &[u8; FIXED_LEN] = signed.first_chunk().ok_or(MessageError::TooShort(bytes.len()))?;
        if fixed[..4] != MAGIC {
            return Err(MessageError::Foreign);
        }
        Self::read_fixed(fixed)
    }

    fn read_fixed(fixed: &[u8; FIXED_LEN]) -> Result<Self, MessageError> {
        let short = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let long = |at: usize| fixed[at..at + 8].iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        let flag = |flag| fixed[5] & flag != 0;
        let hand_over = HandOver {
            to: InstanceId(long(48)),
            place: Position { before: Fingerprint(long(56)), last: Fingerprint(long(64)) },
            rtp_next: flag(HAS_RTP).then(|| short(44)),
        };
        let hand_over = match fixed[4] {
            HELLO => None,
            HAND_OVER => Some(hand_over),
            kind => return Err(MessageError::Kind(kind)),
        };
        let standing = Standing {
            instance: InstanceId(long(8)),
            rank: short(6),
            term: long(16),
            on_air: flag(ON_AIR),
            ready: flag(READY),
            quality: Quality::read(fixed[42]),
            leaving: flag(LEAVING),
            port: short(40),
        };
        Ok(Self { standing, count: long(24), sent: Utc(long(32)), hand_over })
    }
}

impl Quality {
    /// A later version may know qualities beyond good.
    const fn read(byte: u8) -> Self {
        match byte {
            0 => Self::None,
            1 => Self::Bad,
            _ => Self::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(hand_over: Option<HandOver>) -> Message {
        let standing = Standing {
            instance: InstanceId(0x1122_3344_5566_7788),
            rank: 300,
            term: 9,
            on_air: true,
            ready: false,
            quality: Quality::Bad,
            leaving: false,
            port: 40_001,
        };
        Message { standing, count: 77, sent: Utc(1_795_000_000_000_000_000), hand_over }
    }

    fn hand_over(rtp_next: Option<u16>) -> HandOver {
        HandOver { to: InstanceId(3), place: Position { before: Fingerprint(5), last: Fingerprint(6) }, rtp_next }
    }

    #[test]
    fn a_message_reads_as_written_signed_or_not() {
        let key = Key::new(b"secret").unwrap();
        for wanted in [None, Some(hand_over(None)), Some(hand_over(Some(0)))].map(message) {
            for key in [None, Some(&key)] {
                assert_eq!(Message::read(&wanted.write(key), key), Ok(wanted));
            }
        }
    }

    #[test]
    fn what_a_later_version_adds_is_ignored() {
        let mut bytes = message(None).write(None);
        bytes.extend([1, 2, 3]);
        assert_eq!(Message::read(&bytes, None), Ok(message(None)));
    }

    #[test]
    fn a_forged_message_is_refused() {
        let key = Key::new(b"secret").unwrap();
        let mut bytes = message(None).write(Some(&key));
        bytes[7] ^= 1;
        assert_eq!(Message::read(&bytes, Some(&key)), Err(MessageError::Code));
        assert_eq!(Message::read(&message(None).write(None), Some(&key)), Err(MessageError::Code));
        let other = Key::new(b"other").unwrap();
        assert_eq!(Message::read(&message(None).write(Some(&other)), Some(&key)), Err(MessageError::Code));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100), magic: bool) {
            let mut bytes = bytes;
            if magic && bytes.len() > 4 {
                bytes[..4].copy_from_slice(&MAGIC);
            }
            let _ = Message::read(&bytes, None);
            let _ = Message::read(&bytes, Key::new(b"k").as_ref());
        }
    }
}
