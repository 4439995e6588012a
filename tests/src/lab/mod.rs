//! Network namespaces with one or more flowclients between a source and a sink.

mod capture;
mod cgroup;
mod feed;
mod figure;
mod flowclient;
mod http;
mod meanwhile;
mod metrics;
mod netns;
mod path;
mod process;
mod segment;
mod sender;

use std::thread;
use std::time::{Duration, Instant};

pub(crate) use capture::listen;
pub use capture::{Capture, Datagram, Receiver};
pub use cgroup::Cgroup;
pub use feed::Feed;
pub use figure::tell;
pub use flowclient::Flowclient;
pub use http::{Response, get};
pub use meanwhile::{Ongoing, meanwhile};
pub use metrics::Metrics;
pub use netns::NetNs;
pub use path::Path;
pub use process::{Ended, Process, go_first, goes_first};
pub use rustix::process::Signal;
pub use segment::Segment;
pub use sender::Sender;

/// What takes longer than this hangs. It is no measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits for a state of the lab, which is asked for every 10 ms.
///
/// # Panics
/// When `state` still gives `None` after [`PATIENCE`].
pub fn until<T>(what: &str, mut state: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = state() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "still waiting for: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
