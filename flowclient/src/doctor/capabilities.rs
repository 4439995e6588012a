//! Capabilities of the process (capabilities(7)). None is needed; each missing one has its price.

use std::env;

use rustix::thread::{CapabilitySet, capabilities};

use super::finding::Finding;

/// What this program can make use of, and for what.
const USEFUL: [(CapabilitySet, &str, &str); 4] = [
    (CapabilitySet::NET_ADMIN, "NET_ADMIN", "receive buffers beyond net.core.rmem_max"),
    (CapabilitySet::NET_RAW, "NET_RAW", "AF_XDP sockets"),
    (CapabilitySet::BPF, "BPF", "XDP programs, by --engine auto too"),
    (CapabilitySet::SYS_NICE, "SYS_NICE", "real-time priority"),
];

/// What this process may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capabilities(CapabilitySet);

impl Capabilities {
    /// Asks the kernel.
    pub(super) fn read() -> Option<Self> {
        capabilities(None).ok().map(|sets| Self(sets.effective))
    }

    /// Whether this one is among them.
    pub(super) fn has(self, one: CapabilitySet) -> bool {
        self.0.contains(one)
    }

    /// Which there are, and what the others would be for. What their want costs in fact is told by the checks of it.
    pub(super) fn finding(self) -> Finding {
        let (have, lack): (Vec<_>, Vec<_>) = USEFUL.iter().partition(|(bit, ..)| self.has(*bit));
        let mut said: Vec<_> = have.iter().map(|(_, name, _)| (*name).to_owned()).collect();
        said.extend(lack.iter().map(|(_, name, what)| format!("no {name} ({what})")));
        let finding = Finding::ok("capabilities", "capget(2)", said.join(", "));
        if lack.is_empty() {
            finding
        } else {
            finding.mended_by(grant(USEFUL.map(|(_, name, _)| format!("cap_{}", name.to_lowercase()))))
        }
    }
}

/// What gives the program the capabilities of these names.
pub(super) fn grant(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let program = env::current_exe().map_or_else(|_| "flowclient".to_owned(), |path| path.display().to_string());
    format!("setcap {}+ep '{program}'", names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_missing_are_said_with_their_use_and_how_to_give_them() {
        let finding = Capabilities(CapabilitySet::NET_ADMIN).finding();
        assert!(finding.found.starts_with("NET_ADMIN, no NET_RAW (AF_XDP sockets)"), "{}", finding.found);
        assert!(finding.command.unwrap().starts_with("setcap cap_net_admin,cap_net_raw,cap_bpf,cap_sys_nice+ep '"));
    }

    #[test]
    fn with_all_of_them_there_is_nothing_to_give() {
        assert_eq!(Capabilities(CapabilitySet::all()).finding().command, None);
    }
}
