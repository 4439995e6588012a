//! Instances of one flow stand by for each other, and the viewer loses nothing.

mod decoded;
mod face;
mod lab;
mod legs;

use lab::Lab;
use relay::wire::rtp::Rtp;
use tests::order::Order;

/// Why a standby takes the air from one that does not send.
const SILENCE: &str = "on air: what should have been on air was not heard there";
/// Length of the header that an RTP output puts before its packets.
const RTP_HEADER_LEN: usize = 12;

fn assert_complete(order: Order) {
    assert_eq!((order.lost, order.out_of_order), (0, 0), "{order:?}");
}

#[test]
fn of_three_instances_one_sends() {
    let lab = Lab::new(3);
    let feed = lab.feed();
    assert_complete(lab.order_at_end(feed));
}

#[test]
fn a_killed_instance_is_followed_and_a_new_one_does_not_take_the_air_back() {
    let mut lab = Lab::new(2);
    let feed = lab.feed();
    for _ in 0..3 {
        let first = lab.on_air();
        lab.kill_and_restart(first);
        let newcomer = lab.instance(first);
        // It may have had to, if this machine is too busy for the other.
        assert_eq!(newcomer.logged("on air: "), newcomer.logged(SILENCE), "{}", newcomer.stderr());
    }
    assert_complete(lab.order_at_end(feed));
}

#[test]
fn planned_hand_overs_lose_and_repeat_nothing() {
    let mut lab = Lab::new(2);
    let feed = lab.feed();
    for _ in 0..5 {
        let first = lab.on_air();
        lab.replace(first);
    }
    assert_eq!(lab.order_at_end(feed), Order::default());
}

#[test]
fn a_frozen_instance_is_followed_and_keeps_its_backlog_to_itself() {
    let lab = Lab::new(2);
    let feed = lab.feed();
    for _ in 0..2 {
        let first = lab.on_air();
        lab.freeze(first);
        lab.wait_until_followed(first);
        lab.thaw(first);
        lab.on_air();
    }
    assert_complete(lab.order_at_end(feed));
}

/// So many datagrams take longer than a standby keeps what another should have had on air.
const LONG: u32 = 400;

#[test]
fn what_came_while_both_were_frozen_is_on_air_when_the_first_one_wakes() {
    let lab = Lab::new(2);
    let feed = lab.feed();
    for _ in 0..2 {
        let first = lab.on_air();
        lab.freeze(first);
        lab.wait_until_followed(first);
        let second = 1 - first;
        lab.freeze(second);
        feed.wait_for_more(LONG);
        lab.thaw(first);
        lab.wait_until_followed(second);
        lab.thaw(second);
        lab.on_air();
    }
    assert_complete(lab.order_at_end(feed));
}

#[test]
fn an_instance_that_nobody_hears_is_followed_and_yields_when_it_is_heard_again() {
    let lab = Lab::new(2);
    let feed = lab.feed();
    for _ in 0..2 {
        let first = lab.on_air();
        lab.segment.pull(first, "out");
        lab.wait_until_followed(first);
        lab.segment.put_back(first, "out");
        lab.on_air();
    }
    assert_complete(lab.order_at_end(feed));
}

#[test]
fn an_instance_without_input_gives_the_air_to_one_that_has_it() {
    let lab = Lab::new(2);
    let feed = lab.feed();
    for _ in 0..2 {
        let first = lab.on_air();
        lab.segment.pull(first, "in");
        lab.wait_until_followed(first);
        lab.on_air();
        lab.segment.put_back(first, "in");
        lab.on_air();
    }
    assert_complete(lab.order_at_end(feed));
}

#[test]
fn rtp_is_numbered_on_by_the_next_instance() {
    let mut lab = Lab::with_output(2, "rtp://239.1.1.7:5000?iface=out0", |datagram| &datagram[RTP_HEADER_LEN..]);
    let feed = lab.feed();
    lab.kill_and_restart(lab.on_air());
    lab.replace(lab.on_air());
    assert_complete(lab.order_at_end(feed));
    assert_one_rtp_stream(&lab.viewed());
}

/// Each packet comes under one number, and the numbers follow each other.
fn assert_one_rtp_stream(datagrams: &[Vec<u8>]) {
    let headers: Vec<Rtp> = datagrams.iter().map(|datagram| Rtp::parse(datagram).unwrap()).collect();
    assert!(headers.iter().all(|header| header.ssrc == headers[0].ssrc), "more than one SSRC");
    let mut distinct: Vec<(u16, &[u8])> = headers
        .iter()
        .zip(datagrams)
        .map(|(header, datagram)| (header.sequence, &datagram[RTP_HEADER_LEN..]))
        .collect();
    distinct.sort_by_key(|(sequence, _)| sequence.wrapping_sub(headers[0].sequence));
    distinct.dedup();
    for pair in distinct.windows(2) {
        assert_eq!(pair[1].0, pair[0].0.wrapping_add(1), "numbers that do not follow each other, or are given twice");
    }
}
