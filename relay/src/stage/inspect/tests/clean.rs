//! Streams in which nothing is wrong.

use std::time::Duration;

use super::program::play;
use super::stream::Stream;

#[test]
fn a_clean_channel_made_by_hand_raises_nothing() {
    let mut stream = Stream::new();
    play(&mut stream, Duration::from_secs(60));
    assert_eq!(stream.all_errors(), []);
    assert_eq!(stream.events(), []);
}
