//! Ways: whether each address can be joined or sent to, and whether that is by the interface meant.

use std::net::IpAddr;

use super::finding::Finding;
use super::netlink::{Link, Route};
use super::network::{Network, Way};

const CHECK: &str = "route";
const LOOKED_AT: &str = "RTM_GETROUTE";

/// Of each address: the way that its datagrams take.
pub(super) fn findings(network: &Network) -> Vec<Finding> {
    network.ways.iter().filter_map(|way| finding(network, way)).collect()
}

/// `None` for what is received at an address of this host.
fn finding(network: &Network, way: &Way) -> Option<Finding> {
    let ok = |found: String| Finding::ok(CHECK, LOOKED_AT, found).of(&way.end.url);
    if let Some(Err(error)) = &way.named {
        return Some(missing_interface(ok(error.to_string()), way));
    }
    if way.is_in() && !way.end.is_group() {
        return None;
    }
    let finding = match (way.there, &way.named) {
        (None, Some(Ok(index))) if way.is_in() => ok(format!("joined on {}, as named", network.name(*index))),
        (None, _) => no_route(network, way, ok("no route leads there".to_owned())),
        (Some(route), _) if way.is_in() => joined(network, way, route, ok),
        (Some(route), _) => sent(network, way, route, ok),
    };
    Some(finding)
}

fn missing_interface(finding: Finding, way: &Way) -> Finding {
    let flow = &way.end.flow;
    let cost = format!("flow {flow:?} does not start, or waits for the interface to come back");
    finding.bad(cost).advised("name one of these, or make it")
}

fn no_route(network: &Network, way: &Way, finding: Finding) -> Finding {
    let what = if way.is_in() { "receives nothing" } else { "sends nothing" };
    let bad = finding.bad(format!("flow {:?} {what}: the kernel does not know by which interface", way.end.flow));
    let address = way.end.address.ip();
    let route = |link: &Link| format!("ip {}route add {address}/{} dev {}", family(address), bits(address), link.name);
    match candidate(network) {
        Some(link) if way.end.is_group() => bad.mended_by(route(link)).advised("or name the interface with ?iface="),
        Some(_) => bad.advised("add a route to it, as: ip route add ADDRESS via ROUTER"),
        None => bad.advised("no interface is up that leads elsewhere: bring one up, or name lo with ?iface=lo"),
    }
}

const fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "" } else { "-6 " }
}

const fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The interface that is most likely meant: the default route's, or the first that works.
fn candidate(network: &Network) -> Option<&Link> {
    let works = |link: &&Link| link.is_up && link.has_carrier && link.is_multicast && !link.is_loopback;
    let default = network.default_route.and_then(|index| network.link(index)).filter(works);
    default.or_else(|| network.links.iter().find(works))
}

fn joined(network: &Network, way: &Way, route: Route, ok: impl Fn(String) -> Finding) -> Finding {
    let name = network.name(way.interface().unwrap_or(route.interface));
    if way.named.is_some() {
        return ok(format!("joined on {name}, as named"));
    }
    let Some(sender) = way.end.source else { return ok(format!("joined on {name}, by the routes")) };
    match way.back {
        Some(back) if back.interface != route.interface => {
            let there = network.name(back.interface);
            let elsewhere = ok(format!("joined on {name}, while {sender} is reached by {there}"));
            let group = way.end.address.ip();
            let command = format!("ip {}route replace {group}/{} dev {there}", family(group), bits(group));
            elsewhere.bad(format!("flow {:?} asks for its sender in another network", way.end.flow)).mended_by(command)
        }
        _ => ok(format!("joined on {name}, where {sender} is")),
    }
}

fn sent(network: &Network, way: &Way, route: Route, ok: impl Fn(String) -> Finding) -> Finding {
    let name = network.name(route.interface);
    let by = if way.named.is_some() { "as named" } else { "by the routes" };
    let source = way.end.source.or(route.source);
    let from = source.map_or_else(|| "without an address".to_owned(), |source| format!("from {source}"));
    let finding = ok(format!("leaves by {name}, {by}, {from}"));
    if source.is_none_or(|source| source.is_unspecified()) {
        let cost = "routers and receivers that ask where it comes from drop it";
        return finding.warn(cost).advised(format!("give {name} an address"));
    }
    let stays = network.link(route.interface).is_some_and(|link| link.is_loopback);
    if stays && way.end.is_group() && way.named.is_none() {
        return finding.warn("only this host hears it").advised("name the interface with ?iface=");
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::{by, network};
    use relay::io::interface::InterfaceError;

    fn unnamed() -> Network {
        let mut network = network("udp://10.0.0.5@232.9.9.9:5000", "239.1.1.7:5000");
        network.ways.iter_mut().for_each(|way| way.named = None);
        network
    }

    #[test]
    fn interfaces_that_are_named_are_the_way() {
        let mut network = network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0");
        network.ways[1].there = Some(Route { source: Some([10, 2, 0, 1].into()), ..by(3).unwrap() });
        let found: Vec<_> = findings(&network).into_iter().map(|finding| (finding.verdict, finding.found)).collect();
        let wanted = ["joined on in0, as named", "leaves by out0, as named, from 10.2.0.1"];
        assert_eq!(found, wanted.map(|found| (Verdict::Ok, found.to_owned())));
    }

    #[test]
    fn a_group_without_a_route_gets_one() {
        let mut network = unnamed();
        network.ways[1].there = None;
        let lost = &findings(&network)[1];
        assert_eq!((lost.verdict, lost.command.as_deref()), (Verdict::Bad, Some("ip route add 239.1.1.7/32 dev in0")));
        network.default_route = Some(3);
        assert_eq!(findings(&network)[1].command.as_deref(), Some("ip route add 239.1.1.7/32 dev out0"));
    }

    #[test]
    fn a_group_is_joined_where_its_sender_is() {
        let mut network = unnamed();
        network.ways[0].back = by(2);
        assert_eq!(findings(&network)[0].verdict, Verdict::Ok);
        network.ways[0].back = by(3);
        let elsewhere = &findings(&network)[0];
        let command = elsewhere.command.as_deref();
        assert_eq!((elsewhere.verdict, command), (Verdict::Bad, Some("ip route replace 232.9.9.9/32 dev out0")));
    }

    #[test]
    fn an_interface_that_is_not_there_is_bad() {
        let mut network = unnamed();
        let error = InterfaceError::Missing { wanted: "eth77".to_owned(), present: "lo".to_owned() };
        network.ways[1].named = Some(Err(error));
        let missing = &findings(&network)[1];
        assert_eq!(missing.verdict, Verdict::Bad);
        assert!(missing.found.contains("eth77"));
    }

    #[test]
    fn what_stays_on_this_host_or_has_no_address_is_a_warning() {
        let mut network = unnamed();
        assert_eq!(findings(&network)[1].verdict, Verdict::Warn, "no address");
        network.ways[1].there = Some(Route { source: Some([127, 0, 0, 1].into()), ..by(1).unwrap() });
        assert_eq!(findings(&network)[1].cost.as_deref(), Some("only this host hears it"));
    }
}
