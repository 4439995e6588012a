//! /proc/net/dev (proc_pid_net(5)): counters of the interfaces.

use std::collections::BTreeMap;

/// What an interface has received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InterfaceCounters {
    /// Bytes, headers of the link and of IP included.
    pub(crate) bytes: u64,
    /// Packets; one that is segmented later counts once.
    pub(crate) packets: u64,
    /// Packets dropped for want of room or of somebody who takes them, by the interface or the queue behind it.
    pub(crate) dropped: u64,
}

/// Numbers of a line: bytes, packets, errs, drop, fifo, frame, compressed, multicast, and then those of what was sent.
const RECEIVED: usize = 8;

/// Interfaces by name; lines that are none are left out.
pub(super) fn parse(text: &str) -> BTreeMap<String, InterfaceCounters> {
    text.lines().filter_map(interface).collect()
}

/// `drop` has the packets that the interface missed in it already; `fifo` has not.
fn interface(line: &str) -> Option<(String, InterfaceCounters)> {
    let (name, numbers) = line.split_once(':')?;
    let numbers: Vec<u64> = numbers.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect();
    let [bytes, packets, _, dropped, fifo, ..] = numbers.get(..RECEIVED)? else { return None };
    let counters = InterfaceCounters { bytes: *bytes, packets: *packets, dropped: dropped.saturating_add(*fifo) };
    Some((name.trim().to_owned(), counters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes\n\
                        \x20   lo: 562143    1888    0    0    0     0          0         0   562143    1888    0    0    0     0       0          0\n\
                        in0.7:9 8 7 6 5 4 3 2 1 0 0 0 0 0 0 0\n";

    #[test]
    fn interfaces_are_read_by_name() {
        let found = parse(TEXT);
        assert_eq!(found["lo"], InterfaceCounters { bytes: 562_143, packets: 1_888, dropped: 0 });
        assert_eq!(found["in0.7"], InterfaceCounters { bytes: 9, packets: 8, dropped: 11 });
        assert_eq!(found.len(), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-z0-9: \n|]{0,300}") {
            parse(&text);
        }
    }
}
