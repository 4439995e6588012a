//! The clock: how dear a look at it is, and whether it is right.

use relay::io::clock::{Discipline, discipline};

use super::finding::Finding;
use super::needs::Needs;
use crate::host::read;

const SOURCES: &str = "/sys/devices/system/clocksource/clocksource0";
/// Clock sources that are read in user space, best first: of x86 and its hypervisors, and of arm64.
const CHEAP: [&str; 4] = ["tsc", "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page"];

/// What the kernel says of its clock.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    source: String,
    available: Vec<String>,
    discipline: Option<Discipline>,
}

impl Clock {
    /// Asks the kernel.
    pub(super) fn read() -> Self {
        let available = read(&format!("{SOURCES}/available_clocksource"));
        Self {
            source: read(&format!("{SOURCES}/current_clocksource")).trim().to_owned(),
            available: available.split_whitespace().map(Into::into).collect(),
            discipline: discipline().ok(),
        }
    }

    /// The source, and whether UTC is kept.
    pub(super) fn findings(&self, needs: &Needs) -> Vec<Finding> {
        self.source_finding().into_iter().chain(self.discipline_finding(needs)).collect()
    }

    /// `None` where the machine does not tell.
    fn source_finding(&self) -> Option<Finding> {
        let finding = Finding::ok("clock-source", format!("{SOURCES}/current_clocksource"), self.source.as_str());
        if self.source.is_empty() || CHEAP.contains(&self.source.as_str()) {
            return Some(finding).filter(|finding| !finding.found.is_empty());
        }
        let dear = finding
            .warn("each look at the clock, one a batch and more when paced, is a system call of a microsecond or more");
        Some(match CHEAP.iter().find(|cheap| self.available.iter().any(|have| have == *cheap)) {
            Some(cheap) => dear.mended_by(format!("echo {cheap} > {SOURCES}/current_clocksource")),
            None => dear.advised("boot with tsc=reliable if the CPU's counter is invariant"),
        })
    }

    /// `None` where the kernel does not tell.
    fn discipline_finding(&self, needs: &Needs) -> Option<Finding> {
        let Discipline { is_synchronised, most_error } = self.discipline?;
        let error = format!("within {:.1} ms", most_error.as_secs_f64() * 1e3);
        let found = if is_synchronised { format!("synchronised, {error}") } else { "not synchronised".to_owned() };
        let finding = Finding::ok("clock-synchronisation", "adjtimex(2)", found);
        if is_synchronised {
            return Some(finding);
        }
        let judged = match &needs.by_utc {
            Some(flow) => {
                finding.of(flow).bad("instances on two hosts make different datagrams: a take-over is not seamless")
            }
            None => finding.warn("UTC drifts away: times in logs, recordings and pictures are wrong"),
        };
        Some(judged.mended_by("apt-get install --yes chrony && chronyc waitsync 60"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use std::time::Duration;

    fn clock(source: &str, is_synchronised: bool) -> Clock {
        Clock {
            source: source.to_owned(),
            available: ["hpet", "kvm-clock"].map(Into::into).to_vec(),
            discipline: Some(Discipline { is_synchronised, most_error: Duration::from_millis(2) }),
        }
    }

    #[test]
    fn a_counter_of_the_cpu_is_cheap_and_one_of_the_board_is_dear() {
        assert_eq!(clock("tsc", true).source_finding().unwrap().verdict, Verdict::Ok);
        let dear = clock("hpet", true).source_finding().unwrap();
        assert_eq!(dear.verdict, Verdict::Warn);
        assert_eq!(dear.command.unwrap(), format!("echo kvm-clock > {SOURCES}/current_clocksource"));
        let only = Clock { available: Vec::new(), ..clock("acpi_pm", true) }.source_finding().unwrap();
        assert!(only.command.is_none() && only.advice.is_some());
    }

    #[test]
    fn utc_must_be_right_for_instances_that_agree_by_it() {
        let verdict = |is_synchronised, by_utc: Option<&str>| {
            let needs = Needs { by_utc: by_utc.map(Into::into), ..Needs::default() };
            clock("tsc", is_synchronised).discipline_finding(&needs).unwrap().verdict
        };
        assert_eq!(verdict(true, Some("ch7")), Verdict::Ok);
        assert_eq!(verdict(false, None), Verdict::Warn);
        assert_eq!(verdict(false, Some("ch7")), Verdict::Bad);
    }
}
