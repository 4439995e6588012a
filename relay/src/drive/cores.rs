//! Which cores threads run on.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Numbers of the cores that this thread may run on.
pub(super) fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

/// Calls `start`, which starts a thread, so that the thread stays on `core`, if one is named: a thread begins with the cores of
/// the one that starts it.
pub(super) fn on<T>(core: Option<usize>, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let Some(core) = core else { return start() };
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one)?;
    let started = start();
    sched_setaffinity(None, &before)?;
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_on_its_core_and_the_one_that_starts_it_moves_on() {
        let cores = allowed().unwrap();
        for &core in &cores {
            let thread = on(Some(core), || Ok(std::thread::spawn(allowed))).unwrap();
            assert_eq!(thread.join().unwrap().unwrap(), [core]);
        }
        assert_eq!(allowed().unwrap(), cores);
    }
}
