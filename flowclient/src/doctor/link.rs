//! Interfaces: up, connected, fast enough, and wide enough for a datagram.

use super::finding::Finding;
use super::needs::Direction;
use super::netlink::Link;
use super::network::{Network, Way};
use crate::human;

/// The usual largest IP packet of Ethernet.
const ETHERNET_MTU: usize = 1_500;
/// Of a link's rate, what a steady load may take: the rest is for bursts, headers and others.
const LOAD_PERCENT: u64 = 80;

/// Of each interface concerned: up and connected, packet size, rate. `speed` gives bits a second by index.
pub(super) fn findings(network: &Network, speed: impl Fn(u32) -> Option<u64>) -> Vec<Finding> {
    let of_link = |link: &&Link| {
        let load = speed(link.index).and_then(|speed| load_finding(network, link, speed));
        [Some(state_finding(link)), mtu_finding(network, link), load]
    };
    network.concerned().iter().flat_map(of_link).flatten().collect()
}

fn state_finding(link: &Link) -> Finding {
    let finding = |found: &str| Finding::ok("link", "RTM_GETLINK", found).of(&link.name);
    if !link.is_up {
        let down = finding("down").bad("nothing comes in or goes out there");
        return down.mended_by(format!("ip link set dev {} up", link.name));
    }
    if !link.has_carrier {
        let unplugged = finding("up, without carrier").bad("nothing comes in or goes out there");
        return unplugged
            .advised("look at the cable and at the other end: a switch port, or the peer of a virtual cable");
    }
    finding("up, with carrier")
}

/// The largest packets of the flows beside the MTU, also of the interface below; `None` without flows.
fn mtu_finding(network: &Network, link: &Link) -> Option<Finding> {
    let largest = network.ways_by(link).max_by_key(|way| way.end.packet_bytes)?;
    let wanted = largest.end.packet_bytes;
    let below = link.parent.and_then(|parent| network.link(parent)).filter(|below| below.name != link.name);
    let narrowest = below.map_or(link.mtu, |below| below.mtu.min(link.mtu));
    let found = format!("{narrowest} bytes, for packets of {wanted}");
    let finding = Finding::ok("mtu", "RTM_GETLINK", found).of(&link.name);
    if narrowest as usize >= wanted {
        return Some(finding);
    }
    let command = |name: &str| format!("ip link set dev {name} mtu {}", wanted.max(ETHERNET_MTU));
    // The one below goes first: a VLAN cannot be wider than what carries it.
    let narrow = below.into_iter().chain([link]).filter(|link| (link.mtu as usize) < wanted);
    let commands: Vec<_> = narrow.map(|link| command(&link.name)).collect();
    Some(finding.bad(cost_of_mtu(largest)).mended_by(commands.join(" && ")))
}

fn cost_of_mtu(way: &Way) -> &'static str {
    match way.end.direction {
        Direction::In => "full datagrams do not come through, or in fragments of which each one lost loses all",
        Direction::Out => "each datagram leaves in fragments: one lost loses all, many receivers take none, and no GSO",
    }
}

/// What the flows send or receive there, whichever is more, beside the link's rate.
fn load_finding(network: &Network, link: &Link, speed: u64) -> Option<Finding> {
    let sum = |direction| {
        let there = network.ways_by(link).filter(move |way| way.end.direction == direction);
        there.map(|way| way.end.likely_bitrate()).sum::<u64>()
    };
    let load = sum(Direction::In).max(sum(Direction::Out));
    let guessed = network.ways_by(link).filter(|way| way.end.bitrate.is_none()).count();
    let rate = |bits: u64| human::bit_rate(bits as f64);
    let guess = if guessed == 0 { "" } else { ", where not known taken for 8 Mb/s each" };
    let found = format!("{}, for flows of {}{guess}", rate(speed), rate(load));
    let finding = Finding::ok("link-speed", "ETHTOOL_MSG_LINKMODES_GET", found).of(&link.name);
    if load <= speed / 100 * LOAD_PERCENT {
        return (load > 0).then_some(finding);
    }
    let full =
        if load > speed { finding.bad("datagrams are lost all the time") } else { finding.warn("bursts are lost") };
    Some(full.advised("take a faster link, or spread the flows over several"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::{link, network};

    fn usual() -> Network {
        network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0")
    }

    fn verdict(found: &[Finding], check: &str, subject: &str) -> Verdict {
        let is_it = |finding: &&Finding| finding.check == check && finding.subject.as_deref() == Some(subject);
        found.iter().find(is_it).unwrap().verdict
    }

    #[test]
    fn an_interface_that_is_up_and_wide_is_ok_and_others_are_none_of_our_business() {
        let found = findings(&usual(), |_| Some(1_000_000_000));
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|finding| finding.verdict == Verdict::Ok));
    }

    #[test]
    fn one_that_is_down_is_switched_on_and_one_without_carrier_is_looked_after() {
        let down = state_finding(&Link { is_up: false, ..link(2, "in0") });
        assert_eq!((down.verdict, down.command.as_deref()), (Verdict::Bad, Some("ip link set dev in0 up")));
        let unplugged = state_finding(&Link { has_carrier: false, ..link(2, "in0") });
        assert_eq!((unplugged.verdict, unplugged.command.is_none()), (Verdict::Bad, true));
    }

    #[test]
    fn a_narrow_interface_is_widened() {
        let mut network = usual();
        network.links[2].mtu = 1_343;
        let narrow = mtu_finding(&network, &network.links[2]).unwrap();
        assert_eq!((narrow.verdict, narrow.command.as_deref()), (Verdict::Bad, Some("ip link set dev out0 mtu 1500")));
        network.links[2].mtu = 1_344;
        assert_eq!(mtu_finding(&network, &network.links[2]).unwrap().verdict, Verdict::Ok);
    }

    #[test]
    fn what_carries_a_vlan_is_widened_first() {
        let mut network = usual();
        (network.links[2].parent, network.links[2].mtu) = (Some(9), 1_000);
        network.links.push(Link { mtu: 1_000, ..link(9, "eth0") });
        let narrow = mtu_finding(&network, &network.links[2]).unwrap();
        assert_eq!(narrow.command.unwrap(), "ip link set dev eth0 mtu 1500 && ip link set dev out0 mtu 1500");
    }

    #[test]
    fn a_link_is_fast_enough_with_a_reserve() {
        let at = |speed| verdict(&findings(&usual(), |_| Some(speed)), "link-speed", "out0");
        assert_eq!((at(10_000_000), at(9_000_000), at(7_000_000)), (Verdict::Ok, Verdict::Warn, Verdict::Bad));
    }
}
