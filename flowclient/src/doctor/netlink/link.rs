//! The interfaces (rtnetlink(7), RTM_GETLINK).

use std::io;

use relay::io::netlink::{DUMP, REQUEST, Request, find, text, word};

use super::Kernel;

const GET_LINK: u16 = 18;
/// `struct ifinfomsg`: family, padding, type (2), index (4), flags (4), change (4).
const HEADER_BYTES: usize = 16;
const NAME: u16 = 3;
const MTU: u16 = 4;
const PARENT: u16 = 5;
const CARRIER: u16 = 33;
const PARENT_NAMESPACE: u16 = 37;
/// Interface flags (netdevice(7)).
const UP: u32 = 1;
const LOOPBACK: u32 = 8;
const MULTICAST: u32 = 0x1000;

/// An interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::doctor) struct Link {
    /// Index, as in `ip link`.
    pub(in crate::doctor) index: u32,
    /// Name.
    pub(in crate::doctor) name: String,
    /// Bytes of the largest IP packet.
    pub(in crate::doctor) mtu: u32,
    /// Index of the interface below, as that of a VLAN, or at the other end.
    pub(in crate::doctor) parent: Option<u32>,
    /// Whether it is switched on.
    pub(in crate::doctor) is_up: bool,
    /// Whether somebody is at the other end.
    pub(in crate::doctor) has_carrier: bool,
    /// Whether it leads back to this host.
    pub(in crate::doctor) is_loopback: bool,
    /// Whether it takes multicast.
    pub(in crate::doctor) is_multicast: bool,
}

/// All interfaces of the network namespace.
pub(in crate::doctor) fn links(kernel: &Kernel) -> io::Result<Vec<Link>> {
    let answers = kernel.ask(Request::new(GET_LINK, REQUEST | DUMP, &[0; HEADER_BYTES]))?;
    Ok(answers.iter().filter_map(|body| read(body)).collect())
}

fn read(body: &[u8]) -> Option<Link> {
    let (header, attributes) = body.split_at_checked(HEADER_BYTES)?;
    let (index, flags) = (word(&header[4..])?, word(&header[8..])?);
    Some(Link {
        index,
        name: text(find(attributes, NAME)?),
        mtu: find(attributes, MTU).and_then(word)?,
        // One in another namespace, as the far end of a cable, has its index there.
        parent: find(attributes, PARENT).and_then(word).filter(|_| find(attributes, PARENT_NAMESPACE).is_none()),
        is_up: flags & UP != 0,
        has_carrier: find(attributes, CARRIER).and_then(|value| value.first()).is_some_and(|carrier| *carrier != 0),
        is_loopback: flags & LOOPBACK != 0,
        is_multicast: flags & MULTICAST != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_loopback_is_one_of_them() {
        let links = links(&Kernel::routes().unwrap()).unwrap();
        let loopback = links.iter().find(|link| link.is_loopback).unwrap();
        assert_eq!((loopback.name.as_str(), loopback.index), ("lo", 1));
        assert!(loopback.mtu > 1_500);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            read(&bytes);
        }
    }
}
