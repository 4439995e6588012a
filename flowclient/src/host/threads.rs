//! /proc/self/task: how long each thread ran, and how long it waited for a CPU.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::read;

/// How the threads that relay are called, before their number.
const RELAY: &str = "relay-";

/// Times of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThreadTimes {
    /// On a CPU.
    pub(crate) ran: Duration,
    /// Ready to run, and waiting for a CPU.
    pub(crate) waited: Duration,
}

/// The threads that relay, by thread id; none where the kernel keeps no such times.
pub(super) fn read_all() -> BTreeMap<u32, ThreadTimes> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.filter_map(|task| Some((task.file_name().to_str()?.parse().ok()?, times(&task.path())?))).collect()
}

fn times(task: &Path) -> Option<ThreadTimes> {
    let name = read(task.join("comm").to_str()?);
    name.starts_with(RELAY).then(|| parse(&read(task.join("schedstat").to_str()?))).flatten()
}

/// Nanoseconds on a CPU, nanoseconds on a run queue, number of turns (sched-stats in the kernel's documentation).
fn parse(text: &str) -> Option<ThreadTimes> {
    let mut numbers = text.split_ascii_whitespace().map_while(|number| number.parse().ok());
    let (ran, waited) = (numbers.next()?, numbers.next()?);
    Some(ThreadTimes { ran: Duration::from_nanos(ran), waited: Duration::from_nanos(waited) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_times_are_nanoseconds() {
        let times = parse("313893 74130 3\n").unwrap();
        assert_eq!((times.ran.as_nanos(), times.waited.as_nanos()), (313_893, 74_130));
        assert_eq!(parse("313893"), None);
    }

    #[test]
    fn a_thread_that_relays_is_known_by_its_name() {
        let thread = std::thread::Builder::new().name("relay-99".to_owned());
        let found = thread.spawn(read_all).unwrap().join().unwrap();
        assert!(!found.is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[0-9 \n-]{0,60}") {
            parse(&text);
        }
    }
}
