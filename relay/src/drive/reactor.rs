//! One thread: waits for sockets, deadlines and its mailbox, and turns the flows concerned.

mod xdp;

use std::collections::HashMap;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};

use super::alarm_clock::AlarmClock;
use super::clocks;
use super::engines::Move;
use super::leg::LegTask;
use super::moderation::Moderation;
use super::pair_desk::{HandOverAnswer, HandOverError};
use super::ports::Ports;
use super::task::FlowTask;
use super::timers::Timers;
use crate::io::udp::Batch;
use crate::io::xdp::Taken;
use crate::mem::Pool;
use crate::pair::message::InstanceId;
use crate::stats::Counters;
use crate::sys::SharedPart;
use crate::time::{Moment, Time};

/// The mailbox among the descriptors watched; flows count from 0.
const MAILBOX: u64 = u64::MAX;
/// The alarm clock among them.
const ALARM: u64 = u64::MAX - 1;
/// Set in the number of a port: a descriptor of AF_XDP.
const PORT: u64 = 1 << 61;
/// Set in the number of a flow: a descriptor on which its other instances are heard.
const OTHERS: u64 = 1 << 62;
/// Ready descriptors taken a wait.
const EVENTS: usize = 64;
/// Deadlines looked at in a row, before descriptors are again.
const MOST_DEADLINES: usize = 256;

/// What the control side asks of a thread.
pub(super) enum Command {
    Add(u64, Box<FlowTask>),
    Remove(u64, Sender<Counters>),
    Move(Move),
    HandOver(u64, Option<InstanceId>, HandOverAnswer),
    Answer(Arc<dyn Fn() + Send + Sync>),
    Stop,
}

/// Wakes a thread that waits.
#[derive(Clone)]
pub(super) struct Wake(Arc<OwnedFd>);

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    pub(super) fn ring(&self) {
        // It fails only when it has rung 2^64 times unheard, and then it is heard.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    fn hear(&self) {
        // Nothing to read means that it was heard already.
        let _ = rustix::io::read(&*self.0, &mut [0_u8; 8]);
    }
}

pub(super) struct Reactor {
    commands: Receiver<Command>,
    wake: Wake,
    epoll: OwnedFd,
    pool: Pool,
    batch: Batch,
    flows: HashMap<u64, Box<FlowTask>>,
    ports: Ports,
    /// Datagrams being taken from a port; kept for its memory.
    taken: Vec<Taken>,
    /// Flows that got some of them.
    touched: Vec<u64>,
    /// Flows that hand over before they end, and who waits for that.
    leaving: HashMap<u64, Sender<Counters>>,
    /// Flows in whose socket more may wait than a turn takes.
    unfinished: Vec<u64>,
    timers: Timers,
    alarm: AlarmClock,
    moderation: Moderation,
    /// Buffers filled in this turn.
    filled: usize,
    stopping: bool,
}

impl Reactor {
    pub(super) fn new(commands: Receiver<Command>, wake: Wake, pool: Pool) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*wake.0, epoll::EventData::new_u64(MAILBOX), epoll::EventFlags::IN)?;
        let alarm = AlarmClock::new()?;
        epoll::add(&epoll, &alarm, epoll::EventData::new_u64(ALARM), epoll::EventFlags::IN | epoll::EventFlags::ET)?;
        Ok(Self {
            commands,
            wake,
            epoll,
            pool,
            batch: Batch::default(),
            flows: HashMap::new(),
            ports: Ports::default(),
            taken: Vec::new(),
            touched: Vec::new(),
            leaving: HashMap::new(),
            unfinished: Vec::new(),
            timers: Timers::default(),
            alarm,
            moderation: Moderation::default(),
            filled: 0,
            stopping: false,
        })
    }

    /// The memory of its frames.
    pub(super) fn share_frames(&self) -> SharedPart {
        self.pool.share_frames()
    }

    /// Runs until told to stop.
    pub(super) fn run(mut self) {
        // The default slack of 50 us is most of the time between two datagrams at 10 Mb/s and more.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        let (mut events, mut ready) = (Vec::with_capacity(EVENTS), Vec::new());
        while !self.stopping {
            self.wait(&mut events);
            ready.extend(events.drain(..).map(|event| event.data.u64()));
            let now = clocks::now();
            // Who wakes from a freeze must hear what was sent meanwhile before it sends.
            for &flow in ready.iter().filter(|&&id| is_of_others(id)) {
                self.listen(flow & !OTHERS, now);
            }
            // Each flow once, whether it has more to take or something new.
            ready.append(&mut self.unfinished);
            ready.sort_unstable();
            ready.dedup();
            for id in ready.drain(..) {
                match id {
                    // Whoever is handed the air needs what it comes after, which may wait in the input.
                    id if is_of_others(id) => self.turn(id & !OTHERS, now, true),
                    MAILBOX => self.read_mailbox(now),
                    ALARM => self.alarm.heard(),
                    id if id & PORT != 0 => self.turn_port(id & !PORT, now),
                    id => self.turn(id, now, true),
                }
                // What is to leave now does not wait for what all the others have to take in.
                self.meet_deadlines();
            }
            self.meet_deadlines();
            self.rest(now);
        }
    }

    fn meet_deadlines(&mut self) {
        for _ in 0..MOST_DEADLINES {
            let Some((deadline, id)) = self.timers.pop(clocks::mono()) else { return };
            self.turn_on_time(id, deadline, clocks::now());
        }
    }

    fn rest(&mut self, now: Moment) {
        let filled = std::mem::take(&mut self.filled);
        if let Some(rest) = self.moderation.rest(now.mono, filled, self.flows.len()) {
            let rest = self.timers.next().map_or(rest, |deadline| rest.min(deadline.since(clocks::mono())));
            // An interrupted rest is a short one.
            let _ = rustix::thread::nanosleep(&Timespec { tv_sec: 0, tv_nsec: rest.subsec_nanos().into() });
        }
    }

    fn wait(&mut self, events: &mut Vec<epoll::Event>) {
        let deadline = self.timers.next();
        let is_due = deadline.is_some_and(|deadline| deadline <= clocks::mono());
        let at_once = (is_due || !self.unfinished.is_empty()).then_some(Timespec { tv_sec: 0, tv_nsec: 0 });
        if let (Some(deadline), None) = (deadline, at_once) {
            self.alarm.set(deadline);
        }
        // An interrupted wait is a short one; no other error can come of a descriptor that is ours.
        let _ = epoll::wait(&self.epoll, spare_capacity(events), at_once.as_ref());
    }

    fn turn_on_time(&mut self, id: u64, deadline: Time, now: Moment) {
        if let Some(task) = self.flows.get_mut(&id)
            && task.scheduled == Some(deadline)
        {
            task.scheduled = None;
            self.listen(id, now);
            self.look_at_port_of(id, now);
            self.turn_unwatched(id, now);
        }
    }

    /// Turns a flow whose input has not told of anything, as it does not where it is not watched.
    fn turn_unwatched(&mut self, id: u64, now: Moment) {
        let may_have_come = self.flows.get(&id).is_some_and(|task| task.is_aside());
        self.turn(id, now, may_have_come);
    }

    fn listen(&mut self, id: u64, now: Moment) {
        if let Some(task) = self.flows.get_mut(&id) {
            task.listen(now, &mut self.pool, &mut self.batch);
        }
    }

    fn turn(&mut self, id: u64, now: Moment, readable: bool) {
        self.finish_crossing_if_due(id, now);
        if readable {
            self.take_in_order(id, now);
        }
        self.finish_turn(id, now);
    }

    fn finish_turn(&mut self, id: u64, now: Moment) {
        let flows = self.flows.len();
        let Some(task) = self.flows.get_mut(&id) else { return };
        if task.on_time(now, &mut self.pool, &mut self.batch) {
            watch(&self.epoll, id, task);
        }
        if let Some(deadline) = task.end_turn(now, &mut self.pool, flows) {
            self.timers.set(id, deadline, &mut task.scheduled);
        }
        if self.leaving.contains_key(&id) && self.flows.get(&id).is_none_or(|task| task.has_left(now.mono)) {
            self.end(id, now);
        }
    }

    /// Takes in a turn's share of what waits at a flow's socket.
    fn take_in(&mut self, id: u64, now: Moment) {
        let Some(task) = self.flows.get_mut(&id) else { return };
        let filled = task.on_readable(now, &mut self.pool, &mut self.batch);
        self.filled += filled.buffers;
        if filled.more {
            self.unfinished.push(id);
        }
    }

    fn hand_over(&mut self, id: u64, now: Moment, to: Option<InstanceId>, answer: HandOverAnswer) {
        // What others said comes first: they may be ready by now, or gone.
        self.listen(id, now);
        match self.flows.get_mut(&id) {
            Some(task) => task.hand_over(now, to, answer),
            None => answer(Err(HandOverError::Ended)),
        }
        self.turn(id, now, false);
    }

    /// Ends a flow that was asked to.
    fn end(&mut self, id: u64, now: Moment) {
        let Some(reply) = self.leaving.remove(&id) else { return };
        self.close_entrance(id, now);
        self.ports.leave(id);
        if let Some(task) = self.flows.remove(&id) {
            // Whoever asked may be gone.
            let _ = reply.send(task.close(now, &mut self.pool, &mut self.batch));
        }
    }

    fn read_mailbox(&mut self, now: Moment) {
        self.wake.hear();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Add(id, mut task) => {
                    task.begin();
                    watch(&self.epoll, id, &task);
                    self.flows.insert(id, task);
                    self.turn(id, now, true);
                }
                Command::Move(step) => self.carry_out(step, now),
                Command::Remove(id, reply) => {
                    self.leaving.insert(id, reply);
                    match self.flows.get_mut(&id).map(|task| task.begin_leave(now)) {
                        Some(true) => self.turn(id, now, false),
                        _ => self.end(id, now),
                    }
                }
                Command::HandOver(id, to, answer) => self.hand_over(id, now, to, answer),
                Command::Answer(answer) => {
                    self.flows.values_mut().for_each(|task| task.publish(now.mono));
                    answer();
                }
                Command::Stop => self.stopping = true,
            }
        }
    }
}

const fn is_of_others(id: u64) -> bool {
    id & OTHERS != 0 && id != MAILBOX && id != ALARM
}

/// Watches a flow's descriptors as it wants it now; one that is closed is no longer watched by itself.
fn watch(epoll: &OwnedFd, id: u64, task: &FlowTask) {
    let watched = |is_watched| if is_watched { epoll::EventFlags::IN } else { epoll::EventFlags::empty() };
    let (heard, coming) = (watched(!task.is_aside()), watched(!task.is_aside() && !task.is_crossing()));
    if let Some(pair) = task.pair() {
        set(epoll, pair.control_fd(), id | OTHERS, epoll::EventFlags::IN);
        set(epoll, pair.air_fd(), id | OTHERS, heard);
    }
    let others = task.leg().into_iter().flat_map(LegTask::fds);
    others.for_each(|leg| set(epoll, leg, id | OTHERS, epoll::EventFlags::IN));
    // Told once of what came, the kernel need not look at each flow twice.
    let once = coming | epoll::EventFlags::ET;
    task.fd().into_iter().for_each(|input| set(epoll, input, id, once));
}

/// Watches a descriptor for `events` from now on. It fails only without memory; the flow then lives by its deadlines.
fn set(epoll: &OwnedFd, descriptor: BorrowedFd<'_>, id: u64, events: epoll::EventFlags) {
    let data = epoll::EventData::new_u64(id);
    if epoll::modify(epoll, descriptor, data, events).is_err() {
        let _ = epoll::add(epoll, descriptor, data, events);
    }
}
