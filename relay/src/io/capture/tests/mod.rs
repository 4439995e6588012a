//! Hand-made captures, read back.

mod any_bytes;
mod builder;
mod network;
mod streams;
mod sync;
mod times;
mod written;

use std::io::Cursor;
use std::net::SocketAddr;

use super::{Capture, CaptureError, Counters, Datagram, Item, Kind};
use crate::time::{Ticks27, Time};
use crate::wire::ts::{PACKET_LEN, SYNC_BYTE, write_pcr};

type Packet = [u8; PACKET_LEN];

/// An item that outlives the call it was given in.
#[derive(Clone, Debug, PartialEq)]
enum Got {
    Datagram(Datagram),
    Packet(Time, Packet),
    BadSync(Time, Packet),
    SyncLost(Time),
    SyncFound(Time, u64),
}

/// A capture, read to its end or to where it is damaged.
struct Reading {
    kind: Kind,
    items: Vec<Got>,
    counters: Counters,
    error: Option<CaptureError>,
    capture: Capture,
}

impl Reading {
    fn of(bytes: &[u8]) -> Self {
        Self::try_of(bytes, None).unwrap()
    }

    fn try_of(bytes: &[u8], destination: Option<SocketAddr>) -> Result<Self, CaptureError> {
        let mut capture = Capture::new("a test", Cursor::new(bytes.to_vec()), destination)?;
        let mut items = Vec::new();
        let error = loop {
            match capture.read(|item| keep(&mut items, item)) {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
        };
        Ok(Self { kind: capture.kind(), items, counters: capture.counters(), error, capture })
    }

    fn packets(&self) -> Vec<Packet> {
        let packets = self.items.iter().filter_map(|item| match item {
            Got::Packet(_, packet) => Some(*packet),
            _ => None,
        });
        packets.collect()
    }

    fn numbers(&self) -> Vec<u32> {
        self.packets().iter().map(number).collect()
    }

    fn datagrams(&self) -> Vec<Datagram> {
        let datagrams = self.items.iter().filter_map(|item| match item {
            Got::Datagram(datagram) => Some(*datagram),
            _ => None,
        });
        datagrams.collect()
    }

    /// What was given beside packets.
    fn events(&self) -> Vec<Got> {
        self.items.iter().filter(|item| !matches!(item, Got::Packet(..) | Got::Datagram(_))).cloned().collect()
    }

    /// The times of all items, in the order they were given.
    fn times(&self) -> Vec<Time> {
        let time = |item: &Got| match *item {
            Got::Datagram(Datagram { at, .. })
            | Got::Packet(at, _)
            | Got::BadSync(at, _)
            | Got::SyncLost(at)
            | Got::SyncFound(at, _) => at,
        };
        self.items.iter().map(time).collect()
    }
}

fn keep(items: &mut Vec<Got>, item: Item<'_>) {
    match item {
        Item::Datagram(datagram) => items.push(Got::Datagram(datagram)),
        Item::Run(run) => {
            let before = items.len();
            items.extend(run.packets().map(|(at, packet)| Got::Packet(at, *packet)));
            assert_eq!(items.len() - before, run.len());
        }
        Item::BadSync { at, packet } => items.push(Got::BadSync(at, *packet)),
        Item::SyncLost { at } => items.push(Got::SyncLost(at)),
        Item::SyncFound { at, skipped } => items.push(Got::SyncFound(at, skipped)),
    }
}

/// A packet that knows its number; no other byte of it is a sync byte.
fn packet(number: u32) -> Packet {
    let mut packet = [0xA5; PACKET_LEN];
    packet[..4].copy_from_slice(&[SYNC_BYTE, 1, 0, 0x10 | (number & 0x0F) as u8]);
    for (nibble, byte) in packet[4..12].iter_mut().enumerate() {
        *byte = 0x80 | ((number >> (28 - 4 * nibble)) & 0x0F) as u8;
    }
    packet
}

fn number(packet: &Packet) -> u32 {
    packet[4..12].iter().fold(0, |number, byte| number << 4 | u32::from(byte & 0x0F))
}

fn packets(numbers: std::ops::Range<u32>) -> Vec<u8> {
    numbers.flat_map(packet).collect()
}

/// A packet on `pid` with a PCR and no payload.
fn pcr_packet(pid: u16, ticks: u64) -> Packet {
    let mut packet = [0xFF; PACKET_LEN];
    let [high, low] = pid.to_be_bytes();
    packet[..6].copy_from_slice(&[SYNC_BYTE, high, low, 0x20, 183, 0x10]);
    packet[6..12].copy_from_slice(&write_pcr(Ticks27::wrapping(ticks)));
    packet
}
