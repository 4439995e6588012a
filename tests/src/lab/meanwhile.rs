//! What goes on while something else is done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Whether the work is still being done.
#[derive(Debug)]
pub struct Ongoing(AtomicBool);

impl Ongoing {
    /// `false` once it is done, or has failed.
    pub fn goes_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does `work` while `job` runs on a thread of its own, which is to end when the work does not go on, and gives what the work gives.
pub fn meanwhile<T>(job: impl FnOnce(&Ongoing) + Send, work: impl FnOnce() -> T) -> T {
    let ongoing = Ongoing(AtomicBool::new(true));
    thread::scope(|scope| {
        scope.spawn(|| job(&ongoing));
        let _end = End(&ongoing);
        work()
    })
}

/// Ends the job also when the work has failed.
struct End<'a>(&'a Ongoing);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}
