//! A receiver that merges the legs of a flow (SMPTE ST 2022-7): of the datagrams with the same RTP number the first counts.

use std::collections::BTreeMap;

use relay::wire::rtp::Rtp;

use crate::lab::Datagram;

/// A number so far from the last ones is none of theirs: at 10,000 datagrams a second, more than three seconds away.
const FARTHEST: i64 = 32_768;

/// Transport packets of each datagram that came on any leg, in the order of their numbers.
///
/// # Panics
/// When a datagram is not RTP.
pub fn merge(legs: impl IntoIterator<Item = Datagram>) -> Vec<Vec<u8>> {
    let mut came: Vec<Datagram> = legs.into_iter().collect();
    came.sort_by_key(|datagram| datagram.at);
    let mut merged: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    let mut newest = None;
    for Datagram { payload, .. } in came {
        let rtp = Rtp::parse(&payload).expect("RTP");
        let number = newest.map_or_else(|| rtp.sequence.into(), |newest| extended(rtp.sequence, newest));
        newest = Some(newest.map_or(number, |newest: i64| newest.max(number)));
        merged.entry(number).or_insert_with(|| payload[rtp.payload_start..rtp.payload_end].to_vec());
    }
    merged.into_values().collect()
}

/// The number nearest to `newest` that ends in `sequence`.
const fn extended(sequence: u16, newest: i64) -> i64 {
    newest + (sequence as i64 - newest + FARTHEST).rem_euclid(2 * FARTHEST) - FARTHEST
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::shapes::rtp;

    #[test]
    fn the_first_of_each_number_counts_over_the_end_of_the_count() {
        let start = Instant::now();
        let came = [(65_534, 1), (65_534, 1), (0, 3), (65_535, 2), (0, 9), (1, 4)];
        let datagrams = came.iter().zip(0..).map(|(&(sequence, byte), millis)| Datagram {
            at: start + Duration::from_millis(millis),
            from: "10.0.0.1:5000".parse().unwrap(),
            payload: rtp(sequence, &[byte]),
        });
        assert_eq!(merge(datagrams), [[1], [2], [3], [4]]);
    }
}
