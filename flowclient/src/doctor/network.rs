//! The network as the flows meet it: interfaces, and the way of each address.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use relay::io::interface::{self, InterfaceError};

use crate::check::needed_interfaces;

use super::needs::{Direction, End, Needs};
use super::netlink::{Kernel, Link, Route, links, route};

/// An address that is nobody's (RFC 5737): only a default route leads there.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Interfaces and ways.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    /// All interfaces.
    pub(super) links: Vec<Link>,
    /// The way of each address that a flow receives at or sends to.
    pub(super) ways: Vec<Way>,
    /// Index of the interface that the default route leaves by, if there is one.
    pub(super) default_route: Option<u32>,
}

/// Where the datagrams of an address pass.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// What it is the way of.
    pub(super) end: End,
    /// Index of the interface that is named or has the local address, or why there is none; `None` when none is named.
    pub(super) named: Option<Result<u32, InterfaceError>>,
    /// The way to the group or host, by the interface named if one is.
    pub(super) there: Option<Route>,
    /// The way back to the only sender wanted.
    pub(super) back: Option<Route>,
}

impl Network {
    /// Asks the kernel.
    ///
    /// # Errors
    /// When it refuses to answer.
    pub(super) fn read(needs: &Needs) -> std::io::Result<Self> {
        let kernel = Kernel::routes()?;
        let ways = needs.ends.iter().map(|end| Way::read(&kernel, end)).collect::<Result<_, _>>()?;
        let default_route = route(&kernel, NOBODY, 0)?.map(|route| route.interface);
        Ok(Self { links: links(&kernel)?, ways, default_route })
    }

    /// The interfaces that datagrams of the flows pass; without flows, all that are up and lead elsewhere.
    pub(super) fn concerned(&self) -> Vec<&Link> {
        let passed: BTreeSet<u32> = self.ways.iter().filter_map(Way::interface).collect();
        let is_concerned = |link: &&Link| match self.ways.is_empty() {
            true => link.is_up && !link.is_loopback,
            false => passed.contains(&link.index),
        };
        self.links.iter().filter(is_concerned).collect()
    }

    /// The ways that pass an interface.
    pub(super) fn ways_by(&self, link: &Link) -> impl Iterator<Item = &Way> {
        let index = link.index;
        self.ways.iter().filter(move |way| way.interface() == Some(index))
    }

    /// The interface of this index.
    pub(super) fn link(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }

    /// Name of the interface of this index.
    pub(super) fn name(&self, index: u32) -> &str {
        self.link(index).map_or("an interface that is gone", |link| &link.name)
    }
}

impl Way {
    fn read(kernel: &Kernel, end: &End) -> std::io::Result<Self> {
        let named = named(end);
        let index = named.as_ref().and_then(|found| found.as_ref().ok().copied()).unwrap_or(0);
        let sender = end.source.filter(|_| end.direction == Direction::In);
        let there = match (end.direction, &named) {
            (_, Some(Err(_))) => None,
            // A local address is received at wherever it is; a route to it would be by the loopback.
            (Direction::In, _) if !end.is_group() => None,
            _ => route(kernel, end.address.ip(), index)?,
        };
        let back = sender.map(|sender| route(kernel, sender, 0)).transpose()?.flatten();
        Ok(Self { end: end.clone(), named, there, back })
    }

    /// Index of the interface that the datagrams pass, if it is known.
    pub(super) fn interface(&self) -> Option<u32> {
        match &self.named {
            Some(found) => found.as_ref().ok().copied(),
            None => self.there.map(|route| route.interface),
        }
    }

    /// Whether datagrams come in.
    pub(super) fn is_in(&self) -> bool {
        self.end.direction == Direction::In
    }
}

/// The interface that is named, or has the local address to receive at; an error when anything named is not there.
fn named(end: &End) -> Option<Result<u32, InterfaceError>> {
    let is_in = end.direction == Direction::In;
    let local = if is_in { Some(end.address.ip()).filter(|_| !end.is_group()) } else { end.source };
    let needed = needed_interfaces(end.interface.as_ref(), local);
    let found: Result<Vec<_>, _> = needed.iter().map(interface::index_of).collect();
    // Where it leaves is not said by the address that it is sent from.
    let says_where = is_in || end.interface.is_some();
    found.map(|found| found.first().copied().filter(|_| says_where)).transpose()
}

/// Planted networks for the tests of the checks.
#[cfg(test)]
pub(super) mod planted {
    use super::*;
    use relay::spec::{FlowSpec, Source};

    /// An interface that is up and in use.
    pub(in crate::doctor) fn link(index: u32, name: &str) -> Link {
        let name = name.to_owned();
        Link { index, name, mtu: 1_500, is_up: true, has_carrier: true, is_multicast: true, ..Link::default() }
    }

    /// A way by the interface of this index.
    pub(in crate::doctor) const fn by(interface: u32) -> Option<Route> {
        Some(Route { interface, source: None, has_gateway: false })
    }

    /// A network of `in0` (2) and `out0` (3), with a flow whose interfaces are named.
    pub(in crate::doctor) fn network(source: &str, output: &str) -> Network {
        let source: Source = source.parse().unwrap();
        let needs = Needs::of(&[FlowSpec::new("ch7", source, vec![output.parse().unwrap()])], 1);
        let way = |end: &End| Way {
            end: end.clone(),
            named: Some(Ok(if end.direction == Direction::In { 2 } else { 3 })),
            there: by(if end.direction == Direction::In { 2 } else { 3 }),
            back: None,
        };
        let links = vec![Link { is_loopback: true, ..link(1, "lo") }, link(2, "in0"), link(3, "out0")];
        Network { links, ways: needs.ends.iter().map(way).collect(), default_route: None }
    }
}
