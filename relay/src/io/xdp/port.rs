//! An interface, received from by AF_XDP.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::lane::{Lane, METADATA_LEN};
use super::packet::Packet;
use super::program::STAMP_LEN;
use super::refusal::{Refusal, Step};
use super::sorter::Sorter;
use crate::mem::{FRAME_LEN, Pool, SlotId};
use crate::sys::SharedPart;
use crate::sys::bpf::AttachMode;
use crate::sys::xsk::{Frames, RING_LEN, Xsk, XskSender};
use crate::time::Time;

/// Bytes that the kernel leaves before each packet (XDP_PACKET_HEADROOM).
pub(super) const KERNEL_HEADROOM: usize = 256;
/// The longest frame that fits behind them.
const FRAME_LEN_MAX: usize = FRAME_LEN - KERNEL_HEADROOM;
/// Queues served at most; what comes in at others goes through the kernel.
const MOST_QUEUES: u32 = 16;
/// Packets taken a call at most.
const MOST_A_CALL: usize = 256;
/// Calls after which all that waited before the first has been taken.
pub(crate) const TAKES_TO_EMPTY: usize = RING_LEN as usize / MOST_A_CALL;
/// A stamp older than this is none.
const OLDEST_STAMP_NANOS: u64 = 1_000_000_000;

/// A datagram received, whole or not.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// The frame that it is in; its hold passes to whoever takes this.
    pub(crate) frame: SlotId,
    /// Its payload by the place in the frame.
    pub(crate) packet: Packet,
    pub(crate) arrival: Time,
}

/// The sockets on an interface's queues.
pub(crate) struct Port {
    sorter: Sorter,
    queues: Vec<Queue>,
}

struct Queue {
    xsk: Xsk,
    /// Frames that the kernel has, by their number, and how many.
    theirs: Vec<bool>,
    offered: usize,
}

impl Port {
    /// Puts the sorting program before an interface and opens a socket on each of its queues, with the pool's frames. The
    /// first mode that the driver knows is taken. Gives the way out through the interface too.
    ///
    /// # Errors
    /// [`Refusal`] says what hinders, and what would help.
    pub(crate) fn open(
        name: &str,
        index: u32,
        modes: &[AttachMode],
        frames: &SharedPart,
    ) -> Result<(Self, Lane), Refusal> {
        let step = Step { interface: name, locked_bytes: frames.len() };
        let (first, lane) = open_first(index, frames).map_err(step.to("open a socket"))?;
        let mut queues = vec![Queue::new(first, frames)];
        for number in 1..MOST_QUEUES {
            match open_queue(frames, 0, Some(queues[0].xsk.as_fd()), index, number) {
                Ok((xsk, _)) => queues.push(Queue::new(xsk, frames)),
                // The interface has no queue of that number.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
                Err(error) => return Err(step.to("open a socket")(error)),
            }
        }
        let sorter = attach(index, modes, step)?;
        for (number, queue) in queues.iter().enumerate() {
            sorter.connect(number as u32, queue.xsk.as_fd()).map_err(step.to("connect a socket"))?;
        }
        Ok((Self { sorter, queues }, lane))
    }

    /// The way out through an interface that nothing is received from; it gets no program.
    ///
    /// # Errors
    /// [`Refusal`] says what hinders, and what would help.
    pub(crate) fn open_lane(name: &str, index: u32, frames: &SharedPart) -> Result<Lane, Refusal> {
        let step = Step { interface: name, locked_bytes: frames.len() };
        open_first(index, frames).map(|(_, lane)| lane).map_err(step.to("open a socket"))
    }

    /// The program before the interface.
    pub(crate) const fn sorter(&self) -> &Sorter {
        &self.sorter
    }

    /// How frames get here, for people.
    pub(crate) fn way(&self) -> &'static str {
        match self.sorter.mode() {
            AttachMode::Native if self.queues.iter().all(|queue| queue.xsk.is_zero_copy()) => "native, without a copy",
            AttachMode::Native => "native, copied once by the kernel",
            AttachMode::Generic => "generic, copied once by the kernel",
        }
    }

    /// The descriptors to watch.
    pub(crate) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.queues.iter().map(|queue| queue.xsk.as_fd())
    }

    /// Takes what waits, up to a limit. Returns whether more may wait.
    pub(crate) fn receive(&mut self, pool: &mut Pool, now: Time, taken: &mut Vec<Taken>) -> bool {
        let before = taken.len();
        for queue in &mut self.queues {
            queue.receive(pool, now, taken);
        }
        taken.len() - before >= MOST_A_CALL
    }

    /// Gives the kernel free frames to receive into, when the thread has so many ports to do that for.
    pub(crate) fn refill(&mut self, pool: &mut Pool, ports: usize) {
        let share = RING_LEN as usize / ports.max(1) / self.queues.len();
        for queue in &mut self.queues {
            queue.refill(pool, share);
        }
    }

    /// Gives the port up, and the frames that the kernel has back to the pool.
    pub(crate) fn close(self, pool: &mut Pool) {
        for queue in self.queues {
            queue.close(pool);
        }
    }
}

impl Queue {
    fn new(xsk: Xsk, frames: &SharedPart) -> Self {
        Self { xsk, theirs: vec![false; frames.len() / FRAME_LEN], offered: 0 }
    }

    fn receive(&mut self, pool: &mut Pool, now: Time, taken: &mut Vec<Taken>) {
        for _ in 0..MOST_A_CALL {
            let Some((place, len)) = self.xsk.take_received() else { break };
            let Some((frame, start)) = self.take_back(pool, place as usize) else { continue };
            let arrival = take_stamp(pool, frame, start, now);
            match Packet::parse(pool.slot_mut(frame).get(start..start + len).unwrap_or_default()) {
                Some(mut packet) => {
                    packet.payload = packet.payload.map(|range| start + range.start..start + range.end);
                    taken.push(Taken { frame, packet, arrival });
                }
                None => pool.release(frame),
            }
        }
        self.xsk.publish_taken();
    }

    fn refill(&mut self, pool: &mut Pool, share: usize) {
        while self.offered < share
            && let Some(frame) = pool.lend_frame()
        {
            let place = pool.place(frame).start;
            if !self.xsk.offer(place as u64) {
                pool.note_return();
                pool.release(frame);
                break;
            }
            self.theirs[place / FRAME_LEN] = true;
            self.offered += 1;
        }
        self.xsk.publish_offers();
    }

    /// The frame at a place, ours again; the kernel gives back only what it was given.
    #[inline]
    fn take_back(&mut self, pool: &mut Pool, place: usize) -> Option<(SlotId, usize)> {
        let found = pool.frame_at(place)?;
        std::mem::take(&mut self.theirs[place / FRAME_LEN]).then(|| {
            self.offered -= 1;
            pool.note_return();
            found
        })
    }

    fn close(self, pool: &mut Pool) {
        let Self { xsk, theirs, .. } = self;
        drop(xsk);
        for number in theirs.iter().enumerate().filter_map(|(number, &theirs)| theirs.then_some(number)) {
            if let Some((frame, _)) = pool.frame_at(number * FRAME_LEN) {
                pool.note_return();
                pool.release(frame);
            }
        }
    }
}

/// Opens the first queue, by which datagrams are sent too.
fn open_first(index: u32, frames: &SharedPart) -> io::Result<(Xsk, Lane)> {
    let offload = open_queue(frames, METADATA_LEN, None, index, 0);
    let is_offload = offload.is_ok();
    let (xsk, sender) = match offload {
        // Before Linux 6.8 there are no requests.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => open_queue(frames, 0, None, index, 0)?,
        opened => opened?,
    };
    let lane = Lane::new(sender, frames.len(), xsk.is_zero_copy(), is_offload);
    Ok((xsk, lane))
}

fn open_queue(
    memory: &SharedPart,
    metadata_len: usize,
    shared: Option<BorrowedFd>,
    index: u32,
    number: u32,
) -> io::Result<(Xsk, XskSender)> {
    let frames = Frames { memory, frame_len: FRAME_LEN as u32, headroom: 0, tx_metadata_len: metadata_len as u32 };
    Xsk::open(&frames, shared, index, number)
}

fn attach(index: u32, modes: &[AttachMode], step: Step) -> Result<Sorter, Refusal> {
    let mut refusal = Refusal::Configured;
    for &mode in modes {
        match Sorter::attach(index, mode, FRAME_LEN_MAX, step) {
            Err(Refusal::Driver(name)) => refusal = Refusal::Driver(name),
            attached => return attached,
        }
    }
    Err(refusal)
}

/// Takes the stamp that the program wrote before a packet, if it did; else the packet has just arrived.
#[inline]
fn take_stamp(pool: &mut Pool, frame: SlotId, start: usize, now: Time) -> Time {
    let before = start.checked_sub(STAMP_LEN).and_then(|at| pool.slot_mut(frame).get_mut(at..start));
    let Some(place) = before.and_then(|bytes| bytes.first_chunk_mut::<STAMP_LEN>()) else { return now };
    // What stays would be taken for the stamp of the next packet in this frame.
    let stamp = u64::from_ne_bytes(std::mem::take(place));
    if stamp.abs_diff(now.0) < OLDEST_STAMP_NANOS { Time(stamp.min(now.0)) } else { now }
}
