//! The reverse path filter (rp_filter in the kernel's documentation of ip-sysctl): it drops what comes in by another
//! interface than the one that the way back to the sender leaves by.

use super::finding::{Finding, Setting, sysctl};
use super::netlink::Link;
use super::network::{Network, Way};
use crate::host::protocol_counter;

const CHECK: &str = "reverse-path";
const OFF: u64 = 0;
/// The way back must be by the same interface.
const STRICT: u64 = 1;
/// There must be a way back by any.
const LOOSE: u64 = 2;

/// The filter of an interface.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    /// Mode of all interfaces; the higher of the two holds.
    all: u64,
    /// The interface's own.
    own: u64,
    /// Packets that it dropped so far, on all interfaces.
    dropped: u64,
}

impl Filter {
    /// Asks the kernel; `None` where there is no such filter.
    pub(super) fn read(link: &Link) -> Option<Self> {
        let dropped = protocol_counter("TcpExt:", "IPReversePathFilter").unwrap_or_default();
        Some(Self { all: setting("all").read()?, own: setting(&link.name).read()?, dropped })
    }

    /// The mode in force.
    fn mode(self) -> u64 {
        self.all.max(self.own)
    }

    fn text(self) -> String {
        let mode = match self.mode() {
            OFF => "off",
            STRICT => "strict",
            _ => "loose",
        };
        if self.dropped == 0 { mode.to_owned() } else { format!("{mode}, {} packets dropped so far", self.dropped) }
    }

    /// The command that sets this mode: for off, both settings; for loose, the interface's own is enough.
    fn set_to(self, mode: u64, link: &Link) -> String {
        let own = setting(&link.name).set_to(mode);
        if mode == OFF { sysctl(&[setting("all").set_to(OFF), own]) } else { sysctl(&[own]) }
    }
}

/// Of each interface that something comes in at over IPv4. `filter` gives what the kernel says of it.
pub(super) fn findings(network: &Network, filter: impl Fn(&Link) -> Option<Filter>) -> Vec<Finding> {
    let links = network.concerned().into_iter().filter(|link| !link.is_loopback);
    links.filter_map(|link| finding(network, link, filter(link)?)).collect()
}

fn finding(network: &Network, link: &Link, filter: Filter) -> Option<Finding> {
    let mut ways = network.ways_by(link).filter(|way| way.is_in() && way.end.address.is_ipv4()).peekable();
    ways.peek()?;
    let ok = Finding::ok(CHECK, setting(&link.name).path(), filter.text()).of(&link.name);
    // One that is sure to be dropped says more than one that may be.
    let faults: Vec<_> = ways.filter_map(|way| fault(network, link, filter, way)).collect();
    let Some(fault) = faults.iter().min_by_key(|fault| !fault.is_sure) else { return Some(ok) };
    let judged = if fault.is_sure { ok.bad(&fault.cost) } else { ok.warn(&fault.cost) };
    // What helps all: off, if that is what one of them needs.
    let mode = faults.iter().map(|fault| fault.helps).min().unwrap_or(OFF);
    Some(judged.mended_by(filter.set_to(mode, link)))
}

/// Why the filter drops, or may drop, what comes in.
struct Fault {
    is_sure: bool,
    cost: String,
    /// The strictest mode that lets it pass.
    helps: u64,
}

fn fault(network: &Network, link: &Link, filter: Filter, way: &Way) -> Option<Fault> {
    let mode = filter.mode();
    let (back, is_sure) = match way.end.source {
        Some(_) => (way.back.map(|route| route.interface), true),
        None => (network.default_route, false),
    };
    let passes = match mode {
        OFF => true,
        STRICT => back == Some(link.index),
        _ => back.is_some(),
    };
    if passes {
        return None;
    }
    let url = &way.end.url;
    let cost = match (way.end.source, back) {
        (Some(sender), Some(back)) => format!("all of {url} is dropped: {sender} is reached by {}", network.name(back)),
        (Some(sender), None) => format!("all of {url} is dropped: no route leads to {sender}"),
        (None, _) => format!("{url} is dropped if its sender is beyond the networks of {}", link.name),
    };
    Some(Fault { is_sure, cost, helps: if back.is_some() { LOOSE } else { OFF } })
}

fn setting(interface: &str) -> Setting {
    Setting::of_interface("ipv4", interface, "rp_filter")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::netlink::Route;
    use crate::doctor::network::planted::{by, network};

    fn filter(all: u64, own: u64) -> Filter {
        Filter { all, own, dropped: 0 }
    }

    /// Verdict and command for a sender that is reached by `back`.
    fn of_sender(filter: Filter, back: Option<Route>) -> (Verdict, Option<String>) {
        let mut network = network("udp://10.9.0.5@232.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0");
        network.ways[0].back = back;
        let found = findings(&network, |_| Some(filter));
        assert_eq!(found.len(), 1, "nothing comes in at out0");
        (found[0].verdict, found[0].command.clone())
    }

    #[test]
    fn a_sender_behind_the_interface_passes_and_without_a_filter_any_does() {
        assert_eq!(of_sender(filter(1, 1), by(2)).0, Verdict::Ok);
        assert_eq!(of_sender(filter(0, 0), by(3)).0, Verdict::Ok);
        assert_eq!(of_sender(filter(1, 2), by(3)).0, Verdict::Ok);
    }

    #[test]
    fn a_strict_filter_drops_a_sender_that_is_reached_another_way() {
        let loose = "sysctl -w net.ipv4.conf.in0.rp_filter=2";
        assert_eq!(of_sender(filter(1, 0), by(3)), (Verdict::Bad, Some(loose.to_owned())));
    }

    #[test]
    fn any_filter_drops_a_sender_that_is_not_reached_at_all() {
        let off = "sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.in0.rp_filter=0";
        for mode in [STRICT, LOOSE] {
            assert_eq!(of_sender(filter(0, mode), None), (Verdict::Bad, Some(off.to_owned())));
        }
    }

    #[test]
    fn an_unknown_sender_is_a_warning_where_the_default_route_is_elsewhere() {
        let mut network = network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0");
        let verdict = |network: &Network| findings(network, |_| Some(filter(1, 1)))[0].verdict;
        network.default_route = Some(3);
        assert_eq!(verdict(&network), Verdict::Warn);
        network.default_route = Some(2);
        assert_eq!(verdict(&network), Verdict::Ok);
    }
}
