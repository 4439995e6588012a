//! AF_XDP.
#![allow(missing_docs, dead_code)]
mod assembler;
mod header;
mod program;

use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use crate::sys::bpf;
use crate::sys::region::Region;
use crate::sys::xsk::{Frames, Xsk};
use header::{Address, Checksum, Headers, group_mac};

pub struct Spike {
    pub in_index: u32,
    pub out_index: u32,
    pub group: SocketAddrV4,
    pub to: SocketAddrV4,
    pub from: SocketAddrV4,
    pub source_mac: [u8; 6],
    pub generic: bool,
    pub offload: bool,
    pub rest_micros: u64,
    pub gso: bool,
}

const FRAME: usize = 2048;
const COUNT: usize = 8192;

pub fn spike(s: &Spike) -> io::Result<()> {
    let step = |what: &'static str| move |e: io::Error| io::Error::new(e.kind(), format!("{what}: {e}"));
    let mut region = Region::new(FRAME * COUNT)?;
    let tx_metadata_len = if s.offload { 24 } else { 0 };
    let frames = Frames { region: &region, len: FRAME * COUNT, frame_len: FRAME as u32, headroom: 0, tx_metadata_len };
    let mut rx = Xsk::open(&frames, None, s.in_index, 0).map_err(step("in xsk"))?;
    let mut tx = Xsk::open(&frames, Some(rx.as_fd()), s.out_index, 0).map_err(step("out xsk"))?;
    let flows = bpf::create_map(bpf::MapKind::Hash, 8, 4, 1024).map_err(step("map"))?;
    let sockets = bpf::create_map(bpf::MapKind::Sockets, 4, 4, 64).map_err(step("xskmap"))?;
    let mut key = [0_u8; 8];
    key[..4].copy_from_slice(&s.group.ip().octets());
    key[4..6].copy_from_slice(&s.group.port().to_be_bytes());
    bpf::set_entry(flows.as_fd(), &key, &0_u32)?;
    bpf::set_entry(sockets.as_fd(), &0_u32, &rx.as_fd().as_raw_fd())?;
    let code = program::sorter(flows.as_raw_fd(), sockets.as_raw_fd(), 1780);
    let prog = bpf::load_xdp(&code).map_err(step("load"))?;
    let mode = if s.generic { bpf::AttachMode::Generic } else { bpf::AttachMode::Native };
    let _link = bpf::attach_xdp(prog.as_fd(), s.in_index, mode).map_err(step("attach"))?;
    println!("up zero-copy in {} out {}", rx.is_zero_copy(), tx.is_zero_copy());
    let sock = std::net::UdpSocket::bind(s.group)?;
    sock.join_multicast_v4(s.group.ip(), &"10.9.1.2".parse().unwrap())?;
    let out = std::net::UdpSocket::bind("10.9.2.1:0")?;
    out.connect(s.to)?;
    crate::sys::enable_segmentation(out.as_fd())?;
    let mut sender = crate::sys::Sender::default();
    let (mut pieces, mut messages) = (Vec::new(), Vec::new());
    let headers = Headers::new(&Address {
        source_mac: s.source_mac,
        destination_mac: group_mac(*s.to.ip()),
        source: s.from,
        destination: s.to,
        ttl: 16,
        dscp: 0,
    });
    for i in 0..4096_u64 {
        rx.offer(i * FRAME as u64);
    }
    rx.publish_offers();
    let mut spare: Vec<u64> = (4096..COUNT as u64).map(|i| i * FRAME as u64).collect();
    let mut n = 0_u64;
    let mut stamped = 0_u64;
    loop {
        let mut fds = [rustix::event::PollFd::new(&rx, rustix::event::PollFlags::IN)];
        let t = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
        let _ = rustix::event::poll(&mut fds, Some(&t));
        let mut count = 0;
        while let Some((addr, len)) = rx.take_received() {
            let at = addr as usize;
            let stamp = u64::from_ne_bytes(region.bytes(at - 8..at).try_into().unwrap());
            stamped += u64::from(stamp != 0);
            if s.gso {
                pieces.push(crate::sys::Piece::Payload(at + 42..at + len));
                count += 1;
                continue;
            }
            let frame = region.bytes_mut(at..at + len);
            let checksum = if s.offload { Checksum::Begun } else { Checksum::Full };
            headers.write(frame, checksum);
            if s.offload {
                let meta = region.bytes_mut(at - 24..at);
                meta[..8].copy_from_slice(&2_u64.to_ne_bytes());
                meta[8..10].copy_from_slice(&34_u16.to_ne_bytes());
                meta[10..12].copy_from_slice(&6_u16.to_ne_bytes());
            }
            if !tx.queue(addr, len, s.offload) {
                spare.push(addr & !(FRAME as u64 - 1));
            }
            count += 1;
        }
        n += count;
        rx.publish_taken();
        if s.gso && !pieces.is_empty() {
            let mut from = 0;
            while from < pieces.len() {
                let to = (from + 49).min(pieces.len());
                messages.push(crate::sys::Message { pieces: from..to, segment_len: (to - from > 1).then_some(1316) });
                from = to;
            }
            let memory = region.bytes(0..region.len());
            let _ = sender.send(out.as_fd(), memory, &[], &pieces, &messages)?;
            for piece in pieces.drain(..) {
                let crate::sys::Piece::Payload(range) = piece else { continue };
                spare.push(range.start as u64 & !(FRAME as u64 - 1));
            }
            messages.clear();
        }
        for _ in 0..200 {
            if tx.kick()? {
                break;
            }
        }
        while let Some(addr) = tx.take_completed() {
            spare.push(addr & !(FRAME as u64 - 1));
        }
        tx.publish_taken();
        while let Some(addr) = spare.pop() {
            if !rx.offer(addr) {
                spare.push(addr);
                break;
            }
        }
        rx.publish_offers();
        if count == 0 {
            eprintln!("{n} datagrams, {stamped} stamped, {:?}", rx.statistics());
        }
        if count >= 6 && s.rest_micros > 0 {
            std::thread::sleep(Duration::from_micros(s.rest_micros));
        }
    }
}
