//! Whatever the bytes: an error, or counted.

use super::builder::{ETHERNET, frames};
use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

/// Reads to the end and looks at what must hold of any capture.
fn read(bytes: &[u8]) {
    let Ok(reading) = Reading::try_of(bytes, None) else { return };
    assert!(reading.times().is_sorted(), "time runs backwards");
    assert!(reading.packets().iter().all(|packet| packet[0] == SYNC_BYTE));
    assert_eq!(reading.packets().len() as u64, reading.counters.packets);
    assert_eq!(reading.datagrams().len() as u64, reading.counters.datagrams);
    if reading.capture.kind() == Kind::TransportStream {
        let Counters { packets, bad_syncs, skipped_bytes, .. } = reading.counters;
        assert_eq!((packets + bad_syncs) * PACKET_LEN as u64 + skipped_bytes, bytes.len() as u64);
    }
}

fn payloads() -> Vec<Vec<u8>> {
    (0..6).map(|number| packets(7 * number..7 * (number + 1))).collect()
}

fn templates() -> Vec<Vec<u8>> {
    let traffic = frames("239.1.1.1:5000", payloads());
    let stamped = (0_u32..20).flat_map(|number| [&(number * 99_999).to_be_bytes()[..], &packet(number)].concat());
    let clocked = (0..20).flat_map(|number: u64| [pcr_packet(9, number << number), packet(0)].concat());
    vec![ETHERNET.pcap(&traffic), ETHERNET.pcapng(&traffic), stamped.collect(), clocked.collect()]
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_header_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        for template in templates() {
            read(&[&template[..1_600], &bytes].concat());
        }
    }

    #[test]
    fn any_damage_can_be_read(edits in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..10), end in any::<Index>()) {
        for mut template in templates() {
            for (place, byte) in &edits {
                let place = place.index(template.len());
                template[place] = *byte;
            }
            template.truncate(end.index(template.len()) + 1);
            read(&template);
        }
    }
}
