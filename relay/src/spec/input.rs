//! A network input.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::socket::{is_host_address, is_link_local, read_place, same_family, split_transport};
use super::url::{Options, QueryWriter};
use super::{Interface, Transport, UrlError, UrlProblem};

/// Datagrams from the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// How they carry transport packets.
    pub transport: Transport,
    /// The one sender of a source-specific group (RFC 4607); any sender if none.
    pub source: Option<IpAddr>,
    /// The group to join, or the local address to receive at (`0.0.0.0` or `[::]`: any of this host's), and the port.
    pub address: SocketAddr,
    /// Where to receive; as the routes say if none.
    pub interface: Option<Interface>,
}

pub(super) const KNOWN_SCHEMES: &str = "udp://, rtp://, file:, test:";
const OPTIONS: [&str; 1] = ["iface"];

impl FromStr for Input {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        read(text).map_err(|problem| UrlError { text: text.to_owned(), problem })
    }
}

fn read(text: &str) -> Result<Input, UrlProblem> {
    let (transport, body) = split_transport(text, KNOWN_SCHEMES)?;
    let (place, mut options) = Options::split(body, &OPTIONS)?;
    let (source, address) = read_place(place)?;
    let interface = take_interface(&mut options)?;
    let input = Input { transport, source, address, interface };
    input.refuse_impossible().map(|()| input)
}

/// Reads the option `iface`.
pub(super) fn take_interface<const N: usize>(options: &mut Options<N>) -> Result<Option<Interface>, UrlProblem> {
    let read = |text: &str| text.parse().ok().filter(Interface::is_possible);
    options.take("iface", "the name of an interface, or an address that it has", read)
}

impl Input {
    fn refuse_impossible(&self) -> Result<(), UrlProblem> {
        let address = self.address.ip();
        if address == IpAddr::V4(std::net::Ipv4Addr::BROADCAST) {
            return Err(UrlProblem::NotUsable(address.to_string(), "the broadcast address"));
        }
        if is_link_local(address) && self.interface.is_none() {
            return Err(UrlProblem::MissingInterface(address.to_string()));
        }
        self.source.map_or(Ok(()), |source| refuse_source(source, address))
    }
}

fn refuse_source(source: IpAddr, address: IpAddr) -> Result<(), UrlProblem> {
    if !is_host_address(source) {
        return Err(UrlProblem::SourceNotUnicast(source.to_string()));
    }
    same_family(source, address)?;
    if !address.is_multicast() {
        return Err(UrlProblem::SourceOfUnicast(source.to_string(), address.to_string()));
    }
    Ok(())
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.transport)?;
        match self.source {
            Some(IpAddr::V6(source)) => write!(f, "[{source}]@")?,
            Some(IpAddr::V4(source)) => write!(f, "{source}@")?,
            None => {}
        }
        write!(f, "{}", self.address)?;
        QueryWriter::new(f).option(OPTIONS[0], self.interface.as_ref())
    }
}
