//! Where packets to an address go (rtnetlink(7), RTM_GETROUTE).

use std::io;
use std::net::IpAddr;

use relay::io::netlink::{ACKNOWLEDGE, REQUEST, Request, find, word};

use super::Kernel;

const GET_ROUTE: u16 = 26;
/// `struct rtmsg`: family, lengths of destination and source in bits, six bytes more, flags (4).
const HEADER_BYTES: usize = 12;
const DESTINATION: u16 = 1;
const OUT_INTERFACE: u16 = 4;
const GATEWAY: u16 = 5;
const PREFERRED_SOURCE: u16 = 7;
const FAMILY_V4: u8 = 2;
const FAMILY_V6: u8 = 10;

/// The way to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Route {
    /// Index of the interface that it leaves by.
    pub(in crate::doctor) interface: u32,
    /// The address of this host that it is sent from, unless told otherwise.
    pub(in crate::doctor) source: Option<IpAddr>,
    /// Whether it goes to a router, as with the default route.
    pub(in crate::doctor) has_gateway: bool,
}

/// The way to `destination`, by the interface of this index or by any (0); `None` if there is none.
pub(in crate::doctor) fn route(kernel: &Kernel, destination: IpAddr, interface: u32) -> io::Result<Option<Route>> {
    let (family, bytes) = match destination {
        IpAddr::V4(address) => (FAMILY_V4, address.octets().to_vec()),
        IpAddr::V6(address) => (FAMILY_V6, address.octets().to_vec()),
    };
    let mut header = [0; HEADER_BYTES];
    header[..2].copy_from_slice(&[family, 8 * bytes.len() as u8]);
    let mut request = Request::new(GET_ROUTE, REQUEST | ACKNOWLEDGE, &header).with(DESTINATION, &bytes);
    if interface != 0 {
        request = request.with(OUT_INTERFACE, &interface.to_ne_bytes());
    }
    match kernel.ask(request) {
        Ok(answers) => Ok(answers.first().and_then(|body| read(body))),
        // The kernel's ways to say that there is no route: unreachable, prohibited, blackhole.
        Err(error) if is_no_route(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_no_route(error: &io::Error) -> bool {
    use io::ErrorKind::{HostUnreachable, InvalidInput, NetworkDown, NetworkUnreachable, PermissionDenied};
    matches!(error.kind(), NetworkUnreachable | HostUnreachable | NetworkDown | PermissionDenied | InvalidInput)
}

fn read(body: &[u8]) -> Option<Route> {
    let (_, attributes) = body.split_at_checked(HEADER_BYTES)?;
    Some(Route {
        interface: find(attributes, OUT_INTERFACE).and_then(word)?,
        source: find(attributes, PREFERRED_SOURCE).and_then(address),
        has_gateway: find(attributes, GATEWAY).is_some(),
    })
}

fn address(value: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_loopback_address_is_reached_by_the_loopback() {
        let route = route(&Kernel::routes().unwrap(), "127.0.0.1".parse().unwrap(), 0).unwrap().unwrap();
        assert_eq!((route.interface, route.has_gateway), (1, false));
        assert_eq!(route.source, Some("127.0.0.1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            read(&bytes);
        }
    }
}
