//! Any messages, any datagrams on air and any of one's own, at any times: an instance never panics, never lets go of more than
//! waits, and what it says can be read.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use relay::pair::fingerprint::Fingerprint;
use relay::pair::machine::{Action, Machine, Options, Verdict};
use relay::pair::message::{InstanceId, Message, Quality};
use relay::time::{Moment, Time, Utc};

/// More find nothing new, and take their time.
const MOST_STEPS: usize = 200;
/// Length of a message, and how it begins.
const MESSAGE_LEN: usize = 72;
const MAGIC: &[u8] = b"FCP1";

fuzz_target!(|bytes: &[u8]| {
    let now = Moment { mono: Time(1_000_000_000), utc: Utc(1_795_000_000_000_000_000) };
    let machine = Machine::new(now.mono, InstanceId(7), 5_000, Options::default());
    let mut lab = Lab { machine, now, waiting: 0 };
    let mut rest = bytes;
    for _ in 0..MOST_STEPS {
        let Some(next) = lab.step(rest) else { break };
        rest = next;
        lab.settle();
    }
});

struct Lab {
    machine: Machine,
    now: Moment,
    /// Datagrams in the queue.
    waiting: usize,
}

impl Lab {
    /// Does what the first bytes say; gives the others.
    fn step<'a>(&mut self, script: &'a [u8]) -> Option<&'a [u8]> {
        let (&[what, value], rest) = script.split_first_chunk()?;
        let now = self.now;
        match what % 8 {
            0 | 1 => self.make(Fingerprint(value.into())),
            2 => self.machine.heard(now, now.mono, Fingerprint(value.into()), source(value >> 4)),
            3 => return self.read(value, rest),
            4 => self.pass(Duration::from_micros(100 * u64::from(value) * u64::from(value))),
            5 => {
                self.machine.set_quality(now.mono, [Quality::None, Quality::Bad, Quality::Good][usize::from(value % 3)])
            }
            6 if value == 0 => self.machine.leave(now),
            6 => drop(self.machine.hand_over(now, None)),
            _ => self.machine.set_port(now.mono, value.into()),
        }
        Some(rest)
    }

    fn make(&mut self, fingerprint: Fingerprint) {
        match self.machine.made(self.now.mono, fingerprint) {
            Verdict::Keep => self.waiting += 1,
            Verdict::Drop { before } => self.let_go(before),
        }
    }

    fn read<'a>(&mut self, value: u8, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (said, rest) = rest.split_at_checked(MESSAGE_LEN - MAGIC.len())?;
        if let Ok(message) = Message::read(&[MAGIC, said].concat(), None) {
            self.machine.said(self.now, &message, source(value).ip());
        }
        Some(rest)
    }

    fn pass(&mut self, span: Duration) {
        let nanos = span.as_nanos() as u64;
        self.now = Moment { mono: self.now.mono + span, utc: Utc(self.now.utc.0 + nanos) };
    }

    /// What follows each turn of an instance.
    fn settle(&mut self) {
        let settled = self.machine.take_settled();
        self.let_go(settled);
        self.machine.poll(self.now);
        let given_up = self.machine.take_settled();
        self.let_go(given_up);
        while let Some(action) = self.machine.next_action() {
            if let Action::Say(message) = action {
                assert_eq!(Message::read(&message.write(None), None), Ok(message));
            }
        }
        if self.machine.may_send() {
            self.machine.sent(self.waiting);
            self.waiting = 0;
        }
    }

    fn let_go(&mut self, count: usize) {
        assert!(count <= self.waiting, "{count} of {} let go", self.waiting);
        self.waiting -= count;
    }
}

fn source(number: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)), number.into())
}
