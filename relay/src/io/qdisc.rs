//! The queueing disciplines of an interface, asked from the kernel (rtnetlink(7), RTM_GETQDISC).

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::netlink::{DONE, DUMP, ERROR, REQUEST, Request, find, messages, word};

/// Message types (`linux/rtnetlink.h`).
const NEW_QDISC: u16 = 36;
const GET_QDISC: u16 = 38;
/// Attribute of a discipline that is its name.
const KIND: u16 = 1;
/// Bytes that a message on traffic control begins with (`struct tcmsg`).
const TC_LEN: usize = 20;
/// Parent of a discipline for what comes in.
const INGRESS: u32 = 0xFFFF_FFF1;
/// A part of the answer is no longer than this.
const ANSWER_LEN: usize = 65_536;
/// The kernel answers at once; a lost answer must not stop the thread.
const PATIENCE: Duration = Duration::from_millis(100);

/// A discipline as the kernel tells of it.
#[derive(Debug, PartialEq, Eq)]
struct Discipline<'a> {
    interface: u32,
    parent: u32,
    kind: &'a str,
}

/// Names of the disciplines that datagrams pass on their way out of the interface of this index: `fq`, `mq`, `noqueue`.
///
/// # Errors
/// What the kernel says, or that it says nothing.
pub fn disciplines(interface_index: u32) -> io::Result<BTreeSet<String>> {
    let mut socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(Protocol::from(libc::NETLINK_ROUTE)))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(&request())?;
    let mut found = BTreeSet::new();
    let mut answer = vec![0; ANSWER_LEN];
    loop {
        let len = socket.read(&mut answer)?;
        let is_over = read(&answer[..len], |discipline| {
            if discipline.interface == interface_index && discipline.parent != INGRESS {
                found.insert(discipline.kind.to_owned());
            }
        });
        if is_over {
            return Ok(found);
        }
    }
}

/// The disciplines of all interfaces, please.
fn request() -> Vec<u8> {
    Request::new(GET_QDISC, REQUEST | DUMP, &[0; TC_LEN]).bytes()
}

/// Reads a part of the answer. Returns whether it was the last, as is one that cannot be read.
fn read<'a>(part: &'a [u8], mut found: impl FnMut(Discipline<'a>)) -> bool {
    // Where nothing can be read, more will not help.
    let mut is_over = true;
    for (kind, message) in messages(part) {
        match kind {
            DONE | ERROR => return true,
            NEW_QDISC => discipline(message).into_iter().for_each(&mut found),
            _ => {}
        }
        is_over = false;
    }
    is_over
}

fn discipline(message: &[u8]) -> Option<Discipline<'_>> {
    let (interface, parent) = (word(message.get(4..)?)?, word(message.get(12..)?)?);
    let name = find(message.get(TC_LEN..)?, KIND)?;
    let kind = std::str::from_utf8(name).ok()?.trim_end_matches('\0');
    Some(Discipline { interface, parent, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::interface;
    use proptest::prelude::*;

    const HEADER_LEN: usize = 16;

    /// A message on the discipline `kind` of interface 7.
    fn message(parent: u32, kind: &str) -> Vec<u8> {
        let attribute_len = 4 + kind.len() + 1;
        let len = HEADER_LEN + TC_LEN + attribute_len.next_multiple_of(4);
        let mut bytes = vec![0; len];
        bytes[..4].copy_from_slice(&(len as u32).to_ne_bytes());
        bytes[4..6].copy_from_slice(&NEW_QDISC.to_ne_bytes());
        bytes[20..24].copy_from_slice(&7_u32.to_ne_bytes());
        bytes[28..32].copy_from_slice(&parent.to_ne_bytes());
        bytes[36..38].copy_from_slice(&(attribute_len as u16).to_ne_bytes());
        bytes[38..40].copy_from_slice(&KIND.to_ne_bytes());
        bytes[40..40 + kind.len()].copy_from_slice(kind.as_bytes());
        bytes
    }

    #[test]
    fn each_discipline_is_read_with_its_interface() {
        let part = [message(u32::MAX, "mq"), message(1, "fq"), message(INGRESS, "clsact")].concat();
        let mut found = Vec::new();
        assert!(!read(&part, |discipline| found.push((discipline.interface, discipline.parent, discipline.kind))));
        assert_eq!(found, [(7, u32::MAX, "mq"), (7, 1, "fq"), (7, INGRESS, "clsact")]);
    }

    #[test]
    fn the_loopback_has_one() {
        let lo = interface::index_of(&crate::spec::Interface::Name("lo".to_owned())).unwrap();
        assert_eq!(disciplines(lo).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes, |_| {});
        }

        #[test]
        fn a_message_cut_short_is_no_harm(cut in 0..60_usize) {
            let bytes = message(1, "fq");
            read(&bytes[..cut.min(bytes.len())], |_| {});
        }
    }
}
