//! What drivers spare the CPU: joining and cutting of datagrams, XDP.

use super::finding::{Finding, present_and_missing};
use super::netlink::{Ethtool, Features, Link};
use super::network::Network;

/// The kernel joins what comes in (GRO).
const JOINS: &str = "rx-gro";
/// The kernel cuts what goes out as late as it can (GSO).
const CUTS: &str = "tx-generic-segmentation";
/// The card cuts it (USO), and joins for sockets that did not ask.
const CARD_CUTS: &str = "tx-udp-segmentation";

/// What is in force on an interface; `None` where the kernel does not tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Offload {
    features: Option<Features>,
    /// Whether the driver runs XDP programs itself, and whether AF_XDP does without a copy.
    native_xdp: Option<(bool, bool)>,
}

impl Offload {
    /// Asks the kernel.
    pub(super) fn read(ethtool: &Ethtool, link: &Link) -> Self {
        Self { features: ethtool.features(link.index), native_xdp: ethtool.native_xdp(link.index) }
    }
}

/// Of each interface concerned. `offload` gives what the kernel says of it.
pub(super) fn findings(network: &Network, offload: impl Fn(&Link) -> Offload) -> Vec<Finding> {
    let links = network.concerned().into_iter().filter(|link| !link.is_loopback);
    links.flat_map(|link| of_link(network, link, &offload(link))).collect()
}

fn of_link(network: &Network, link: &Link, offload: &Offload) -> Vec<Finding> {
    let features = offload.features.as_ref().map(|features| features_finding(network, link, features));
    features.into_iter().chain(offload.native_xdp.map(|native| xdp_finding(link, native))).collect()
}

fn features_finding(network: &Network, link: &Link, features: &Features) -> Finding {
    let has = |name: &str| features.iter().any(|feature| feature == name);
    let said = [("GRO", has(JOINS)), ("GSO", has(CUTS)), ("USO by the card", has(CARD_CUTS))];
    let finding = Finding::ok("offload", "ETHTOOL_MSG_FEATURES_GET", present_and_missing(&said)).of(&link.name);
    let is_passed = |inwards: bool| network.ways.is_empty() || network.ways_by(link).any(|way| way.is_in() == inwards);
    let lacks = [("gro", !has(JOINS) && is_passed(true)), ("gso", !has(CUTS) && !has(CARD_CUTS) && is_passed(false))];
    let lacking: Vec<_> = lacks.iter().filter(|(_, lacks)| *lacks).map(|(name, _)| format!("{name} on")).collect();
    if lacking.is_empty() {
        return finding;
    }
    let dear = finding
        .warn("datagrams that come or leave together are handled one by one: up to four times the CPU at high rates");
    dear.mended_by(format!("ethtool -K {} {}", link.name, lacking.join(" ")))
}

fn xdp_finding(link: &Link, (is_native, is_zero_copy): (bool, bool)) -> Finding {
    let found = match (is_native, is_zero_copy) {
        (true, true) => "native, without a copy",
        (true, false) => "native, with a copy",
        (false, _) => "not by the driver",
    };
    Finding::ok("xdp", "NETDEV_CMD_DEV_GET", found).of(&link.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::network;

    fn found(features: &[&str]) -> Vec<Finding> {
        let offload =
            Offload { features: Some(features.iter().map(|name| (*name).into()).collect()), native_xdp: None };
        findings(&network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0"), |_| offload.clone())
    }

    #[test]
    fn joining_matters_where_datagrams_come_in_and_cutting_where_they_leave() {
        assert!(found(&[JOINS, CUTS]).iter().all(|finding| finding.verdict == Verdict::Ok));
        let commands: Vec<_> = found(&[]).into_iter().map(|finding| (finding.verdict, finding.command)).collect();
        let wanted = ["ethtool -K in0 gro on", "ethtool -K out0 gso on"];
        assert_eq!(commands, wanted.map(|command| (Verdict::Warn, Some(command.to_owned()))));
    }

    #[test]
    fn a_card_that_cuts_by_itself_is_as_good() {
        assert_eq!(found(&[JOINS, CARD_CUTS])[1].verdict, Verdict::Ok);
    }

    #[test]
    fn where_the_kernel_does_not_tell_nothing_is_said() {
        let network = network("test:", "239.1.1.7:5000?iface=out0");
        assert!(findings(&network, |_| Offload::default()).is_empty());
        let native = Offload { native_xdp: Some((true, false)), ..Offload::default() };
        assert_eq!(findings(&network, |_| native.clone())[0].found, "native, with a copy");
    }
}
