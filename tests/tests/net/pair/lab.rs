//! Instances of one flow on hosts of their own, and a viewer.

use tests::lab::{Capture, Feed, Flowclient, NetNs, Segment, Sender, Signal, until};
use tests::order::Order;
use tests::shapes::{datagrams, numbers};

use crate::{HEARD_AT, IN, OUT, SEND_TO};

/// About an 8 Mb/s channel.
const DATAGRAMS_A_SECOND: u32 = 760;

/// A datagram's packets, however they are wrapped.
type Packets = fn(&[u8]) -> &[u8];

pub(super) struct Lab {
    pub(super) segment: Segment,
    output: &'static str,
    packets: Packets,
    /// By host; none where it has ended.
    instances: Vec<Option<Flowclient>>,
    viewer: Capture,
}

impl Lab {
    /// Instances on so many hosts, with their input joined.
    pub(super) fn new(hosts: usize) -> Self {
        Self::with_output(hosts, OUT, |datagram| datagram)
    }

    pub(super) fn with_output(hosts: usize, output: &'static str, packets: Packets) -> Self {
        let segment = Segment::new(hosts);
        let instances = segment.hosts.iter().map(|host| Some(start(host, output))).collect();
        let viewer = Capture::start(&segment.viewer, "eth0", HEARD_AT);
        Self { segment, output, packets, instances, viewer }
    }

    /// Begins to send the numbered stream, and waits until it is on air.
    pub(super) fn feed(&self) -> Feed {
        let sender = Sender::new(&self.segment.source, Segment::SOURCE, SEND_TO);
        let feed = Feed::start(sender, DATAGRAMS_A_SECOND, datagrams(0, 10_000_000));
        self.on_air();
        feed
    }

    pub(super) fn instance(&self, host: usize) -> &Flowclient {
        self.instances[host].as_ref().expect("an instance that has not ended")
    }

    /// Waits until one instance is on air for a while; says which.
    ///
    /// On a busy machine the air may change hands at any time.
    pub(super) fn on_air(&self) -> usize {
        self.only_one();
        self.viewer.wait_for_more(300);
        self.only_one()
    }

    fn only_one(&self) -> usize {
        until("one instance on air", || {
            let on_air: Vec<usize> = self.running().filter(|&host| is_on_air(self.instance(host))).collect();
            (on_air.len() == 1).then(|| on_air[0])
        })
    }

    /// Waits until another than `host` is on air, for a while.
    pub(super) fn wait_until_followed(&self, host: usize) {
        until("another on air", || {
            self.running().any(|other| other != host && is_on_air(self.instance(other))).then_some(())
        });
        self.viewer.wait_for_more(300);
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        self.instances.iter().enumerate().filter(|(_, instance)| instance.is_some()).map(|(host, _)| host)
    }

    /// Kills the instance, and starts a new one when another has gone on.
    pub(super) fn kill_and_restart(&mut self, host: usize) {
        self.instances[host] = None;
        self.on_air();
        self.restart(host);
    }

    /// Asks the instance to end, which it does when another has gone on, and starts a new one.
    pub(super) fn replace(&mut self, host: usize) {
        let instance = self.instances[host].take().expect("an instance that has not ended");
        instance.stop().expect_success();
        self.restart(host);
    }

    fn restart(&mut self, host: usize) {
        self.instances[host] = Some(start(&self.segment.hosts[host], self.output));
        self.on_air();
    }

    pub(super) fn freeze(&self, host: usize) {
        self.instance(host).signal(Signal::STOP);
    }

    pub(super) fn thaw(&self, host: usize) {
        self.instance(host).signal(Signal::CONT);
    }

    /// The datagrams at the viewer so far, as they came.
    pub(super) fn viewed(&self) -> Vec<Vec<u8>> {
        self.viewer.so_far().into_iter().map(|datagram| datagram.payload).collect()
    }

    /// Ends the stream, waits for the last datagram, and compares what came with what was sent.
    pub(super) fn order_at_end(&self, feed: Feed) -> Order {
        let sent = 7 * feed.stop();
        let came =
            || -> Vec<u32> { self.viewed().iter().flat_map(|datagram| numbers((self.packets)(datagram))).collect() };
        until("the last packet", || came().contains(&(sent - 1)).then_some(()));
        Order::of(&came(), sent)
    }
}

fn start(host: &NetNs, output: &str) -> Flowclient {
    let instance = Flowclient::start(host, &["--in", IN, "--out", output, "--pair"]);
    // What else runs on this machine is not to take the air from it.
    instance.goes_first();
    host.wait_for_member("in0", "239.9.9.9".parse().unwrap());
    instance
}

fn is_on_air(instance: &Flowclient) -> bool {
    let log = instance.stderr();
    let change = log.lines().rev().find(|line| line.contains("on air: ") || line.contains("standing by: "));
    change.is_some_and(|line| line.contains("on air: "))
}
