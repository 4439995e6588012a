//! What this host dropped so far: at its interfaces, on the way to its sockets, and at them.

use std::collections::BTreeMap;

use super::finding::{Finding, Setting, sysctl};
use super::netlink::Link;
use super::network::Network;
use crate::host::{InterfaceCounters, interface_counters, protocol_counter, read};
use crate::human;

/// Room for a burst of 10 ms at 10 Gb/s.
const WIDE_BACKLOG: u64 = 10_000;

/// Counts since the machine, or the network namespace, came up.
#[derive(Clone, Debug, Default)]
pub(super) struct Drops {
    interfaces: BTreeMap<String, InterfaceCounters>,
    softnet: u64,
    /// Packets that wait for a CPU, at most; only the machine's first network namespace tells.
    backlog: Option<u64>,
    /// Datagrams that found their socket full, of both versions of IP.
    sockets: u64,
}

impl Drops {
    /// Asks the kernel.
    pub(super) fn read() -> Self {
        Self {
            interfaces: interface_counters(),
            softnet: softnet(&read("/proc/net/softnet_stat")),
            backlog: backlog().read(),
            sockets: protocol_counter("Udp:", "RcvbufErrors").unwrap_or_default(),
        }
    }

    /// Of each interface concerned, of the way to the sockets, and of the sockets. `ring` gives what a driver's receive
    /// ring holds, and could hold.
    pub(super) fn findings(&self, network: &Network, ring: impl Fn(&Link) -> Option<(u32, u32)>) -> Vec<Finding> {
        let links = network.concerned();
        let interfaces = links.iter().filter_map(|link| self.interface_finding(link, ring(link)));
        interfaces.chain([self.softnet_finding(), self.socket_finding()]).collect()
    }

    fn interface_finding(&self, link: &Link, ring: Option<(u32, u32)>) -> Option<Finding> {
        let counters = self.interfaces.get(&link.name)?;
        let found = format!("{} of {} packets", human::count(counters.dropped), human::count(counters.packets));
        let finding = Finding::ok("interface-drops", "/proc/net/dev", found).of(&link.name);
        if counters.dropped == 0 {
            return Some(finding);
        }
        let lost = finding.warn("datagrams may be lost there before a socket sees them");
        Some(match ring {
            Some((now, most)) if now < most => lost.mended_by(format!("ethtool -G {} rx {most}", link.name)),
            _ => lost.advised(format!(
                "see which: ip -s -s link show {}; also counts packets that nobody wanted",
                link.name
            )),
        })
    }

    fn softnet_finding(&self) -> Finding {
        let room = self.backlog.map(|packets| format!(", room for {}", human::count(packets))).unwrap_or_default();
        let found = format!("{} packets{room}", human::count(self.softnet));
        let finding = Finding::ok("softnet-drops", "/proc/net/softnet_stat", found);
        if self.softnet == 0 || self.backlog.is_some_and(|room| room >= WIDE_BACKLOG) {
            return finding;
        }
        let lost = finding.warn("a CPU had more packets waiting than there was room for: bursts are lost");
        let command = sysctl(&[backlog().set_to(WIDE_BACKLOG)]);
        match self.backlog {
            Some(_) => lost.mended_by(command),
            None => lost.advised(format!("in the machine's first network namespace: {command}")),
        }
    }

    fn socket_finding(&self) -> Finding {
        let finding = Finding::ok("socket-drops", "/proc/net/snmp Udp RcvbufErrors", human::count(self.sockets));
        if self.sockets == 0 {
            return finding;
        }
        let lost = finding.warn("some program was too slow for what it received, or kept waiting");
        lost.advised("see whether it is this one: flowclient_input_dropped_total{reason=\"kernel\"}")
    }
}

fn backlog() -> Setting {
    Setting("net/core/netdev_max_backlog".to_owned())
}

/// Packets dropped for want of room, the second number of each CPU's line, in hexadecimal.
fn softnet(text: &str) -> u64 {
    let dropped = |line: &str| u64::from_str_radix(line.split_ascii_whitespace().nth(1)?, 16).ok();
    text.lines().filter_map(dropped).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::{link, network};
    use proptest::prelude::*;

    fn drops(dropped: u64) -> Drops {
        let counters = InterfaceCounters { packets: 1_000, dropped, bytes: 0 };
        let interfaces = [("in0".to_owned(), counters)].into();
        Drops { interfaces, softnet: dropped, backlog: Some(1_000), sockets: dropped }
    }

    fn verdicts(dropped: u64) -> Vec<Verdict> {
        let network = network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0");
        drops(dropped).findings(&network, |_| None).iter().map(|finding| finding.verdict).collect()
    }

    #[test]
    fn drops_are_warnings_and_none_are_ok() {
        assert_eq!(verdicts(0), [Verdict::Ok; 3]);
        assert_eq!(verdicts(7), [Verdict::Warn; 3]);
    }

    #[test]
    fn rooms_that_can_grow_are_made_larger() {
        let command = |ring| drops(7).interface_finding(&link(2, "in0"), ring).unwrap().command;
        assert_eq!(command(Some((256, 4_096))).as_deref(), Some("ethtool -G in0 rx 4096"));
        assert_eq!(command(Some((4_096, 4_096))), None);
        let softnet = drops(7).softnet_finding();
        assert_eq!(softnet.command.as_deref(), Some("sysctl -w net.core.netdev_max_backlog=10000"));
        assert_eq!(Drops { backlog: Some(10_000), ..drops(7) }.softnet_finding().verdict, Verdict::Ok);
        let elsewhere = Drops { backlog: None, ..drops(7) }.softnet_finding();
        assert!(elsewhere.command.is_none() && elsewhere.advice.is_some());
    }

    #[test]
    fn the_drops_of_all_cpus_are_added_up() {
        assert_eq!(softnet("00000001 0000000a 00000000\n00000001 00000002 00000000\n"), 12);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[0-9a-f \n]{0,100}") {
            softnet(&text);
        }
    }
}
