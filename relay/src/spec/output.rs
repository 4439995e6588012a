//! An output.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use super::input::take_interface;
use super::socket::{is_host_address, is_link_local, read_place, same_family, split_transport};
use super::url::{Options, QueryWriter, bare_address, truth};
use super::{Interface, Transport, UrlError, UrlProblem};

/// Where a flow goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    /// How datagrams carry transport packets.
    pub transport: Transport,
    /// Group or host, and port.
    pub address: SocketAddr,
    /// Where to send; as the routes say if none.
    pub interface: Option<Interface>,
    /// Time to live, or hop limit, in routers: `1..=255`.
    pub ttl: u8,
    /// Differentiated services code point (RFC 2474), `0..=63`.
    pub dscp: u8,
    /// The address of this host to send from; as the routes say if none.
    pub source: Option<IpAddr>,
    /// Whether receivers on this host hear a group that it sends.
    pub multicast_loop: bool,
}

const KNOWN_SCHEMES: &str = "udp://, rtp://";
const OPTIONS: [&str; 5] = ["iface", "ttl", "dscp", "src", "loop"];
/// Far enough for the routers of one site, and by custom too little to leave it.
const MULTICAST_TTL: u8 = 16;
/// The usual one of hosts (RFC 1700).
const UNICAST_TTL: u8 = 64;
const HIGHEST_DSCP: u8 = 63;

impl Output {
    /// An output to `address` with everything else as it is by default.
    pub fn new(transport: Transport, address: SocketAddr) -> Self {
        let ttl = default_ttl(address);
        Self { transport, address, interface: None, ttl, dscp: 0, source: None, multicast_loop: true }
    }

    /// Whether it goes to a multicast group.
    pub fn is_to_group(&self) -> bool {
        self.address.ip().is_multicast()
    }

    fn refuse_impossible(&self) -> Result<(), UrlProblem> {
        let address = self.address.ip();
        if address.is_unspecified() {
            return Err(UrlProblem::NotUsable(address.to_string(), "no address to send to"));
        }
        if address == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return Err(UrlProblem::NotUsable(address.to_string(), "the broadcast address"));
        }
        if is_link_local(address) && self.interface.is_none() {
            return Err(UrlProblem::MissingInterface(address.to_string()));
        }
        self.source.map_or(Ok(()), |source| same_family(source, address))
    }
}

fn default_ttl(address: SocketAddr) -> u8 {
    if address.ip().is_multicast() { MULTICAST_TTL } else { UNICAST_TTL }
}

impl FromStr for Output {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        read(text).map_err(|problem| UrlError { text: text.to_owned(), problem })
    }
}

fn read(text: &str) -> Result<Output, UrlProblem> {
    let (transport, body) = split_transport(text, KNOWN_SCHEMES)?;
    let (place, mut options) = Options::split(body, &OPTIONS)?;
    let (source, address) = read_place(place)?;
    if let Some(source) = source {
        return Err(UrlProblem::SourceOfOutput(source.to_string()));
    }
    let mut output = Output::new(transport, address);
    output.interface = take_interface(&mut options)?;
    output.read_options(&mut options)?;
    output.refuse_impossible().map(|()| output)
}

impl Output {
    fn read_options(&mut self, options: &mut Options<5>) -> Result<(), UrlProblem> {
        let hops = |text: &str| text.parse().ok().filter(|&ttl| ttl > 0);
        let code_point = |text: &str| text.parse().ok().filter(|&dscp| dscp <= HIGHEST_DSCP);
        let local = |text: &str| bare_address(text).filter(|&address| is_host_address(address));
        self.ttl = options.take("ttl", "a number from 1 to 255", hops)?.unwrap_or(self.ttl);
        self.dscp = options.take("dscp", "a number from 0 to 63", code_point)?.unwrap_or(self.dscp);
        self.source = options.take("src", "an address of this host", local)?;
        self.multicast_loop = options.take("loop", "true or false", truth)?.unwrap_or(self.multicast_loop);
        Ok(())
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::new(self.transport, self.address);
        write!(f, "{}://{}", self.transport, self.address)?;
        let mut query = QueryWriter::new(f);
        query.option("iface", self.interface.as_ref())?;
        query.option("ttl", (self.ttl != usual.ttl).then_some(self.ttl))?;
        query.option("dscp", (self.dscp != usual.dscp).then_some(self.dscp))?;
        query.option("src", self.source)?;
        query.option("loop", (self.multicast_loop != usual.multicast_loop).then_some(self.multicast_loop))
    }
}
