//! What drivers spare the CPU: joining and cutting of datagrams.

use super::finding::{Finding, present_and_missing};
use super::netlink::{Features, Link};
use super::network::Network;

/// The kernel joins what comes in (GRO).
const JOINS: &str = "rx-gro";
/// The kernel cuts what goes out as late as it can (GSO).
const CUTS: &str = "tx-generic-segmentation";
/// The card cuts it (USO), and joins for sockets that did not ask.
const CARD_CUTS: &str = "tx-udp-segmentation";

/// Of each interface concerned. `features` gives what is in force there; `None` where the kernel does not tell.
pub(super) fn findings(network: &Network, features: impl Fn(&Link) -> Option<Features>) -> Vec<Finding> {
    let links = network.concerned().into_iter().filter(|link| !link.is_loopback);
    links.filter_map(|link| Some(finding(network, link, &features(link)?))).collect()
}

fn finding(network: &Network, link: &Link, features: &Features) -> Finding {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::network;

    fn found(features: &[&str]) -> Vec<Finding> {
        let network = network("udp://239.9.9.9:5000?iface=in0", "239.1.1.7:5000?iface=out0");
        findings(&network, |_| Some(features.iter().map(|name| (*name).into()).collect()))
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
        assert!(findings(&network, |_| None).is_empty());
    }
}
