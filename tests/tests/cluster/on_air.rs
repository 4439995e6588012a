//! A flow on air while its cluster breaks: the viewer gets each packet, and once.

use std::time::Duration;

use tests::lab::tell;
use tests::on_air::{Fault, Outcome, Station, suffer};

use super::cluster;

/// How long there is no control plane, or no operator.
const AWAY: Duration = Duration::from_secs(20);

#[test]
fn a_drain_of_the_node_on_air_loses_and_repeats_nothing() {
    let [drained, _] = bear(Fault::Drain);
    assert_eq!((drained.account.duplicates, drained.account.switches), (0, 1));
}

#[test]
fn a_node_on_air_without_power_is_replaced_without_a_loss() {
    let [off, on] = bear(Fault::PowerOff);
    assert_eq!((off.account.duplicates, off.account.switches), (0, 1));
    assert_eq!((on.account.duplicates, on.account.switches), (0, 0));
}

#[test]
fn a_node_on_air_without_its_cable_is_replaced_without_a_loss_and_stands_back_when_it_returns() {
    let [pulled, _] = bear(Fault::CutLink);
    assert_eq!((pulled.account.duplicates, pulled.account.switches), (0, 1));
}

#[test]
fn an_instance_without_kubelet_and_containerd_stays_on_air_alone() {
    let [killed, started] = bear(Fault::KillRuntime);
    assert_eq!((killed.account.duplicates, killed.account.switches), (0, 0));
    // What the node was given up for ends when its kubelet is there again, and hands over.
    assert_eq!((started.account.duplicates, started.account.switches), (0, 1));
}

#[test]
fn without_a_control_plane_all_instances_go_on() {
    stays_as_it_is(Fault::StopControlPlane);
}

#[test]
fn without_the_operator_all_instances_go_on() {
    stays_as_it_is(Fault::KillOperator);
}

fn stays_as_it_is(fault: Fault) {
    for outcome in bear(fault) {
        assert_eq!((outcome.account.duplicates, outcome.account.switches, outcome.instances_lost), (0, 0, 0));
    }
}

/// What came of the fault and of its undoing, neither of which may lose a packet.
fn bear(fault: Fault) -> [Outcome; 2] {
    let cluster = cluster();
    let mut station = Station::start(&cluster, true);
    let outcomes = suffer(&mut station, fault, AWAY);
    station.close();
    for outcome in &outcomes {
        tell(&outcome.to_string());
        assert_eq!((outcome.account.lost_packets, outcome.account.out_of_order), (0, 0), "{outcome:?}");
    }
    outcomes
}
