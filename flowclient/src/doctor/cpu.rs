//! CPU: how much of it the process may have.

use std::time::Duration;

use rustix::thread::sched_getaffinity;

use super::finding::Finding;
use super::needs::Needs;
use crate::host::{Cgroup, Quota, read};

/// Time that a process may have been throttled without anybody noticing.
const NOT_WORTH_A_WORD: Duration = Duration::from_millis(1);

/// What this process may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Cpu {
    quota: Option<Quota>,
    throttled: Option<Duration>,
    /// CPUs that it may run on.
    allowed: usize,
    /// CPUs that run.
    online: usize,
}

impl Cpu {
    /// Asks the kernel about this process, whose children and siblings mostly have the same.
    pub(super) fn read() -> Self {
        let mut group = Cgroup::default();
        group.follow();
        let is_cpu = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
        Self {
            quota: group.quota(),
            throttled: group.throttled(),
            allowed: sched_getaffinity(None).map_or(0, |set| set.count() as usize),
            online: read("/proc/stat").lines().filter(is_cpu).count(),
        }
    }

    /// Quota, and CPUs allowed.
    pub(super) fn findings(&self, needs: &Needs) -> Vec<Finding> {
        vec![self.quota_finding(), self.affinity_finding(needs)]
    }

    fn quota_finding(&self) -> Finding {
        let ok = |found: String| Finding::ok("cpu-quota", "cgroup cpu.max, cpu.stat", found);
        let Some(quota) = &self.quota else { return ok("none".to_owned()) };
        let throttled = self.throttled.unwrap_or_default();
        let found = ok(format!(
            "{:.2} CPUs in each {} ms, throttled for {:.1} s so far",
            quota.cpus,
            quota.period.as_millis(),
            throttled.as_secs_f64()
        ));
        let cost = format!("once it is used up, all flows stand still for up to {} ms", quota.period.as_millis());
        let judged = if throttled > NOT_WORTH_A_WORD { found.bad(cost) } else { found.warn(cost) };
        let (file, unlimited) = &quota.lifted_by;
        judged.mended_by(format!("echo {unlimited} > '{}'", file.display()))
    }

    fn affinity_finding(&self, needs: &Needs) -> Finding {
        let (allowed, online) = (self.allowed, self.online);
        let finding =
            Finding::ok("cpu-affinity", "sched_getaffinity(2)", format!("{allowed} of {online} CPUs allowed"));
        if allowed >= needs.threads.min(online) {
            return finding;
        }
        let cost = format!("{} threads share {allowed} CPUs: a busy flow keeps others waiting", needs.threads);
        finding.warn(cost).mended_by(format!("taskset --cpu-list --pid 0-{} $$", online.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn quota(throttled_millis: u64) -> Finding {
        let lifted_by = ("/sys/fs/cgroup/cpu.max".into(), "max");
        let quota = Quota { cpus: 0.5, period: Duration::from_millis(100), lifted_by };
        let throttled = Some(Duration::from_millis(throttled_millis));
        Cpu { quota: Some(quota), throttled, ..Cpu::default() }.quota_finding()
    }

    #[test]
    fn a_quota_is_a_warning_and_one_that_throttles_is_bad() {
        assert_eq!(quota(0).verdict, Verdict::Warn);
        let throttling = quota(3_200);
        assert_eq!(throttling.verdict, Verdict::Bad);
        assert_eq!(throttling.found, "0.50 CPUs in each 100 ms, throttled for 3.2 s so far");
        assert_eq!(throttling.command.unwrap(), "echo max > '/sys/fs/cgroup/cpu.max'");
    }

    #[test]
    fn without_a_quota_time_throttled_is_history() {
        let cpu = Cpu { throttled: Some(Duration::from_secs(9)), ..Cpu::default() };
        assert_eq!(cpu.quota_finding().verdict, Verdict::Ok);
    }

    #[test]
    fn threads_want_a_cpu_each() {
        let affinity = |allowed, threads| {
            Cpu { allowed, online: 4, ..Cpu::default() }.affinity_finding(&Needs { threads, ..Needs::default() })
        };
        assert_eq!(affinity(1, 1).verdict, Verdict::Ok);
        assert_eq!(affinity(4, 64).verdict, Verdict::Ok);
        let few = affinity(1, 2);
        assert_eq!((few.verdict, few.command.as_deref()), (Verdict::Warn, Some("taskset --cpu-list --pid 0-3 $$")));
    }
}
