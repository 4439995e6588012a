//! Recordings are saved on a thread of their own, which may wait for a disk; the flows' threads only hand them over.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::event::{EventKind, EventSink, FlowEvent};
use crate::flow::Flow;
use crate::io::recording::Recordings;
use crate::spec::FlowSpec;
use crate::stage::tape::Cut;
use crate::time::Moment;

/// The thread that saves.
pub(super) struct Archive {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

/// Something to save.
struct Job {
    cut: Cut,
    now: Moment,
    recordings: Arc<Recordings>,
    flow: String,
    sink: EventSink,
    done: Sender<Done>,
}

/// A job that is done: the memory comes back.
struct Done {
    cut: Cut,
    saved: bool,
}

/// Hands over the recordings of one flow.
pub(super) struct Recorder {
    flow: String,
    recordings: Arc<Recordings>,
    sink: EventSink,
    jobs: Sender<Job>,
    done: (Sender<Done>, Receiver<Done>),
    /// Recordings that are being saved.
    outstanding: usize,
}

impl Archive {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let thread = std::thread::Builder::new().name("relay-record".to_owned()).spawn(move || {
            for job in queue {
                job.run();
            }
        })?;
        Ok(Self { jobs, thread })
    }

    /// A recorder for `spec`, if it is to be recorded.
    pub(super) fn recorder(&self, spec: &FlowSpec, sink: &EventSink) -> Option<Recorder> {
        let record = spec.record.as_ref()?;
        Some(Recorder {
            flow: spec.name.clone(),
            recordings: Arc::new(Recordings::new(spec, record)),
            sink: Arc::clone(sink),
            jobs: self.jobs.clone(),
            done: channel(),
            outstanding: 0,
        })
    }

    /// Waits until all is saved; for when no recorder is left.
    pub(super) fn finish(self) {
        drop(self.jobs);
        // A thread that panicked has said so on standard error; there is nothing left to wait for.
        let _ = self.thread.join();
    }
}

impl Job {
    fn run(self) {
        let saved = self.recordings.save(&self.cut, self.now);
        let done = Done { cut: self.cut, saved: saved.is_ok() };
        let kind = match saved {
            Ok(saved) => EventKind::Recorded { path: saved.path, bytes: saved.bytes },
            Err(error) => EventKind::RecordingFailed(error.to_string()),
        };
        // The flow may be gone by now.
        let _ = self.done.send(done);
        (self.sink)(FlowEvent { flow: self.flow, kind });
    }
}

impl Recorder {
    /// Hands over what came around an alarm, if all of it has come, and takes back what has been saved.
    pub(super) fn turn(&mut self, now: Moment, flow: &mut Flow) {
        while self.outstanding > 0
            && let Ok(done) = self.done.1.try_recv()
        {
            self.outstanding -= 1;
            flow.counters.recordings += u64::from(done.saved);
            flow.counters.recordings_failed += u64::from(!done.saved);
            flow.give_back(done.cut);
        }
        self.hand_over(now, flow, false);
    }

    /// Hands over what has come of a recording by the flow's end.
    pub(super) fn end(&mut self, now: Moment, flow: &mut Flow) {
        self.hand_over(now, flow, true);
    }

    fn hand_over(&mut self, now: Moment, flow: &mut Flow, ending: bool) {
        let Some(cut) = flow.cut_recording(now.mono, ending) else { return };
        self.outstanding += 1;
        let (recordings, sink, done) = (Arc::clone(&self.recordings), Arc::clone(&self.sink), self.done.0.clone());
        // It fails only when the thread is gone, which has said why on standard error.
        let _ = self.jobs.send(Job { cut, now, recordings, flow: self.flow.clone(), sink, done });
    }
}
