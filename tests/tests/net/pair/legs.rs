//! Instances that are all on air, each on a leg of its own, and a receiver that merges the legs.

mod lab;

use relay::time::Ticks27;
use relay::wire::rtp::{HEADER_LEN, Rtp};
use tests::lab::Capture;
use tests::order::Order;
use tests::shapes::{datagrams, packet, pcr_packet};

use crate::IN;
use lab::Lab;

/// Datagrams of a stream with a PCR in each twentieth packet.
fn clocked() -> impl Iterator<Item = Vec<u8>> + Send {
    let at = |number: u32| match number % 20 {
        0 => pcr_packet(number, Ticks27::wrapping(u64::from(number) * 5_000)),
        _ => packet(number),
    };
    (0_u32..1_000_000).map(move |datagram| (7 * datagram..7 * datagram + 7).flat_map(at).collect())
}

#[test]
fn both_legs_carry_the_same_bits() {
    let lab = Lab::new(IN);
    let feed = lab.feed(clocked());
    lab.wait_until_equal(800);
    feed.stop();
    lab.assert_same_bits();
}

#[test]
fn both_legs_of_a_channel_that_is_made_here_carry_the_same_bits() {
    let lab = Lab::new("test:clock?bitrate=8M");
    lab.wait_until_equal(800);
    lab.assert_same_bits();
    let ssrc = |leg: &Capture| Rtp::parse(&leg.so_far()[0].payload[..HEADER_LEN]).unwrap().ssrc;
    assert_eq!(ssrc(&lab.heard[0]), ssrc(&lab.heard[1]));
}

#[test]
fn a_receiver_that_merges_loses_and_repeats_nothing_when_an_instance_dies_and_comes_back() {
    let mut lab = Lab::new(IN);
    let feed = lab.feed(datagrams(0, 10_000_000));
    lab.wait_until_equal(100);
    for host in [0, 1, 0, 1] {
        lab.kill_and_restart(host);
    }
    assert_eq!(lab.merged_at_end(feed), Order::default());
}

#[test]
fn a_receiver_that_merges_loses_and_repeats_nothing_when_an_instance_is_frozen() {
    let lab = Lab::new(IN);
    let feed = lab.feed(datagrams(0, 10_000_000));
    lab.wait_until_equal(100);
    (0..2).for_each(|host| lab.freeze_and_thaw(host));
    assert_eq!(lab.merged_at_end(feed), Order::default());
}

#[test]
fn a_receiver_that_merges_has_each_byte_when_each_instance_in_turn_is_killed_frozen_and_restarted() {
    let mut lab = Lab::new(IN);
    let feed = lab.feed(clocked());
    lab.wait_until_equal(100);
    for host in [0, 1] {
        lab.kill_and_restart(host);
        lab.freeze_and_thaw(host);
        lab.kill_and_restart(host);
    }
    lab.assert_merged_is(feed, clocked());
    lab.assert_same_bits();
}

#[test]
fn a_receiver_that_merges_loses_and_repeats_nothing_when_one_input_does() {
    let lab = Lab::new(IN);
    let feed = lab.feed(datagrams(0, 10_000_000));
    lab.wait_until_equal(100);
    for host in 0..2 {
        lab.lose_input(host);
        lab.heard[1 - host].wait_for_more(1_500);
        lab.stop_losing(host);
        lab.wait_until_equal(100);
    }
    assert!((0..2).all(|host| lab.instance(host).metrics().count("flowclient_loss_total") > 0), "nothing was lost");
    assert_eq!(lab.merged_at_end(feed), Order::default());
}

#[test]
fn each_instance_tells_of_the_other_leg() {
    let mut lab = Lab::new(IN);
    let feed = lab.feed(datagrams(0, 10_000_000));
    lab.wait_until_equal(100);
    let refusal = lab.instance(0).post("/api/v1/flows/ch7/hand-over");
    assert!(refusal.status == 409 && refusal.body.contains("a leg of its own"), "{}", refusal.body);
    let second = |value: u64| move |metrics: &tests::lab::Metrics| metrics.count("flowclient_leg_heard") == value;
    lab.instance(0).wait_until("leg 2 heard", second(1));
    lab.instances[1] = None;
    lab.instance(0).wait_until("leg 2 silent", second(0));
    let (alone, readiness) = (lab.instance(0).flow(), lab.instance(0).get("/readyz"));
    assert_eq!((&alone["state"], &alone["pair"]["leg"], readiness.status), (&"on air".into(), &1.into(), 200));
    feed.stop();
}
