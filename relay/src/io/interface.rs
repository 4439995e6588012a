//! Network interfaces, by name or by one of their addresses.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use rustix::net::netdevice::name_to_index;
use thiserror::Error;

use crate::spec::Interface;

/// Why an interface cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InterfaceError {
    /// None of that name, or none with that address.
    #[error("there is no interface {wanted}; there are: {present}")]
    Missing {
        /// Name or address asked for.
        wanted: String,
        /// Those that exist, with their addresses.
        present: String,
    },
    /// Whether it is there cannot be told.
    #[error("cannot tell whether there is an interface {wanted}: {reason}")]
    Untold {
        /// Name or address asked for.
        wanted: String,
        /// The kernel's reason.
        reason: Errno,
    },
}

/// Index of the interface (as in `ip link`), now: an interface made anew has a new one.
///
/// # Errors
/// [`InterfaceError`]: it is missing, or the kernel does not say, as it does without a file descriptor left.
pub fn index_of(interface: &Interface) -> Result<u32, InterfaceError> {
    let found = match interface {
        Interface::Name(name) => index_named(name),
        Interface::Address(address) => index_with(*address),
    };
    let untold = |reason| InterfaceError::Untold { wanted: interface.to_string(), reason };
    match found.map_err(untold)? {
        Some(index) => Ok(index),
        None => Err(InterfaceError::Missing { wanted: interface.to_string(), present: present().map_err(untold)? }),
    }
}

/// By a socket of our own: the C library's `if_nametoindex` does not say what it failed by.
fn index_named(name: &str) -> Result<Option<u32>, Errno> {
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    match name_to_index(socket, name) {
        Ok(index) => Ok(Some(index)),
        // The last two: it cannot be a name.
        Err(rustix::io::Errno::NODEV | rustix::io::Errno::INVAL | rustix::io::Errno::NAMETOOLONG) => Ok(None),
        Err(reason) => Err(Errno::from_raw(reason.raw_os_error())),
    }
}

fn index_with(address: IpAddr) -> Result<Option<u32>, Errno> {
    find_with(address)?.map_or(Ok(None), |name| index_named(&name))
}

/// Name of the interface, now; that of one given by its name need not exist.
pub fn name_of(interface: &Interface) -> Option<String> {
    match interface {
        Interface::Name(name) => Some(name.clone()),
        Interface::Address(address) => name_with(*address),
    }
}

/// Names of the interfaces that are up and have their carrier, now.
pub fn running() -> BTreeSet<String> {
    let running = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
    let found = getifaddrs().into_iter().flatten().filter(|entry| entry.flags.contains(running));
    found.map(|entry| entry.interface_name).collect()
}

/// Name of the interface through which the routes lead to `address`, now.
pub fn name_towards(address: SocketAddr) -> Option<String> {
    let unspecified = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(unspecified).ok()?;
    socket.connect(address).ok()?;
    name_with(socket.local_addr().ok()?.ip())
}

/// Name of the interface that has this address, now.
pub(crate) fn name_with(address: IpAddr) -> Option<String> {
    find_with(address).ok()?
}

fn find_with(address: IpAddr) -> Result<Option<String>, Errno> {
    Ok(addresses()?.find(|(_, found)| *found == Some(address)).map(|(name, _)| name))
}

/// Hardware address of an interface, now; `None` if it has no Ethernet.
pub(crate) fn hardware_address(name: &str) -> Option<[u8; 6]> {
    getifaddrs()
        .into_iter()
        .flatten()
        .filter(|entry| entry.interface_name == name)
        .find_map(|entry| entry.address.as_ref()?.as_link_addr()?.addr())
}

fn present() -> Result<String, Errno> {
    let mut listed: Vec<String> = addresses()?
        .map(|(name, address)| address.map_or(name.clone(), |address| format!("{name} ({address})")))
        .collect();
    listed.sort();
    listed.dedup();
    Ok(if listed.is_empty() { "none".to_owned() } else { listed.join(", ") })
}

fn addresses() -> Result<impl Iterator<Item = (String, Option<IpAddr>)>, Errno> {
    Ok(getifaddrs()?.filter_map(|entry| {
        let Some(address) = entry.address else { return Some((entry.interface_name, None)) };
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        let v6 = address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip()));
        v4.or(v6).map(|address| (entry.interface_name, Some(address)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_found_by_name_and_by_address() {
        let by_name = index_of(&Interface::Name("lo".to_owned())).unwrap();
        let by_address = index_of(&Interface::Address("127.0.0.1".parse().unwrap())).unwrap();
        assert_eq!(by_name, by_address);
        assert!(running().contains("lo"));
    }

    #[test]
    fn a_name_that_cannot_be_one_is_missing() {
        let far_too_long = Interface::Name("x".repeat(300));
        assert!(matches!(index_of(&far_too_long), Err(InterfaceError::Missing { .. })));
    }

    #[test]
    fn a_missing_one_names_those_that_exist() {
        let error = index_of(&Interface::Name("nosuch0".to_owned())).unwrap_err().to_string();
        assert!(error.contains("nosuch0") && error.contains("lo (127.0.0.1)"), "{error}");
    }
}
