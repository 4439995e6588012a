//! Two instances that are both on air, and what a viewer hears of their legs.

use std::collections::HashMap;

use relay::wire::rtp::Rtp;
use tests::lab::{Capture, Feed, Flowclient, Process, Segment, Sender, Signal, until};
use tests::merger::merge;
use tests::order::Order;
use tests::shapes::numbers;

use crate::{IN, SEND_TO};

const LEGS: [&str; 2] = ["rtp://239.1.1.7:5000?iface=out0", "rtp://239.1.2.7:5000?iface=out0"];
const HEARD_AT: [&str; 2] = ["239.1.1.7:5000", "239.1.2.7:5000"];
/// About an 8 Mb/s channel.
const DATAGRAMS_A_SECOND: u32 = 760;

/// Two hosts with a leg each, and what a viewer hears of both.
pub(super) struct Lab {
    segment: Segment,
    input: &'static str,
    pub(super) instances: [Option<Flowclient>; 2],
    pub(super) heard: [Capture; 2],
}

impl Lab {
    /// Both are on air, and wait for input.
    pub(super) fn new(input: &'static str) -> Self {
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
        let instance = Flowclient::start(namespace, &[&leg[..], &outputs].concat());
        // A host that keeps it from running is not what is tested.
        instance.goes_first();
        self.instances[host] = Some(instance);
        if self.input == IN {
            namespace.wait_for_member("in0", "239.9.9.9".parse().unwrap());
        }
    }

    pub(super) fn instance(&self, host: usize) -> &Flowclient {
        self.instances[host].as_ref().unwrap()
    }

    pub(super) fn feed(&self, payloads: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Feed {
        let sender = Sender::new(&self.segment.source, Segment::SOURCE, SEND_TO);
        Feed::start(sender, DATAGRAMS_A_SECOND, payloads)
    }

    /// Waits until both legs carry so many datagrams more, with the same numbers.
    pub(super) fn wait_until_equal(&self, datagrams: u64) {
        for host in 0..2 {
            let equal = || self.instance(host).flow()["pair"]["legs"][0]["equal"].as_u64();
            let before = until("the other leg", equal);
            until("equal datagrams", || (equal()? >= before + datagrams).then_some(()));
            self.instance(host).wait_until_ready();
        }
    }

    pub(super) fn kill_and_restart(&mut self, host: usize) {
        self.instances[host] = None;
        self.heard[1 - host].wait_for_more(200);
        self.start(host);
        self.wait_until_equal(100);
    }

    pub(super) fn freeze_and_thaw(&self, host: usize) {
        self.instance(host).signal(Signal::STOP);
        self.heard[1 - host].wait_for_more(800);
        self.instance(host).signal(Signal::CONT);
        self.wait_until_equal(100);
    }

    /// A part of what is sent to the host is lost on its way.
    pub(super) fn lose_input(&self, host: usize) {
        let chain = "type filter hook input priority 0; ip daddr 239.9.9.9 numgen random mod 100 < 4 drop";
        let rules = &format!("table ip fc {{ chain in {{ {chain}; }}; }}");
        self.nft(host, rules);
    }

    pub(super) fn stop_losing(&self, host: usize) {
        self.nft(host, "delete table ip fc");
    }

    fn nft(&self, host: usize, rules: &str) {
        Process::run(self.segment.hosts[host].command("nft").arg(rules)).expect_success();
    }

    /// Ends the numbered stream, waits for the last packet, and compares what a receiver that merges has with what was sent.
    pub(super) fn merged_at_end(&self, feed: Feed) -> Order {
        let sent = 7 * feed.stop();
        let merged = || -> Vec<u32> {
            let legs = self.heard.iter().flat_map(Capture::so_far);
            merge(legs).iter().flat_map(|packets| numbers(packets)).collect()
        };
        until("the last packet", || merged().contains(&(sent - 1)).then_some(()));
        Order::of(&merged(), sent)
    }

    /// Datagrams with the same number on both legs are the same bit for bit.
    pub(super) fn assert_same_bits(&self) {
        let [first, second] = self.carried();
        let shared: Vec<_> =
            first.iter().filter_map(|(number, one)| Some((number, one, second.get(number)?))).collect();
        assert!(shared.len() > 500, "they share {} numbers", shared.len());
        let unlike: Vec<_> = shared.iter().filter(|(_, one, other)| one != other).map(|(number, ..)| number).collect();
        assert!(unlike.is_empty(), "{} of {} differ: {unlike:?}", unlike.len(), shared.len());
    }

    /// All that both legs have carried, by its number.
    fn carried(&self) -> [HashMap<u16, Vec<u8>>; 2] {
        let sequence = |datagram: &[u8]| Rtp::parse(datagram).unwrap().sequence;
        let carried = |leg: &Capture| leg.so_far().into_iter().map(|heard| (sequence(&heard.payload), heard.payload));
        [0, 1].map(|leg| carried(&self.heard[leg]).collect())
    }

    /// Ends the stream of `payloads`, waits for the last one, and asserts that a receiver that merges has just those.
    pub(super) fn assert_merged_is(&self, feed: Feed, payloads: impl Iterator<Item = Vec<u8>>) {
        let sent: Vec<_> = payloads.take(feed.stop() as usize).collect();
        let merged = || merge(self.heard.iter().flat_map(Capture::so_far));
        until("the last datagram", || merged().contains(sent.last()?).then_some(()));
        let merged = merged();
        let wrong = merged.iter().zip(&sent).position(|(merged, sent)| merged != sent);
        assert_eq!((wrong, merged.len()), (None, sent.len()));
    }
}
