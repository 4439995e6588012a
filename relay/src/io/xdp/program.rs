//! The program that sorts packets before the kernel's network stack sees them.
//!
//! A UDP datagram whose destination is in the map of flows goes, with the time of its arrival written before it, to the
//! AF_XDP socket of its queue, and is counted. Everything else goes on to the kernel: other traffic, IP options, tags, and all
//! that comes on a queue without a socket.
//!
//! A fragment of a flow, or a frame too long for ours, goes on to the kernel as well, and with it all of that flow from then
//! on: what came by two ways would come out of order.

use super::assembler::{Assembler, Jump, R0, R1, R2, R3, R4, R5, R6, R7, R8, R10, Size};
use super::header::{ETHER_TYPE_IPV4, HEADERS_LEN, PLAIN_IPV4, PROTOCOL_UDP};

/// Numbers of helpers (`linux/bpf.h`).
const MAP_LOOKUP_ELEM: i32 = 1;
const KTIME_GET_NS: i32 = 5;
const REDIRECT_MAP: i32 = 51;
const ADJUST_META: i32 = 54;
/// Fields of `struct xdp_md`.
const DATA: i16 = 0;
const DATA_END: i16 = 4;
const DATA_META: i16 = 8;
const RX_QUEUE: i16 = 16;
const XDP_PASS: i32 = 2;
const XDP_REDIRECT: i32 = 4;

/// Places in an untagged Ethernet frame with an IPv4 header without options.
const ETHER_TYPE: i16 = 12;
const VERSION_AND_LENGTH: i16 = 14;
const FRAGMENT: i16 = 20;
const PROTOCOL: i16 = 23;
const DESTINATION: i16 = 30;
const DESTINATION_PORT: i16 = 36;

/// Bytes of the arrival stamp before a packet.
pub(super) const STAMP_LEN: usize = 8;

/// Bytes of a flow's entry: two numbers.
pub(super) const ENTRY_LEN: u32 = 16;
/// Where in it is how many datagrams were taken, and whether the flow is left to the kernel.
const TAKEN: i16 = 0;
const LEFT: i16 = 8;

/// The program's instructions, for maps of these numbers.
pub(super) fn sorter(flows: i32, sockets: i32, frame_len_max: i32) -> Vec<u64> {
    let mut asm = Assembler::default();
    asm.mov(R6, R1);
    check_headers(&mut asm);
    look_up(&mut asm, flows);
    check_size(&mut asm, frame_len_max);
    stamp(&mut asm);
    asm.label("redirect");
    asm.load_map(R1, sockets);
    asm.load(Size::U32, R2, R6, RX_QUEUE);
    asm.set(R3, XDP_PASS);
    asm.call(REDIRECT_MAP);
    asm.jump(Jump::NotEqual, R0, XDP_REDIRECT, "exit");
    asm.set(R1, 1);
    asm.add_atomically(R8, TAKEN, R1);
    asm.label("exit");
    asm.exit();
    asm.label("leave");
    asm.set(R1, 1);
    asm.store(Size::U64, R8, LEFT, R1);
    asm.label("pass");
    asm.set(R0, XDP_PASS);
    asm.exit();
    asm.finish()
}

/// Leaves the packet's start in R2 and its end in R3; passes what is shorter than its headers.
fn load_packet(asm: &mut Assembler) {
    asm.load(Size::U32, R2, R6, DATA);
    asm.load(Size::U32, R3, R6, DATA_END);
    asm.mov(R4, R2);
    asm.add(R4, HEADERS_LEN as i32);
    asm.jump_reg(Jump::Greater, R4, R3, "pass");
}

/// Passes what is no UDP over plain IPv4, and fragments but the first. Leaves the packet's start in R2.
fn check_headers(asm: &mut Assembler) {
    load_packet(asm);
    asm.load(Size::U16, R4, R2, ETHER_TYPE);
    asm.jump(Jump::NotEqual, R4, i32::from(ETHER_TYPE_IPV4.to_be()), "pass");
    asm.load(Size::U8, R4, R2, VERSION_AND_LENGTH);
    asm.jump(Jump::NotEqual, R4, i32::from(PLAIN_IPV4), "pass");
    asm.load(Size::U16, R4, R2, FRAGMENT);
    asm.jump(Jump::AnyOf, R4, i32::from(0x1fff_u16.to_be()), "pass");
    asm.load(Size::U8, R4, R2, PROTOCOL);
    asm.jump(Jump::NotEqual, R4, i32::from(PROTOCOL_UDP), "pass");
}

/// Passes what is for no flow, or for one that is left to the kernel. Leaves the place of the flow's entry in R8.
fn look_up(asm: &mut Assembler, flows: i32) {
    asm.load(Size::U32, R5, R2, DESTINATION);
    asm.store(Size::U32, R10, -8, R5);
    asm.load(Size::U16, R5, R2, DESTINATION_PORT);
    asm.store(Size::U32, R10, -4, R5);
    asm.mov(R2, R10);
    asm.add(R2, -8);
    asm.load_map(R1, flows);
    asm.call(MAP_LOOKUP_ELEM);
    asm.jump(Jump::Equal, R0, 0, "pass");
    asm.mov(R8, R0);
    asm.load(Size::U64, R5, R8, LEFT);
    asm.jump(Jump::NotEqual, R5, 0, "pass");
}

/// Leaves the flow to the kernel if this is the first of several fragments, or longer than a frame of ours.
fn check_size(asm: &mut Assembler, frame_len_max: i32) {
    load_packet(asm);
    asm.load(Size::U16, R4, R2, FRAGMENT);
    asm.jump(Jump::AnyOf, R4, i32::from(0x2000_u16.to_be()), "leave");
    // To subtract one address from the other would take another capability.
    asm.mov(R4, R2);
    asm.add(R4, frame_len_max + 1);
    asm.jump_reg(Jump::NotGreater, R4, R3, "leave");
}

/// Writes the time of arrival before the packet, where the driver has room for it.
fn stamp(asm: &mut Assembler) {
    asm.call(KTIME_GET_NS);
    asm.mov(R7, R0);
    asm.mov(R1, R6);
    asm.set(R2, -(STAMP_LEN as i32));
    asm.call(ADJUST_META);
    asm.jump(Jump::NotEqual, R0, 0, "redirect");
    asm.load(Size::U32, R2, R6, DATA_META);
    asm.load(Size::U32, R3, R6, DATA);
    asm.mov(R4, R2);
    asm.add(R4, STAMP_LEN as i32);
    asm.jump_reg(Jump::Greater, R4, R3, "redirect");
    asm.store(Size::U64, R2, 0, R7);
}
