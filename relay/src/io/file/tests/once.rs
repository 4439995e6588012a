//! A file played once: as it is, from now on.

use std::time::Duration;

use super::studio::{Film, TempFile};
use super::{next, play};
use crate::io::Generator;
use crate::time::Utc;
use crate::wire::ts::{NULL_PACKET, PACKET_LEN};

#[test]
fn the_file_goes_out_byte_for_byte_and_ends() {
    let bytes = Film::default().shoot();
    let mut source = play(&TempFile::holding(&bytes), false).unwrap();
    source.seek(Utc(77));
    assert_eq!(source.due(), Some(Utc(77)));
    let mut sent = Vec::new();
    let mut last_due = Utc(0);
    while let Some((due, datagram)) = next(&mut source) {
        assert!(due >= last_due);
        last_due = due;
        sent.extend(datagram);
    }
    assert_eq!(sent[..bytes.len()], bytes);
    assert!(sent[bytes.len()..].chunks(PACKET_LEN).all(|packet| packet == NULL_PACKET));
    assert_eq!(source.fill(&mut [0; 2_000]).unwrap(), 0);
    let length = last_due.since(Utc(77));
    assert!(length.abs_diff(Duration::from_millis(49 * 40)) < Duration::from_millis(20), "{length:?}");
}

#[test]
fn after_a_freeze_it_goes_on_where_it_stopped() {
    let bytes = Film::default().shoot();
    let mut source = play(&TempFile::holding(&bytes), false).unwrap();
    source.seek(Utc(1_000));
    let (_, first) = next(&mut source).unwrap();
    source.seek(Utc(60_000_000_000));
    let (due, second) = next(&mut source).unwrap();
    assert_eq!(due, Utc(60_000_000_000));
    assert_eq!([first, second].concat(), bytes[..2 * super::DATAGRAM_LEN]);
}
