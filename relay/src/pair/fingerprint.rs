//! Fingerprints: datagrams told apart by their content.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// XXH3 (64 bits) of a datagram's transport packets, an RTP header left out: the same on every instance that makes the
/// same datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Of a datagram that lies in one or more pieces.
    #[inline]
    pub fn of<'a>(mut pieces: impl Iterator<Item = &'a [u8]>) -> Self {
        let first = pieces.next().unwrap_or(&[]);
        let Some(second) = pieces.next() else { return Self(xxh3_64(first)) };
        let mut hasher = Xxh3::new();
        hasher.update(first);
        hasher.update(second);
        pieces.for_each(|piece| hasher.update(piece));
        Self(hasher.digest())
    }
}

/// A place in a stream: its last two datagrams. One alone may come again and again, as datagrams of null packets do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The last datagram but one.
    pub before: Fingerprint,
    /// The last datagram.
    pub last: Fingerprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_datagram_lies_makes_no_difference() {
        let bytes: Vec<u8> = (0..1_316_u32).map(|n| (n * 7) as u8).collect();
        let whole = Fingerprint::of([&bytes[..]].into_iter());
        for cut in [188, 376, 1_128] {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(Fingerprint::of([head, tail].into_iter()), whole);
        }
        assert_ne!(Fingerprint::of([&bytes[1..]].into_iter()), whole);
    }
}
