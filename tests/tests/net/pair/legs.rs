//! Instances that are all on air, each on a leg of its own, and a receiver that merges the legs.

use std::collections::HashMap;
use std::process::Command;

use relay::time::Ticks27;
use relay::wire::rtp::{HEADER_LEN, Rtp};
use tests::lab::{Capture, Feed, Flowclient, Process, Segment, Sender, Signal, until};
use tests::merger::merge;
use tests::order::Order;
use tests::shapes::{datagrams, numbers, packet, pcr_packet};

use crate::{IN, SEND_TO};

const LEGS: [&str; 2] = ["rtp://239.1.1.7:5000?iface=out0", "rtp://239.1.2.7:5000?iface=out0"];
const HEARD_AT: [&str; 2] = ["239.1.1.7:5000", "239.1.2.7:5000"];
/// About an 8 Mb/s channel.
const DATAGRAMS_A_SECOND: u32 = 760;

/// Two hosts with a leg each, and what a viewer hears of both.
struct Lab {
    segment: Segment,
    input: &'static str,
    instances: [Option<Flowclient>; 2],
    heard: [Capture; 2],
}

impl Lab {
    /// Both are on air, and wait for input.
    fn new(input: &'static str) -> Self {
        let segment = Segment::new(2);
        let heard = HEARD_AT.map(|address| Capture::start(&segment.viewer, "eth0", address));
        let mut lab = Self { segment, input, instances: [None, None], heard };
        for host in 0..2 {
            lab.start(host);
            let instance = lab.instance(host);
            until("the leg on air", || (instance.flow()["pair"]["role"] == "on_air").then_some(()));
        }
        lab
    }

    fn start(&mut self, host: usize) {
        let number = (host + 1).to_string();
        let outputs = ["--out", LEGS[0], "--out", LEGS[1], "--name", "ch7"];
        let leg = ["--in", self.input, "--pair", "active-active", "--pair-leg", &number];
        let namespace = &self.segment.hosts[host];
        self.instances[host] = Some(Flowclient::start(namespace, &[&leg[..], &outputs].concat()));
        if self.input == IN {
            namespace.wait_for_member("in0", "239.9.9.9".parse().unwrap());
        }
    }

    fn instance(&self, host: usize) -> &Flowclient {
        self.instances[host].as_ref().unwrap()
    }

    fn feed(&self, payloads: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Feed {
        let sender = Sender::new(&self.segment.source, Segment::SOURCE, SEND_TO);
        Feed::start(sender, DATAGRAMS_A_SECOND, payloads)
    }

    /// Waits until both legs carry so many datagrams more, with the same numbers.
    fn wait_until_equal(&self, datagrams: u64) {
        for host in 0..2 {
            let equal = || self.instance(host).flow()["pair"]["legs"][0]["equal"].as_u64();
            let before = until("the other leg", equal);
            until("equal datagrams", || (equal()? >= before + datagrams).then_some(()));
            self.instance(host).wait_until_ready();
        }
    }

    fn kill_and_restart(&mut self, host: usize) {
        self.instances[host] = None;
        self.heard[1 - host].wait_for_more(200);
        self.start(host);
        self.wait_until_equal(100);
    }

    fn freeze_and_thaw(&self, host: usize) {
        self.instance(host).signal(Signal::STOP);
        self.heard[1 - host].wait_for_more(800);
        self.instance(host).signal(Signal::CONT);
        self.wait_until_equal(100);
    }

    /// Lets the instances run before all others: a host that keeps one from running is not what is tested.
    fn let_run_first(&self) {
        for instance in self.instances.iter().flatten() {
            let pid = instance.pid().to_string();
            Process::run(Command::new("chrt").args(["--fifo", "--all-tasks", "--pid", "1", &pid])).expect_success();
        }
    }

    /// A part of what is sent to the host is lost on its way.
    fn lose_input(&self, host: usize) {
        let chain = "type filter hook input priority 0; ip daddr 239.9.9.9 numgen random mod 100 < 4 drop";
        let rules = &format!("table ip fc {{ chain in {{ {chain}; }}; }}");
        self.nft(host, rules);
    }

    fn stop_losing(&self, host: usize) {
        self.nft(host, "delete table ip fc");
    }

    fn nft(&self, host: usize, rules: &str) {
        Process::run(self.segment.hosts[host].command("nft").arg(rules)).expect_success();
    }

    /// Ends the numbered stream, waits for the last packet, and compares what a receiver that merges has with what was sent.
    fn merged_at_end(&self, feed: Feed) -> Order {
        let sent = 7 * feed.stop();
        let merged = || -> Vec<u32> {
            let legs = self.heard.iter().flat_map(Capture::so_far);
            merge(legs).iter().flat_map(|packets| numbers(packets)).collect()
        };
        until("the last packet", || merged().contains(&(sent - 1)).then_some(()));
        Order::of(&merged(), sent)
    }

    /// All that both legs have carried, by its number.
    fn carried(&self) -> [HashMap<u16, Vec<u8>>; 2] {
        let sequence = |datagram: &[u8]| Rtp::parse(datagram).unwrap().sequence;
        let carried = |leg: &Capture| leg.so_far().into_iter().map(|heard| (sequence(&heard.payload), heard.payload));
        [0, 1].map(|leg| carried(&self.heard[leg]).collect())
    }

    /// Of the datagrams on the second leg, all but the first `unlike` are the same bit for bit on the first.
    fn assert_same_bits(&self, unlike: usize) {
        let [first, second] = self.carried();
        let mut shared: Vec<u16> = second.keys().filter(|number| first.contains_key(number)).copied().collect();
        let start = Rtp::parse(&self.heard[1].so_far()[0].payload).unwrap().sequence;
        shared.sort_by_key(|number| number.wrapping_sub(start));
        assert!(shared.len() > 500, "they share {} numbers", shared.len());
        let other = shared[unlike..].iter().find(|number| first[number] != second[number]);
        assert_eq!(other, None);
    }
}

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
    // Before the second PCR nobody can tell the stream's time.
    lab.assert_same_bits(6);
}

#[test]
fn both_legs_of_a_channel_that_is_made_here_carry_the_same_bits() {
    let lab = Lab::new("test:clock?bitrate=8M");
    lab.wait_until_equal(800);
    lab.assert_same_bits(0);
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
fn a_receiver_that_merges_loses_and_repeats_nothing_when_one_input_does() {
    let lab = Lab::new(IN);
    lab.let_run_first();
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
