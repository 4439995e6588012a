//! Messages and attributes of netlink(7): lengths, types, and padding to four bytes, in the machine's byte order.

/// Flags of requests (`linux/netlink.h`).
pub const REQUEST: u16 = 1;
/// Asks for an answer also where there is nothing to tell.
pub const ACKNOWLEDGE: u16 = 4;
/// Asks for all that there is of a kind.
pub const DUMP: u16 = 0x300;
/// Types of messages that end an answer.
pub const ERROR: u16 = 2;
/// The same, where all has been told.
pub const DONE: u16 = 3;

const HEADER_BYTES: usize = 16;
const ATTRIBUTE_HEADER_BYTES: usize = 4;
/// Flags of a type: nested, or in network byte order.
const TYPE_MASK: u16 = 0x3fff;
const NESTED: u16 = 0x8000;

/// A message to the kernel.
#[derive(Clone, Debug)]
pub struct Request(Vec<u8>);

impl Request {
    /// A message of this type and these flags; `body` is the fixed part of its kind.
    pub fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(body);
        Self(bytes)
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.0.extend_from_slice(&attribute(kind, value));
        self
    }

    /// Adds an attribute that holds another one.
    #[must_use]
    pub fn with_nested(self, kind: u16, inner: u16, value: &[u8]) -> Self {
        self.with(kind | NESTED, &attribute(inner, value))
    }

    /// The message as it is sent.
    pub fn bytes(mut self) -> Vec<u8> {
        let len = self.0.len() as u32;
        self.0[..4].copy_from_slice(&len.to_ne_bytes());
        self.0
    }
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = (ATTRIBUTE_HEADER_BYTES + value.len()) as u16;
    let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(padded(bytes.len()), 0);
    bytes
}

const fn padded(len: usize) -> usize {
    len.next_multiple_of(4)
}

/// The messages in what the kernel sent: their types and bodies. What is cut short is left out.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    pieces(
        bytes,
        |head| Some((u32::from_ne_bytes(*head.first_chunk()?) as usize, short(head.get(4..)?)?)),
        HEADER_BYTES,
    )
}

/// The attributes in a body: their types without flags, and values.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let head = |head: &[u8]| Some((usize::from(short(head)?), short(head.get(2..)?)? & TYPE_MASK));
    pieces(bytes, head, ATTRIBUTE_HEADER_BYTES)
}

/// The value of the first attribute of this type.
pub fn find(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

/// A value of 16 bits.
pub fn short(value: &[u8]) -> Option<u16> {
    value.first_chunk().copied().map(u16::from_ne_bytes)
}

/// A value of 32 bits.
pub fn word(value: &[u8]) -> Option<u32> {
    value.first_chunk().copied().map(u32::from_ne_bytes)
}

/// A value of 64 bits.
pub fn long(value: &[u8]) -> Option<u64> {
    value.first_chunk().copied().map(u64::from_ne_bytes)
}

/// A text that ends with a zero byte.
pub fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// Cuts `bytes` at the lengths that `read_head` finds at the start of each piece.
fn pieces(
    bytes: &[u8],
    read_head: impl Fn(&[u8]) -> Option<(usize, u16)>,
    head_bytes: usize,
) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (len, kind) = read_head(rest)?;
        let body = rest.get(head_bytes..len)?;
        rest = rest.get(padded(len)..).unwrap_or_default();
        Some((kind, body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let request = Request::new(26, 1, &[7; 12]).with(1, &[1, 2, 3]).with_nested(5, 2, b"lo\0").bytes();
        let read: Vec<_> = messages(&request).collect();
        let (kind, body) = read[0];
        assert_eq!((read.len(), kind, &body[..12]), (1, 26, &[7; 12][..]));
        assert_eq!(find(&body[12..], 1), Some(&[1, 2, 3][..]));
        assert_eq!(find(find(&body[12..], 5).unwrap(), 2).map(text).as_deref(), Some("lo"));
        assert_eq!(find(&body[12..], 9), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            messages(&bytes).for_each(|(_, body)| attributes(body).for_each(drop));
            attributes(&bytes).for_each(drop);
        }
    }
}
