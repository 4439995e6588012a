//! What a driver can do and does: the generic families `ethtool` (ethtool-netlink in the kernel's documentation) and
//! `netdev`.

use std::collections::BTreeMap;
use std::io;

use relay::io::netlink::{ACKNOWLEDGE, REQUEST, Request, attributes, find, long, short, text, word};

use super::Kernel;

/// The family that knows families by name (`linux/genetlink.h`).
const CONTROL: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
/// `struct genlmsghdr`: command, version, two bytes reserved.
const HEADER_BYTES: usize = 4;
/// Commands and attributes of ethtool (`linux/ethtool_netlink.h`).
const GET_LINK_MODES: u8 = 4;
const GET_FEATURES: u8 = 11;
const GET_RINGS: u8 = 15;
const DEVICE: u16 = 1;
const DEVICE_INDEX: u16 = 1;
const FEATURES_ACTIVE: u16 = 4;
const BITS: u16 = 3;
const BIT_NAME: u16 = 2;
const SPEED_MEGABITS: u16 = 5;
const RING_RECEIVE_MOST: u16 = 2;
const RING_RECEIVE: u16 = 6;
/// The speed of a link that does not know its own.
const NO_SPEED: u32 = u32::MAX;
/// Commands and attributes of netdev (`linux/netdev.h`).
const GET_DEVICE: u8 = 1;
const NETDEV_INDEX: u16 = 1;
const XDP_FEATURES: u16 = 3;
const XDP_BASIC: u64 = 1;
const XDP_ZERO_COPY: u64 = 8;

/// The two families, as far as the kernel has them.
#[derive(Debug)]
pub(in crate::doctor) struct Ethtool {
    kernel: Kernel,
    families: BTreeMap<&'static str, u16>,
}

/// Names of the features in force, as `ethtool -k` knows the kernel's: `rx-gro`, `tx-generic-segmentation`.
pub(in crate::doctor) type Features = Vec<String>;

impl Ethtool {
    /// Asks which families there are.
    pub(in crate::doctor) fn open() -> io::Result<Self> {
        let kernel = Kernel::generic()?;
        let known = ["ethtool", "netdev"].into_iter();
        let families = known.filter_map(|name| Some((name, family(&kernel, name)?))).collect();
        Ok(Self { kernel, families })
    }

    /// Features in force; `None` where the kernel does not tell.
    pub(in crate::doctor) fn features(&self, interface: u32) -> Option<Features> {
        Some(feature_names(find(&self.about(GET_FEATURES, interface)?, FEATURES_ACTIVE)?))
    }

    /// Bits a second of the link, where there is such a number.
    pub(in crate::doctor) fn speed(&self, interface: u32) -> Option<u64> {
        let speed = find(&self.about(GET_LINK_MODES, interface)?, SPEED_MEGABITS).and_then(word)?;
        (speed != NO_SPEED && speed != 0).then_some(u64::from(speed) * 1_000_000)
    }

    /// Packets that the driver's receive ring holds, and could hold.
    pub(in crate::doctor) fn receive_ring(&self, interface: u32) -> Option<(u32, u32)> {
        let rings = self.about(GET_RINGS, interface)?;
        Some((find(&rings, RING_RECEIVE).and_then(word)?, find(&rings, RING_RECEIVE_MOST).and_then(word)?))
    }

    /// Whether the driver runs XDP programs itself, and whether AF_XDP does without a copy there.
    pub(in crate::doctor) fn native_xdp(&self, interface: u32) -> Option<(bool, bool)> {
        let request = self.request("netdev", GET_DEVICE)?.with(NETDEV_INDEX, &interface.to_ne_bytes());
        let features = find(&self.answer(request)?, XDP_FEATURES).and_then(long)?;
        Some((features & XDP_BASIC != 0, features & XDP_ZERO_COPY != 0))
    }

    /// Attributes of ethtool's answer about an interface.
    fn about(&self, command: u8, interface: u32) -> Option<Vec<u8>> {
        self.answer(self.request("ethtool", command)?.with_nested(DEVICE, DEVICE_INDEX, &interface.to_ne_bytes()))
    }

    fn request(&self, family: &str, command: u8) -> Option<Request> {
        Some(Request::new(*self.families.get(family)?, REQUEST | ACKNOWLEDGE, &[command, 1, 0, 0]))
    }

    fn answer(&self, request: Request) -> Option<Vec<u8>> {
        self.kernel.ask(request).ok()?.first()?.get(HEADER_BYTES..).map(<[u8]>::to_vec)
    }
}

fn family(kernel: &Kernel, name: &str) -> Option<u16> {
    let name = [name.as_bytes(), &[0]].concat();
    let request = Request::new(CONTROL, REQUEST | ACKNOWLEDGE, &[GET_FAMILY, 1, 0, 0]).with(FAMILY_NAME, &name);
    find(kernel.ask(request).ok()?.first()?.get(HEADER_BYTES..)?, FAMILY_ID).and_then(short)
}

/// The names in a bit set that lists what is set.
fn feature_names(set: &[u8]) -> Features {
    let bits = find(set, BITS).into_iter().flat_map(attributes);
    bits.filter_map(|(_, bit)| find(bit, BIT_NAME).map(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bit_set_gives_the_names_that_are_set() {
        let nested = |kind: u16, inner: &[u8]| Request::new(0, 0, &[]).with(kind, inner).bytes()[16..].to_vec();
        let names = [nested(1, &nested(BIT_NAME, b"rx-gro\0")), nested(1, &nested(BIT_NAME, b"tx-udp-segmentation\0"))];
        assert_eq!(feature_names(&nested(BITS, &names.concat())), ["rx-gro", "tx-udp-segmentation"]);
        assert!(feature_names(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            feature_names(&bytes);
        }
    }
}
