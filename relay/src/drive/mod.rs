//! Reactor threads: each drives many flows, with bounded work a turn.
//!
//! The control side reaches a thread only through its mailbox, read between batches, and sees of it only published
//! counters and events.

mod alarm_clock;
mod capacity;
mod clocks;
mod control;
mod cores;
mod crossing;
mod cuts;
mod engines;
mod interfaces;
mod leg;
mod made;
mod moderation;
mod outputs;
mod pacing;
mod pair;
mod pair_desk;
mod ports;
mod queue_watch;
mod reactor;
mod recorder;
mod socket;
mod task;
mod timers;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use thiserror::Error;

use crate::event::EventSink;
use crate::io::file::FileError;
use crate::io::udp::UdpError;
use crate::io::xdp::{self, Refusal};
use crate::mem::Pool;
use crate::pair::key_file::KeyFileError;
use crate::pair::message::InstanceId;
use crate::spec::{Engine, FlowSpec, PairProblem};
use crate::stats::{Counters, FlowStats};
use crate::sys::SharedPart;

pub use capacity::XDP_LOCKED_BYTES;
pub use pair_desk::{HandOverAnswer, HandOverError};

use engines::{Engines, Moves};
use reactor::{Command, Reactor, Wake};
use recorder::{Archive, Recorder};
use task::FlowTask;

/// Why a flow could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Its input's or an output's socket.
    #[error(transparent)]
    Socket(#[from] UdpError),
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The secret that it shares with its other instances.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// Its other instances.
    #[error("cannot be paired: {0}")]
    Pair(PairProblem),
    /// The thread that saves its recordings.
    #[error("starting the thread that records: {0}")]
    Recorder(io::Error),
    /// The engine that was asked for.
    #[error(transparent)]
    Engine(#[from] Refusal),
    /// Its synthetic channel.
    #[error("{url}: {reason}")]
    Test {
        /// The source as written.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A flow whose sockets and files are open and that has sent nothing yet.
pub struct PreparedFlow(Box<FlowTask>);

/// A flow on one of the threads.
pub struct FlowHandle {
    name: String,
    stats: Arc<FlowStats>,
    thread: usize,
    id: u64,
}

impl FlowHandle {
    /// Name of the flow.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of the thread that drives it, from 0.
    pub const fn thread(&self) -> usize {
        self.thread
    }

    /// Where its counters are published.
    pub const fn stats(&self) -> &Arc<FlowStats> {
        &self.stats
    }
}

/// The threads that flows are driven by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// How many; at least one is started.
    pub count: usize,
    /// Whether each stays on one core.
    pub pinned: bool,
    /// Whether its pool is to be in huge pages.
    pub huge_pages: bool,
}

impl Default for Threads {
    /// One, on any core.
    fn default() -> Self {
        Self { count: 1, pinned: false, huge_pages: false }
    }
}

/// The reactor threads.
pub struct Driver {
    threads: Vec<Thread>,
    events: EventSink,
    engine: Engine,
    engines: Mutex<Engines>,
    next_id: AtomicUsize,
    /// Only from the first flow on that is recorded.
    archive: Mutex<Option<Archive>>,
}

struct Thread {
    mailbox: Mutex<Sender<Command>>,
    wake: Wake,
    flows: AtomicUsize,
    /// Its frames, for AF_XDP.
    frames: SharedPart,
    handle: JoinHandle<()>,
}

impl Driver {
    /// Starts the threads, whose flows get their datagrams by `engine`.
    ///
    /// # Errors
    /// When the system has no thread or descriptor left, does not let them choose their core, or has no huge pages.
    pub fn start(threads: Threads, engine: Engine, events: EventSink) -> io::Result<Self> {
        // Pool memory is touched page by page; huge pages would make one idle channel weigh megabytes. It is a matter
        // of economy, so a kernel that refuses is no error.
        let _ = rustix::thread::disable_transparent_huge_pages(!threads.huge_pages);
        let cores = if threads.pinned { cores::allowed()? } else { Vec::new() };
        let core = |index: usize| cores.get(index % cores.len().max(1)).copied();
        let start = |index: usize| Thread::start(index, core(index), capacity::pool(threads.huge_pages)?);
        let threads = (0..threads.count.max(1)).map(start).collect::<io::Result<_>>()?;
        let engines = Mutex::new(Engines::new(engine));
        Ok(Self { threads, events, engine, engines, next_id: AtomicUsize::new(0), archive: Mutex::default() })
    }

    /// Opens the sockets and files of a flow, all or none. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OpenError`] names what could not be opened and why.
    pub fn open(&self, spec: &FlowSpec) -> Result<PreparedFlow, OpenError> {
        if self.engine == Engine::Xdp {
            xdp::probe()?;
        }
        let recorder = self.recorder(spec).map_err(OpenError::Recorder)?;
        FlowTask::open(spec, Arc::clone(&self.events), recorder).map(|task| PreparedFlow(Box::new(task)))
    }

    /// Starts a flow on the thread that has its interface, or else on the one that has the fewest flows.
    pub fn add(&self, flow: PreparedFlow) -> FlowHandle {
        let id = self.next_id.fetch_add(1, Relaxed) as u64;
        let (name, stats) = (flow.0.name().to_owned(), Arc::clone(flow.0.stats()));
        let (input, outlets) = (flow.0.network_input().cloned(), flow.0.outlets());
        let mut engines = self.engines();
        let least =
            || (0..self.threads.len()).min_by_key(|&index| self.threads[index].flows.load(Relaxed)).unwrap_or(0);
        let thread = input.as_ref().and_then(|input| engines.thread_for(input)).unwrap_or_else(least);
        self.threads[thread].flows.fetch_add(1, Relaxed);
        self.threads[thread].tell(Command::Add(id, flow.0));
        self.carry_out(engines.add(id, input.as_ref(), outlets, (thread, &self.threads[thread].frames)));
        FlowHandle { name, stats, thread, id }
    }

    /// Stops a flow and gives its final counters.
    pub fn remove(&self, flow: FlowHandle) -> Counters {
        let thread = &self.threads[flow.thread];
        let (reply, done) = channel();
        thread.tell(Command::Remove(flow.id, reply));
        thread.flows.fetch_sub(1, Relaxed);
        self.engines().remove(flow.id);
        // An error means that the thread is gone; what it published last is the total then.
        done.recv().unwrap_or_else(|_| flow.stats.snapshot())
    }

    /// Looks whether each input still comes the way that is right for it; for once a second.
    pub fn tend(&self) {
        let moves = self.engines().look(|thread| self.threads[thread].frames.clone());
        self.carry_out(moves);
    }

    fn engines(&self) -> MutexGuard<'_, Engines> {
        self.engines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, moves: Moves) {
        moves.into_iter().for_each(|(thread, step)| self.threads[thread].tell(Command::Move(step)));
    }

    /// Has a flow handed over to another instance, or to `to` and no other; `answer` gets what came of it, or is dropped if
    /// the flow ends first.
    pub fn hand_over(&self, flow: &FlowHandle, to: Option<InstanceId>, answer: HandOverAnswer) {
        self.threads[flow.thread].tell(Command::HandOver(flow.id, to, answer));
    }

    /// Has each thread publish its flows' counters and call `answer` in its next turn: a thread that does not is stuck or gone.
    pub fn ask_threads(&self, answer: &Arc<dyn Fn() + Send + Sync>) {
        for thread in &self.threads {
            thread.tell(Command::Answer(Arc::clone(answer)));
        }
    }

    /// Stops all flows and threads, and waits until what is recorded is saved.
    pub fn stop(self) {
        for thread in &self.threads {
            thread.tell(Command::Stop);
        }
        for thread in self.threads {
            // A thread that panicked has said so on standard error; there is nothing left to stop in it.
            let _ = thread.handle.join();
        }
        if let Some(archive) = self.archive.into_inner().unwrap_or_else(PoisonError::into_inner) {
            archive.finish();
        }
    }

    fn recorder(&self, spec: &FlowSpec) -> io::Result<Option<Recorder>> {
        if spec.record.is_none() {
            return Ok(None);
        }
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let archive = match &mut *archive {
            Some(archive) => archive,
            none => none.insert(Archive::start()?),
        };
        Ok(archive.recorder(spec, &self.events))
    }
}

impl Thread {
    /// Starts the thread, on one core if one is named.
    fn start(index: usize, core: Option<usize>, pool: Pool) -> io::Result<Self> {
        let (mailbox, commands) = channel();
        let wake = Wake::new()?;
        let reactor = Reactor::new(commands, wake.clone(), pool)?;
        let frames = reactor.share_frames();
        let builder = std::thread::Builder::new().name(format!("relay-{index}"));
        let handle = cores::on(core, || builder.spawn(move || reactor.run()))?;
        Ok(Self { mailbox: Mutex::new(mailbox), wake, flows: AtomicUsize::new(0), frames, handle })
    }

    fn tell(&self, command: Command) {
        // A thread that is gone takes no commands, and none of its flows runs: nothing to do.
        let _ = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner).send(command);
        self.wake.ring();
    }
}
