//! Who on this host listens to a group: what AF_XDP takes, no other socket gets.

use std::net::Ipv4Addr;

/// Where the kernel lists memberships, for the network namespace of the thread that reads it.
pub(crate) const LIST: &str = "/proc/thread-self/net/igmp";

/// Sockets that have joined `group` on `interface`, by the kernel's `list`.
pub(crate) fn listeners(list: &str, interface: &str, group: Ipv4Addr) -> usize {
    // As the kernel prints it: the address's bytes as a number of this machine.
    let wanted = format!("{:08X}", u32::from_ne_bytes(group.octets()));
    let mut inside = false;
    for line in list.lines() {
        let mut words = line.split_ascii_whitespace();
        if !line.starts_with(char::is_whitespace) {
            inside = words.nth(1) == Some(interface);
        } else if inside && words.next() == Some(&wanted) {
            return words.next().and_then(|users| users.parse().ok()).unwrap_or(0);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\
        1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n\
        3\tin        :     2      V3\n\t\t\t\t010009EF     2 0:00000000\t\t0\n\t\t\t\t010000E0     1 0:00000000\t\t0\n\
        4\tout       :     1      V3\n\t\t\t\t010009EF     7 0:00000000\t\t0\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn the_sockets_of_a_group_are_counted_on_its_interface() {
        let group = Ipv4Addr::new(239, 9, 0, 1);
        assert_eq!(listeners(TEXT, "in", group), 2);
        assert_eq!(listeners(TEXT, "out", group), 7);
        assert_eq!(listeners(TEXT, "lo", group), 0);
        assert_eq!(listeners(TEXT, "in", Ipv4Addr::new(239, 9, 0, 2)), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,200}", interface in ".{0,8}") {
            listeners(&text, &interface, Ipv4Addr::new(239, 1, 1, 1));
        }
    }
}
