//! Any datagrams at any times, through a whole flow: what leaves is whole, and every slot comes back.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use relay::flow::{Arrived, Flow, Poll};
use relay::mem::Pool;
use relay::spec::{FlowSpec, Input, Inspect, Pace, Source, Transport};
use relay::time::Time;
use relay::wire::ts::{PACKET_LEN, SYNC_BYTE};

const SLOTS: u32 = 64;
const SLOT_LEN: usize = 4_096;

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script(bytes);
    let spec = spec(&mut script);
    let mut lab = Lab {
        datagram_len: spec.packets_per_datagram * PACKET_LEN,
        flow: Flow::new(&spec),
        pool: Pool::new(SLOTS, SLOT_LEN),
        now: Time(1_000_000_000),
    };
    while let Some(step) = script.step() {
        lab.take(&step);
        lab.send();
    }
    lab.end();
});

/// The fuzzer's bytes: the flow's options, then datagrams, each behind its length, its time and its shape.
struct Script<'a>(&'a [u8]);

struct Step<'a> {
    payload: &'a [u8],
    segment_len: Option<usize>,
    truncated: bool,
    after: Duration,
}

impl<'a> Script<'a> {
    fn step(&mut self) -> Option<Step<'a>> {
        let [shape, after, len_high, len_low] = *self.bytes()?;
        let len = usize::from(u16::from_be_bytes([len_high, len_low])) % SLOT_LEN;
        let (payload, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        Some(Step {
            payload,
            segment_len: (shape & 1 != 0).then_some(1 + 8 * usize::from(shape >> 2)),
            truncated: shape & 2 != 0,
            after: Duration::from_micros(100 * u64::from(after)),
        })
    }

    fn bytes<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(head)
    }
}

fn spec(script: &mut Script<'_>) -> FlowSpec {
    let [options] = *script.bytes().unwrap_or(&[0]);
    let transport = if options & 1 == 0 { Transport::Udp } else { Transport::Rtp };
    let address = ([239, 1, 1, 1], 5_000).into();
    FlowSpec {
        name: String::new(),
        source: Source::Network(Input { transport, source: None, address, interface: None }),
        outputs: Vec::new(),
        pace: if options & 2 == 0 { Pace::Arrival } else { Pace::Pcr },
        inspect: if options & 0x80 == 0 { Inspect::Full } else { Inspect::Continuity },
        pair: None,
        leg: None,
        record: None,
        packets_per_datagram: 1 + usize::from(options >> 2) % 7,
        reorder_window: Duration::from_millis(5),
        receive_buffer_bytes: 1 << 20,
        pace_delay: Duration::from_millis(10),
    }
}

struct Lab {
    datagram_len: usize,
    flow: Flow,
    pool: Pool,
    now: Time,
}

impl Lab {
    fn take(&mut self, step: &Step<'_>) {
        self.now = self.now + step.after;
        let Some(slot) = self.pool.take() else { return };
        self.pool.slot_mut(slot)[..step.payload.len()].copy_from_slice(step.payload);
        let Step { payload, segment_len, truncated, .. } = *step;
        let arrived = Arrived { slot, start: 0, len: payload.len(), segment_len, arrival: self.now, truncated };
        self.flow.receive(&mut self.pool, arrived);
    }

    fn send(&mut self) {
        while self.flow.poll(self.now, &mut self.pool) == Poll::Emit {
            for (datagram, spans) in self.flow.queue().due(self.now) {
                let bytes: Vec<u8> = spans.flat_map(|span| self.pool.bytes(span)).copied().collect();
                assert_eq!((bytes.len(), datagram.len), (self.datagram_len, self.datagram_len));
                assert!(bytes.chunks(PACKET_LEN).all(|packet| packet[0] == SYNC_BYTE));
            }
            self.flow.sent(self.now, self.now, &mut self.pool);
        }
    }

    fn end(mut self) {
        self.flow.finish(self.now, &mut self.pool);
        self.send();
        self.flow.clear(&mut self.pool);
        assert_eq!(self.pool.free_slots(), SLOTS as usize, "slots were lost");
    }
}
