//! /proc/net/snmp and snmp6: what the protocol stack counts.

/// UDP datagrams with a wrong checksum, IPv4 and IPv6 together. The kernel counts them as dropped at their socket too.
pub(super) fn checksum_errors(snmp: &str, snmp6: &str) -> u64 {
    counter(snmp, "Udp:", "InCsumErrors").unwrap_or_default() + v6(snmp6, "Udp6InCsumErrors").unwrap_or_default()
}

/// A line of names is followed by one of numbers, both beginning with the protocol.
pub(super) fn counter(text: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter(|line| line.split(' ').next() == Some(protocol));
    let column = lines.next()?.split(' ').position(|word| word == name)?;
    lines.next()?.split(' ').nth(column)?.parse().ok()
}

fn v6(text: &str, name: &str) -> Option<u64> {
    let mut words = text.lines().map(str::split_ascii_whitespace);
    words.find_map(|mut line| (line.next() == Some(name)).then(|| line.next()?.parse().ok())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_protocols_are_added_up() {
        let snmp = "Udp: InDatagrams InCsumErrors MemErrors\nUdp: 275 3 9\nUdpLite: InCsumErrors\nUdpLite: 7\n";
        assert_eq!(checksum_errors(snmp, "Udp6InDatagrams   5\nUdp6InCsumErrors   4\n"), 7);
        assert_eq!(checksum_errors("", ""), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(Udp: |InCsumErrors|[0-9 \n]){0,50}") {
            checksum_errors(&text, &text);
        }
    }
}
