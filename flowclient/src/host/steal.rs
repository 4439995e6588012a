//! /proc/stat (proc_stat(5)): time that the hypervisor gave to others.

use std::time::Duration;

/// Units a second of these times, for programs (USER_HZ), the same on all machines that Linux runs on but Alpha.
const HZ: u64 = 100;
/// Place of the stolen time among a line's words.
const STEAL: usize = 8;

/// Time stolen from each CPU, on average.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let all = text.lines().find(|line| line.starts_with("cpu "))?;
    let stolen: u64 = all.split_ascii_whitespace().nth(STEAL)?.parse().ok()?;
    let is_cpu =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let cpus = u64::try_from(text.lines().filter(is_cpu).count()).ok()?.max(1);
    Some(Duration::from_millis(stolen.saturating_mul(1_000 / HZ) / cpus))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_the_average_of_the_cpus() {
        let text = "cpu  609092 71 221661 2405770 5449 0 47363 668 0 0\ncpu0 1 1\ncpu1 1 1\nctxt 5\n";
        assert_eq!(parse(text), Some(Duration::from_millis(3_340)));
        assert_eq!(parse("cpu  1 2 3"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(cpu|[0-9 \n]){0,60}") {
            parse(&text);
        }
    }
}
