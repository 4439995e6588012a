//! AF_XDP: which engine each interface could use, and what keeps it from the other.

use relay::drive::XDP_LOCKED_BYTES;
use relay::io::xdp::{self, Refusal};
use relay::spec::Engine;
use rustix::process::{Resource, getrlimit};
use rustix::thread::CapabilitySet;

use super::capabilities::{self, Capabilities};
use super::finding::Finding;
use super::netlink::Link;
use super::network::Network;
use crate::human;

const CHECK: &str = "xdp";

/// What an interface's driver can: run programs itself, and have AF_XDP without a copy. `None` where the kernel does not tell.
pub(super) type Native = Option<(bool, bool)>;

/// What this process may, whatever the interface.
#[derive(Clone, Debug)]
pub(super) struct Xdp {
    /// Capabilities that are missing.
    lacking: Vec<&'static str>,
    /// What the kernel says when it is asked for AF_XDP.
    probed: Result<(), Refusal>,
    /// Whether `--engine auto` would take it.
    is_wanted: bool,
    /// Bytes of memory that may be locked, and as many as the process may ask for; none: no limit.
    lockable_bytes: (Option<u64>, Option<u64>),
}

/// What keeps an interface from AF_XDP.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hindrance {
    Capabilities,
    Kernel(String),
    /// With as much as may be asked for, or not.
    Memory {
        lockable: u64,
        wanted: u64,
        is_in_reach: bool,
    },
}

impl Xdp {
    /// Asks the kernel.
    pub(super) fn read() -> Self {
        let limit = getrlimit(Resource::Memlock);
        let is_limited = !Capabilities::read().is_some_and(|ours| ours.has(CapabilitySet::IPC_LOCK));
        Self {
            lacking: xdp::lacking_capabilities(),
            probed: xdp::probe(),
            is_wanted: xdp::is_wanted(),
            lockable_bytes: (limit.current.filter(|_| is_limited), limit.maximum),
        }
    }

    /// Of each interface concerned, when flows are to run with `engine`. `native` gives what its driver can.
    pub(super) fn findings(&self, network: &Network, engine: Engine, native: impl Fn(&Link) -> Native) -> Vec<Finding> {
        let links: Vec<_> = network.concerned().into_iter().filter(|link| !link.is_loopback).collect();
        let hindrance = self.hindrance(links.len() as u64);
        links.into_iter().map(|link| self.finding(link, native(link), engine, hindrance.as_ref())).collect()
    }

    /// What is in the way of AF_XDP on so many interfaces, the first to be mended first.
    fn hindrance(&self, interfaces: u64) -> Option<Hindrance> {
        let wanted = XDP_LOCKED_BYTES as u64 * interfaces;
        let (lockable, most) = self.lockable_bytes;
        match (&self.probed, lockable) {
            _ if !self.lacking.is_empty() => Some(Hindrance::Capabilities),
            (Err(refusal), _) => Some(Hindrance::Kernel(refusal.to_string())),
            (Ok(()), Some(lockable)) if lockable < wanted => {
                Some(Hindrance::Memory { lockable, wanted, is_in_reach: most.is_none_or(|most| most >= wanted) })
            }
            (Ok(()), _) => None,
        }
    }

    fn finding(&self, link: &Link, native: Native, engine: Engine, hindrance: Option<&Hindrance>) -> Finding {
        let driver = match native {
            Some((true, true)) => "native, without a copy",
            Some((true, false)) => "native, with a copy",
            Some((false, _)) => "not by the driver",
            None => "not told whether by the driver",
        };
        let takes_xdp = self.is_wanted && native.is_none_or(|(is_native, _)| is_native);
        let engines = match hindrance {
            Some(hindrance) => format!("sockets only: {}", self.said(hindrance)),
            None if takes_xdp => "auto takes AF_XDP".to_owned(),
            None => "auto takes sockets, --engine xdp AF_XDP".to_owned(),
        };
        let finding = Finding::ok(CHECK, "NETDEV_CMD_DEV_GET, bpf(2), socket(2)", format!("{driver}; {engines}"));
        let finding = finding.of(&link.name);
        match hindrance {
            Some(hindrance) => hindrance.mend(hindrance.judge(finding, engine)),
            None => finding,
        }
    }

    fn said(&self, hindrance: &Hindrance) -> String {
        match hindrance {
            Hindrance::Capabilities => format!("no {}", self.lacking.join(", no ")),
            Hindrance::Kernel(reason) => reason.clone(),
            Hindrance::Memory { lockable, wanted, .. } => {
                format!("{} of memory can be locked, of {}", human::bytes(*lockable), human::bytes(*wanted))
            }
        }
    }
}

impl Hindrance {
    /// Only who asks for AF_XDP misses it.
    fn judge(&self, finding: Finding, engine: Engine) -> Finding {
        match (engine, self) {
            (Engine::Auto | Engine::Socket, _) => finding,
            (Engine::Xdp, Self::Memory { .. }) => finding.warn("what finds no memory goes through sockets"),
            (Engine::Xdp, Self::Capabilities | Self::Kernel(_)) => finding.bad("with --engine xdp no flow starts"),
        }
    }

    fn mend(&self, finding: Finding) -> Finding {
        match self {
            Self::Capabilities => finding.mended_by(grant(&[])),
            Self::Kernel(_) => finding.advised("boot Linux 5.9 or newer, built with CONFIG_XDP_SOCKETS"),
            // In KiB.
            Self::Memory { wanted, is_in_reach: true, .. } => finding.mended_by(format!("ulimit -l {}", wanted >> 10)),
            Self::Memory { .. } => finding.mended_by(grant(&["CAP_IPC_LOCK"])),
        }
    }
}

/// What gives the program all that AF_XDP takes, and `more`.
fn grant(more: &[&str]) -> String {
    let names = xdp::CAPABILITIES.iter().map(|(_, name)| name).chain(more);
    capabilities::grant(names.map(|name| name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::network;

    fn able() -> Xdp {
        Xdp { lacking: Vec::new(), probed: Ok(()), is_wanted: false, lockable_bytes: (None, None) }
    }

    fn found(xdp: &Xdp, engine: Engine, native: Native) -> Finding {
        let network = network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0");
        let mut findings = xdp.findings(&network, engine, |_| native);
        assert_eq!(findings.len(), 2, "one an interface");
        findings.remove(0)
    }

    #[test]
    fn auto_takes_af_xdp_where_it_is_native_and_welcome() {
        let said = |xdp, native| found(&xdp, Engine::Auto, Some(native)).found;
        let welcome = Xdp { is_wanted: true, ..able() };
        assert_eq!(said(welcome.clone(), (true, false)), "native, with a copy; auto takes AF_XDP");
        assert_eq!(said(welcome, (false, false)), "not by the driver; auto takes sockets, --engine xdp AF_XDP");
        assert_eq!(said(able(), (true, true)), "native, without a copy; auto takes sockets, --engine xdp AF_XDP");
    }

    #[test]
    fn capabilities_that_are_missing_are_named_and_matter_to_those_who_ask_for_af_xdp() {
        let poor = Xdp { lacking: vec!["CAP_NET_RAW", "CAP_BPF"], ..able() };
        let asked = found(&poor, Engine::Xdp, None);
        assert_eq!(asked.found, "not told whether by the driver; sockets only: no CAP_NET_RAW, no CAP_BPF");
        assert_eq!(asked.verdict, Verdict::Bad);
        assert!(asked.command.unwrap().starts_with("setcap cap_net_raw,cap_net_admin,cap_bpf+ep '"));
        assert_eq!(found(&poor, Engine::Auto, None).verdict, Verdict::Ok);
    }

    #[test]
    fn each_interface_wants_its_memory() {
        let of = |interfaces: u64| Some(XDP_LOCKED_BYTES as u64 * interfaces);
        let asked = |limits| found(&Xdp { lockable_bytes: limits, ..able() }, Engine::Xdp, None);
        assert_eq!(asked((of(2), of(2))).verdict, Verdict::Ok);
        assert_eq!(asked((of(1), None)).verdict, Verdict::Warn);
        assert_eq!(asked((of(1), of(2))).command.as_deref(), Some("ulimit -l 65536"));
        let command = asked((of(1), of(1))).command;
        assert!(command.unwrap().starts_with("setcap cap_net_raw,cap_net_admin,cap_bpf,cap_ipc_lock+ep '"));
    }

    #[test]
    fn a_kernel_without_af_xdp_is_said_to_be_one() {
        let finding = found(&Xdp { probed: Err(Refusal::Absent), ..able() }, Engine::Xdp, Some((false, false)));
        assert_eq!((finding.verdict, finding.command), (Verdict::Bad, None));
        assert!(finding.found.ends_with("this kernel knows no AF_XDP"), "{}", finding.found);
    }
}
