//! Joining groups: the version of IGMP and MLD, and how many groups a socket may join.

use std::net::IpAddr;

use super::finding::{Finding, Setting, counted, sysctl};
use super::netlink::Link;
use super::network::Network;

/// Groups that a socket of this program joins.
const GROUPS_PER_SOCKET: u64 = 1;
/// The kernel's own limit.
const USUAL_GROUPS: u64 = 20;
/// First versions that can name the sender: IGMPv3 (RFC 3376), MLDv2 (RFC 3810).
const IGMP_WITH_SENDERS: u64 = 3;
const MLD_WITH_SENDERS: u64 = 2;

/// Of the limit, and of each interface that groups are joined on. `read` gives the value of a setting.
pub(super) fn findings(network: &Network, read: impl Fn(&Setting) -> Option<u64>) -> Vec<Finding> {
    let concerned = network.concerned();
    let versions = concerned.iter().flat_map(|link| [true, false].map(|is_v4| version(network, link, is_v4, &read)));
    let versions: Vec<_> = versions.flatten().collect();
    limit(network, &read).into_iter().chain(versions).collect()
}

/// The limit counts the groups of each socket by itself, so that the number of flows does not matter.
fn limit(network: &Network, read: &impl Fn(&Setting) -> Option<u64>) -> Option<Finding> {
    let joined = network.ways.iter().filter(|way| way.is_in() && way.end.is_group() && way.end.address.is_ipv4());
    let (count, setting) = (joined.count(), Setting("net/ipv4/igmp_max_memberships".to_owned()));
    let most = read(&setting).filter(|_| count > 0)?;
    let found = format!("{most} a socket; {} by a socket each", counted(count, "group"));
    let finding = Finding::ok("group-limit", setting.path(), found);
    if most >= GROUPS_PER_SOCKET {
        return Some(finding);
    }
    let bad = finding.bad("no group can be joined: inputs, and what a standby listens to, stay silent");
    Some(bad.mended_by(sysctl(&[setting.set_to(USUAL_GROUPS)])))
}

fn version(network: &Network, link: &Link, is_v4: bool, read: &impl Fn(&Setting) -> Option<u64>) -> Option<Finding> {
    let joins = || {
        let ways = network.ways_by(link).filter(|way| way.is_in() && way.end.is_group());
        ways.filter(|way| way.end.address.is_ipv4() == is_v4)
    };
    joins().next()?;
    let (family, name, protocol, newest) = match is_v4 {
        true => ("ipv4", "force_igmp_version", "IGMPv", IGMP_WITH_SENDERS),
        false => ("ipv6", "force_mld_version", "MLDv", MLD_WITH_SENDERS),
    };
    let settings = ["all", &link.name].map(|place| Setting::of_interface(family, place, name));
    let forced: Vec<_> =
        settings.iter().filter(|setting| read(setting).is_some_and(|version| is_old(version, newest))).collect();
    let found = match forced.first().and_then(|setting| read(setting)) {
        Some(version) => format!("{protocol}{version} forced"),
        None => format!("{protocol}{newest}, or as old as the querier's"),
    };
    let finding = Finding::ok("group-version", settings[1].path(), found).of(&link.name);
    if forced.is_empty() {
        return Some(finding);
    }
    let senders: Vec<IpAddr> = joins().filter_map(|way| way.end.source).collect();
    let judged = match senders.first() {
        Some(sender) => finding.bad(format!("{protocol}{newest} alone can ask for {sender}: its group does not come")),
        None => finding.warn("groups are asked for and left in an old way: slower, and never by their sender"),
    };
    let commands: Vec<_> = forced.iter().map(|setting| setting.set_to(0)).collect();
    Some(judged.mended_by(sysctl(&commands)))
}

/// 0 forces none.
const fn is_old(version: u64, newest: u64) -> bool {
    version > 0 && version < newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::network::planted::network;

    /// Findings where the settings that are named have these values, and all others 0.
    fn found(source: &str, settings: &[(&str, u64)]) -> Vec<(Verdict, Option<String>)> {
        let value = |setting: &Setting| {
            Some(settings.iter().find(|(name, _)| setting.to_string() == *name).map_or(0, |(_, value)| *value))
        };
        let found = findings(&network(source, "239.1.1.7:5000?iface=out0"), value);
        found.into_iter().map(|finding| (finding.verdict, finding.command)).collect()
    }

    const LIMIT: &str = "net.ipv4.igmp_max_memberships";
    const ANY: &str = "udp://239.9.9.9:5000?iface=in0";
    const ONE: &str = "udp://10.0.0.5@232.9.9.9:5000?iface=in0";

    #[test]
    fn one_group_a_socket_is_enough_and_none_is_not() {
        assert_eq!(found(ANY, &[(LIMIT, 1)])[0], (Verdict::Ok, None));
        let raised = format!("sysctl -w {LIMIT}=20");
        assert_eq!(found(ANY, &[(LIMIT, 0)])[0], (Verdict::Bad, Some(raised)));
    }

    #[test]
    fn an_old_version_is_bad_for_groups_by_their_sender() {
        let forced = [(LIMIT, 20), ("net.ipv4.conf.in0.force_igmp_version", 2)];
        let freed = Some("sysctl -w net.ipv4.conf.in0.force_igmp_version=0".to_owned());
        assert_eq!(found(ONE, &forced)[1], (Verdict::Bad, freed.clone()));
        assert_eq!(found(ANY, &forced)[1], (Verdict::Warn, freed));
        assert_eq!(found(ONE, &[(LIMIT, 20), ("net.ipv4.conf.all.force_igmp_version", 3)])[1].0, Verdict::Ok);
    }

    #[test]
    fn groups_of_ipv6_have_their_own_version() {
        let forced = [("net.ipv6.conf.all.force_mld_version", 1)];
        let freed = Some("sysctl -w net.ipv6.conf.all.force_mld_version=0".to_owned());
        assert_eq!(found("udp://[fd00::5]@[ff3e::9]:5000?iface=in0", &forced), [(Verdict::Bad, freed)]);
    }
}
