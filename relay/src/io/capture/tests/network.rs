//! Captures of network traffic, hand-made.

use super::builder::{ETHERNET, Format, ether_type, ethernet, frames, ip};
use super::*;
use crate::time::Utc;
use crate::wire::rtp::write_header;

const GROUP: &str = "239.1.1.1:5000";
const OTHER: &str = "239.1.1.2:5000";

fn datagrams(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| packets(7 * number..7 * (number + 1))).collect()
}

fn rtp(sequence: u16, payload: &[u8]) -> Vec<u8> {
    [&write_header(sequence, 0, 9), payload].concat()
}

fn kinds_of_formats() -> impl Iterator<Item = Format> {
    let both = [false, true];
    both.into_iter().flat_map(move |big_endian| both.map(|nanoseconds| Format { big_endian, nanoseconds, link: 1 }))
}

#[test]
fn each_byte_order_and_resolution_gives_packets_and_stamps() {
    for format in kinds_of_formats() {
        for file in [format.pcap(&frames(GROUP, datagrams(10))), format.pcapng(&frames(GROUP, datagrams(10)))] {
            let reading = Reading::of(&file);
            assert_eq!(reading.numbers(), (0..70).collect::<Vec<_>>(), "{format:?}");
            assert_eq!(reading.capture.started(), Some(Utc(1_000_000_000)));
            let at: Vec<u64> = reading.datagrams().iter().map(|datagram| datagram.at.0).collect();
            assert_eq!(at, (0..10).map(|number| number * 1_000_000).collect::<Vec<_>>());
            assert!(reading.error.is_none());
        }
    }
}

#[test]
fn each_link_type_leads_to_the_datagram() {
    let packets_of =
        [ip("10.0.0.1:4000", GROUP, &packets(0..7)), ip("[fd00::1]:4000", "[ff1e::9]:5000", &packets(0..7))];
    for ip in packets_of {
        let sll = [&[0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &ether_type(&ip), &ip].concat();
        let sll2 = [&ether_type(&ip)[..], &[0; 18], &ip].concat();
        let family = [&[2, 0, 0, 0][..], &ip].concat();
        let links = [
            (1, ethernet(&[], &ip)),
            (1, ethernet(&[0x8100], &ip)),
            (1, ethernet(&[0x88A8, 0x8100], &ip)),
            (0, family.clone()),
            (108, family),
            (101, ip.clone()),
            (if ip[0] >> 4 == 4 { 228 } else { 229 }, ip.clone()),
            (113, sll),
            (276, sll2),
        ];
        for (link, frame) in links {
            let file = Format { link, ..ETHERNET }.pcap(&[(0, frame)]);
            assert_eq!(Reading::of(&file).numbers(), (0..7).collect::<Vec<_>>(), "link type {link}");
        }
    }
}

#[test]
fn rtp_is_told_by_its_content() {
    let payloads = (0..10).map(|number: u16| rtp(number, &packets(7 * u32::from(number)..7 * (u32::from(number) + 1))));
    let reading = Reading::of(&ETHERNET.pcap(&frames(GROUP, payloads)));
    assert_eq!(reading.numbers(), (0..70).collect::<Vec<_>>());
    assert!(reading.capture.flows()[0].rtp);
    let sequences = reading.datagrams().iter().map(|datagram| datagram.rtp.unwrap().sequence).collect::<Vec<_>>();
    assert_eq!(sequences, (0..10).collect::<Vec<_>>());
    assert_eq!(reading.datagrams()[0].len, 12 + 7 * PACKET_LEN);
}

#[test]
fn datagrams_that_the_kernel_had_joined_are_taken_apart() {
    let joined =
        (0..4).flat_map(|number: u16| rtp(number, &packets(7 * u32::from(number)..7 * (u32::from(number) + 1))));
    let reading = Reading::of(&ETHERNET.pcap(&frames(GROUP, [joined.collect()])));
    assert_eq!((reading.numbers(), reading.datagrams().len()), ((0..28).collect(), 4));
}

#[test]
fn rtp_without_its_header_is_counted() {
    let payloads = [rtp(0, &packets(0..7)), vec![0x40; 30], rtp(1, &packets(7..14))];
    let reading = Reading::of(&ETHERNET.pcap(&frames(GROUP, payloads)));
    assert_eq!((reading.numbers(), reading.counters.malformed_datagrams), ((0..14).collect(), 1));
}

#[test]
fn the_flow_with_the_most_packets_is_read_unless_another_is_asked_for() {
    let mut all = frames(OTHER, datagrams(3));
    all.extend(frames(GROUP, datagrams(5)));
    all.extend(frames("239.1.1.3:53", [b"a question".to_vec(), vec![]]));
    let file = ETHERNET.pcapng(&all);
    let reading = Reading::of(&file);
    assert_eq!(reading.capture.destination(), Some(GROUP.parse().unwrap()));
    assert_eq!((reading.numbers().len(), reading.counters.frames), (35, 10));
    let seen: Vec<_> =
        reading.capture.flows().iter().map(|flow| (flow.destination.to_string(), flow.packets)).collect();
    assert_eq!(seen, [(GROUP.to_owned(), 35), (OTHER.to_owned(), 21)]);
    let asked = Reading::try_of(&file, Some(OTHER.parse().unwrap())).unwrap();
    assert_eq!(asked.numbers().len(), 21);
}

#[test]
fn a_flow_that_is_not_there_is_an_error_that_names_those_that_are() {
    let file = ETHERNET.pcap(&frames(GROUP, datagrams(3)));
    let reading = Reading::try_of(&file, Some(OTHER.parse().unwrap())).unwrap();
    let expected = "a test has no datagrams to 239.1.1.2:5000; it has 239.1.1.1:5000";
    assert_eq!(reading.error.unwrap().to_string(), expected);
}

#[test]
fn traffic_without_transport_streams_is_refused() {
    let file = ETHERNET.pcap(&frames(GROUP, [vec![1, 2, 3]]));
    let refused = Reading::try_of(&file, None).err().unwrap().to_string();
    assert_eq!(refused, "a test has no UDP datagrams that carry MPEG-TS among its first 1 frames");
    let file = Format { link: 105, ..ETHERNET }.pcap(&frames(GROUP, datagrams(1)));
    let refused = Reading::try_of(&file, None).err().unwrap().to_string();
    assert!(refused.ends_with("among its first 1 frames; those of link type 105 cannot be read"), "{refused}");
}

#[test]
fn datagrams_captured_in_part_are_counted() {
    let mut all = frames(GROUP, datagrams(3));
    all[1].1.truncate(400);
    let reading = Reading::of(&ETHERNET.pcap(&all));
    assert_eq!((reading.counters.datagrams, reading.counters.cut_datagrams), (2, 1));
    assert_eq!(reading.numbers(), (0..7).chain(14..21).collect::<Vec<_>>());
}

#[test]
fn fragments_are_counted() {
    let mut fragment = ip("10.0.0.1:4000", GROUP, &packets(0..7));
    fragment[6] = 0x20;
    let mut all = frames(GROUP, datagrams(1));
    all.push((2_000_000_000, ethernet(&[], &fragment)));
    let reading = Reading::of(&ETHERNET.pcap(&all));
    assert_eq!((reading.counters.fragments, reading.counters.datagrams), (1, 1));
}

#[test]
fn a_capture_cut_short_gives_what_is_whole() {
    for file in [ETHERNET.pcap(&frames(GROUP, datagrams(10))), ETHERNET.pcapng(&frames(GROUP, datagrams(10)))] {
        let reading = Reading::of(&file[..file.len() - 1_000]);
        assert_eq!(reading.numbers(), (0..63).collect::<Vec<_>>());
        assert!(reading.counters.cut_bytes > 0 && reading.error.is_none());
    }
}

#[test]
fn a_length_that_lies_ends_the_reading_and_says_where() {
    let whole = ETHERNET.pcap(&frames(GROUP, datagrams(2)));
    let lie = [&whole[..], &[0; 8], &0x7FFF_FFFF_u32.to_le_bytes(), &[0; 4]].concat();
    let reading = Reading::of(&lie);
    assert_eq!(reading.numbers(), (0..14).collect::<Vec<_>>());
    let message = reading.error.unwrap().to_string();
    let expected = "a frame of 2147483647 bytes, where 1048576 is the most there can be";
    assert_eq!(message, format!("a test is damaged at byte {}: {expected}", whole.len()));
}

#[test]
fn blocks_that_lie_end_the_reading() {
    let whole = ETHERNET.pcapng(&frames(GROUP, datagrams(2)));
    let mut inner = ETHERNET.enhanced(0, 0, &[0; 64]);
    inner[20] = 200;
    let lies = [
        ETHERNET.enhanced(7, 0, &[0; 64]),
        inner,
        ETHERNET.block(6, &[0; 8]),
        ETHERNET.block(0x0A0D_0D0A, &[9; 16]),
        ETHERNET.interface(&[20]),
        [6_u32, 4].map(u32::to_le_bytes).concat(),
        [6_u32, u32::MAX].map(u32::to_le_bytes).concat(),
    ];
    for lie in lies {
        let reading = Reading::of(&[&whole[..], &lie].concat());
        let message = reading.error.as_ref().unwrap().to_string();
        assert!(message.starts_with(&format!("a test is damaged at byte {}: ", whole.len())), "{message}");
        assert_eq!(reading.numbers(), (0..14).collect::<Vec<_>>());
    }
}

#[test]
fn sections_of_both_byte_orders_may_follow_each_other() {
    let (little, big) = (ETHERNET, Format { big_endian: true, ..ETHERNET });
    let unknown = big.block(0x0000_0BAD, &[1, 2, 3]);
    let all = frames(GROUP, datagrams(4));
    let file =
        [little.pcapng(&all[..2]), big.pcapng(&all[2..3]), unknown, big.enhanced(0, all[3].0, &all[3].1)].concat();
    let reading = Reading::of(&file);
    assert_eq!(reading.numbers(), (0..28).collect::<Vec<_>>());
    assert_eq!(reading.datagrams()[3].at, Time(3_000_000));
}

#[test]
fn stamps_in_binary_fractions_and_frames_without_stamps_have_times() {
    let all = frames(GROUP, datagrams(3));
    let simple = ETHERNET.block(3, &[&(all[2].1.len() as u32).to_le_bytes()[..], &all[2].1].concat());
    let file = [
        ETHERNET.section(),
        ETHERNET.interface(&[0x80 | 10]),
        ETHERNET.enhanced(0, 1_024, &all[0].1),
        ETHERNET.enhanced(0, 1_536, &all[1].1),
        simple,
    ];
    let reading = Reading::of(&file.concat());
    let at: Vec<u64> = reading.datagrams().iter().map(|datagram| datagram.at.0).collect();
    assert_eq!(at, [0, 500_000_000, 500_000_000]);
    assert_eq!(reading.numbers().len(), 21);
}

#[test]
fn stamps_that_step_back_stop_time() {
    let mut all = frames(GROUP, datagrams(5));
    let second = 1_000_000_000;
    for (frame, stamp) in all.iter_mut().zip([100 * second, 101 * second, 101 * second - 5, 10 * second, 11 * second]) {
        frame.0 = stamp;
    }
    let reading = Reading::of(&ETHERNET.pcap(&all));
    let at: Vec<u64> = reading.datagrams().iter().map(|datagram| datagram.at.0).collect();
    assert_eq!((at, reading.counters.stamps_back), (vec![0, second, second, second, 2 * second], 2));
}

#[test]
fn packets_may_lie_across_datagrams() {
    let stream = packets(0..70);
    let reading = Reading::of(&ETHERNET.pcap(&frames(GROUP, stream[50..].chunks(1_000).map(<[u8]>::to_vec))));
    assert_eq!(reading.numbers(), (1..70).collect::<Vec<_>>());
    assert_eq!((reading.counters.skipped_bytes, reading.counters.sync_losses), (138, 0));
}

#[test]
fn a_runt_costs_no_more_than_itself() {
    let payloads = [packets(0..7), vec![0; 100], packets(7..14), packets(14..21)];
    let reading = Reading::of(&ETHERNET.pcap(&frames(GROUP, payloads)));
    assert_eq!(reading.numbers(), (0..21).collect::<Vec<_>>());
    assert_eq!((reading.counters.skipped_bytes, reading.counters.sync_losses), (100, 0));
}

#[test]
fn a_wrong_sync_byte_in_a_datagram_is_reported() {
    for bad in [2, 6] {
        let mut payloads = datagrams(3);
        payloads[1][bad * PACKET_LEN] = 0;
        let reading = Reading::of(&ETHERNET.pcap(&frames(GROUP, payloads)));
        assert_eq!((reading.counters.bad_syncs, reading.counters.packets), (1, 20));
        assert_eq!((reading.counters.skipped_bytes, reading.counters.sync_losses), (0, 0));
    }
}
