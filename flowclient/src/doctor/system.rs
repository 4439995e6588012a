//! The kernel's options, huge pages, and the limits of the process.

use relay::io::udp::{Support, support};
use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, present_and_missing};
use super::needs::Needs;
use crate::host::read;

const HUGE_PAGES: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

/// What the kernel has.
#[derive(Clone, Debug)]
pub(super) struct System {
    release: String,
    support: Option<Support>,
    huge_pages: String,
    /// As many file descriptors as the process may ask for, which it does at its start; none: no limit.
    descriptors: Option<u64>,
}

impl System {
    /// Asks the kernel.
    pub(super) fn read() -> Self {
        Self {
            release: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            support: support().ok(),
            huge_pages: read(HUGE_PAGES),
            descriptors: getrlimit(Resource::Nofile).maximum,
        }
    }

    /// Options, huge pages, descriptors.
    pub(super) fn findings(&self, needs: &Needs) -> Vec<Finding> {
        let optional = self.kernel_finding().into_iter().chain(self.huge_pages_finding());
        optional.chain([self.descriptors_finding(needs)]).collect()
    }

    /// `None` when no socket could be opened to ask.
    fn kernel_finding(&self) -> Option<Finding> {
        let Support { receive_offload, segmentation, transmit_time } = self.support?;
        let options = [("UDP_GRO", receive_offload), ("UDP_SEGMENT", segmentation), ("SO_TXTIME", transmit_time)];
        let found = format!("Linux {}: {}", self.release, present_and_missing(&options));
        let finding = Finding::ok("kernel", "setsockopt(2)", found);
        if receive_offload && segmentation {
            return Some(finding);
        }
        let dear = finding.warn("each datagram takes its own way through the kernel: two to four times the CPU");
        Some(dear.advised("boot Linux 5.0 or newer"))
    }

    /// `None` where the kernel has none.
    fn huge_pages_finding(&self) -> Option<Finding> {
        let (_, rest) = self.huge_pages.split_once('[')?;
        let mode = rest.split_once(']')?.0;
        Some(Finding::ok("huge-pages", HUGE_PAGES, format!("{mode} (optional: --huge-pages)")))
    }

    fn descriptors_finding(&self, needs: &Needs) -> Finding {
        let allowed = self.descriptors.map_or_else(|| "any number".to_owned(), |limit| limit.to_string());
        let wanted = needs.descriptors;
        let found = format!("{allowed} allowed, up to {wanted} wanted");
        let finding = Finding::ok("file-descriptors", "RLIMIT_NOFILE", found);
        if self.descriptors.is_none_or(|limit| limit >= wanted) {
            return finding;
        }
        let bad = finding.bad("flows whose sockets cannot be opened do not start");
        bad.mended_by(format!("prlimit --pid $$ --nofile={wanted}:{wanted}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn system() -> System {
        System {
            release: "6.1.0".to_owned(),
            support: Some(Support { receive_offload: true, segmentation: true, transmit_time: true }),
            huge_pages: "always [madvise] never\n".to_owned(),
            descriptors: Some(1_024),
        }
    }

    #[test]
    fn a_kernel_that_joins_datagrams_is_ok_and_one_that_does_not_is_dear() {
        let good = system().kernel_finding().unwrap();
        assert_eq!((good.verdict, good.found.as_str()), (Verdict::Ok, "Linux 6.1.0: UDP_GRO, UDP_SEGMENT, SO_TXTIME"));
        let support = Some(Support { receive_offload: false, segmentation: true, transmit_time: false });
        let old = System { support, ..system() }.kernel_finding().unwrap();
        assert_eq!(old.verdict, Verdict::Warn);
        assert!(old.found.contains("UDP_SEGMENT, no UDP_GRO, no SO_TXTIME"));
    }

    #[test]
    fn huge_pages_are_told_where_there_are_any() {
        assert_eq!(system().huge_pages_finding().unwrap().found, "madvise (optional: --huge-pages)");
        assert_eq!(System { huge_pages: String::new(), ..system() }.huge_pages_finding(), None);
    }

    #[test]
    fn many_flows_want_many_descriptors() {
        let finding = |descriptors| system().descriptors_finding(&Needs { descriptors, ..Needs::default() });
        assert_eq!(finding(1_024).verdict, Verdict::Ok);
        let few = finding(1_025);
        let command = Some("prlimit --pid $$ --nofile=1025:1025");
        assert_eq!((few.verdict, few.command.as_deref()), (Verdict::Bad, command));
    }
}
