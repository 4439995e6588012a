//! A filter in the kernel (classic BPF) for a UDP socket.

use std::net::{IpAddr, SocketAddr};

use libc::{BPF_ABS, BPF_H, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
use socket2::SockFilter;

/// Offset of the network header, for a filter that starts at the UDP header (`linux/filter.h`).
const NETWORK_HEADER: u32 = (-0x10_0000_i32).cast_unsigned();
/// Offset of the source address in an IPv4 header (RFC 791, 3.1) and in an IPv6 header (RFC 8200, 3).
const SOURCE_V4: u32 = 12;
const SOURCE_V6: u32 = 8;
/// Offset of the source port in a UDP header (RFC 768).
const SOURCE_PORT: u32 = 0;
const PASS_ALL_BYTES: u32 = u32::MAX;
const PASS_NOTHING: u32 = 0;

/// Passes all datagrams but those from `source`: they are dropped before they take room in the socket's buffer.
pub(super) fn all_but(source: SocketAddr) -> Vec<SockFilter> {
    let words: Vec<u32> = match source.ip() {
        IpAddr::V4(address) => vec![u32::from_be_bytes(address.octets())],
        IpAddr::V6(address) => address
            .octets()
            .chunks_exact(4)
            .map(|word| word.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
            .collect(),
    };
    let start = NETWORK_HEADER.wrapping_add(if source.is_ipv4() { SOURCE_V4 } else { SOURCE_V6 });
    let fields = words.iter().enumerate().map(|(index, &word)| (BPF_W, start.wrapping_add(4 * index as u32), word));
    let fields: Vec<_> = [(BPF_H, SOURCE_PORT, u32::from(source.port()))].into_iter().chain(fields).collect();
    let mut filter = Vec::new();
    for (index, &(size, offset, wanted)) in fields.iter().enumerate() {
        // Any field that differs leads to the last instruction.
        let rest = 2 * (fields.len() - index - 1) as u8 + 1;
        filter.push(SockFilter::new((BPF_LD | size | BPF_ABS) as u16, 0, 0, offset));
        filter.push(SockFilter::new((BPF_JMP | BPF_JEQ | BPF_K) as u16, 0, rest, wanted));
    }
    filter.push(SockFilter::new((BPF_RET | BPF_K) as u16, 0, 0, PASS_NOTHING));
    filter.push(SockFilter::new((BPF_RET | BPF_K) as u16, 0, 0, PASS_ALL_BYTES));
    filter
}
