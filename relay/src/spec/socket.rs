//! `udp://` and `rtp://`: transport, address, port.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::UrlProblem;
use super::url::{bare_address, split_scheme, wrong_scheme};

/// How transport packets are carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// In the payload of UDP datagrams.
    Udp,
    /// In RTP over UDP (RFC 3550, RFC 2250).
    Rtp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Udp => "udp",
            Self::Rtp => "rtp",
        })
    }
}

/// Transport and what follows it; without a scheme it is UDP. `known` are the schemes that can stand here.
pub(super) fn split_transport<'a>(text: &'a str, known: &'static str) -> Result<(Transport, &'a str), UrlProblem> {
    let (scheme, rest) = split_scheme(text);
    let transport = match scheme.as_deref() {
        None | Some("udp") => Transport::Udp,
        Some("rtp") => Transport::Rtp,
        Some(other) => return Err(wrong_scheme(other, known)),
    };
    if scheme.is_some() && !text.contains("://") {
        return Err(UrlProblem::MissingSlashes(format!("{transport}://{rest}")));
    }
    Ok((transport, rest))
}

/// Reads `SOURCE@` if there is one, and `ADDRESS:PORT`.
pub(super) fn read_place(place: &str) -> Result<(Option<IpAddr>, SocketAddr), UrlProblem> {
    let (source, place) = place.rsplit_once('@').map_or((None, place), |(source, place)| (Some(source), place));
    let source = source.map(|text| bare_address(text).ok_or_else(|| no_address(text))).transpose()?;
    let place = place.strip_suffix('/').unwrap_or(place);
    Ok((source, read_address_and_port(place)?))
}

fn read_address_and_port(place: &str) -> Result<SocketAddr, UrlProblem> {
    if place.is_empty() {
        return Err(UrlProblem::Empty("239.1.1.7:5000"));
    }
    if let Some(rest) = place.strip_prefix('[') {
        return read_bracketed(place, rest);
    }
    if place.matches(':').count() > 1 {
        return Err(UrlProblem::MissingBrackets(place.to_owned()));
    }
    let (address, port) = place.split_once(':').unwrap_or((place, ""));
    let address: Ipv4Addr = address.parse().map_err(|_| no_address(address))?;
    Ok(SocketAddr::new(address.into(), read_port(&address, port)?))
}

/// Reads `ADDRESS]:PORT`, which follows the bracket in `place`.
fn read_bracketed(place: &str, rest: &str) -> Result<SocketAddr, UrlProblem> {
    let (address, port) = rest.split_once(']').ok_or_else(|| no_address(place))?;
    let address: IpAddr = address.parse().ok().filter(IpAddr::is_ipv6).ok_or_else(|| no_address(address))?;
    let port = port.strip_prefix(':').unwrap_or(port);
    Ok(SocketAddr::new(address, read_port(&format_args!("[{address}]"), port)?))
}

fn read_port(address: &dyn fmt::Display, port: &str) -> Result<u16, UrlProblem> {
    if port.is_empty() {
        return Err(UrlProblem::MissingPort(format!("{address}:5000")));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|&port| digits && port != 0);
    number.ok_or_else(|| UrlProblem::Port(port.to_owned()))
}

fn no_address(text: &str) -> UrlProblem {
    match text.split_once('%') {
        Some((_, zone)) => UrlProblem::Zone(zone.to_owned()),
        None => UrlProblem::Address(text.to_owned()),
    }
}

/// Refuses two addresses of different families.
pub(super) fn same_family(one: IpAddr, other: IpAddr) -> Result<(), UrlProblem> {
    if one.is_ipv4() == other.is_ipv4() {
        return Ok(());
    }
    Err(UrlProblem::Families(one.to_string(), other.to_string()))
}

/// Refuses what no host has as its own address.
pub(super) fn is_host_address(address: IpAddr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// Whether the address means something on one link only (RFC 4291, 2.5.6).
pub(super) const fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}
