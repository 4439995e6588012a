//! What flows hold that no other flow may have: ports of the nodes, and the outputs that they send to.
//!
//! It is in memory so that two flows that are looked at in the same moment do not get the same; what lasts is in the status of each flow, from
//! which it is filled when an operator begins.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use relay::spec::{FlowEntry, Output, Pair};

use super::key::FlowKey;
use super::ports::Ports;
use super::resolve::Problem;
use crate::crd::Flow;

/// Who holds what.
#[derive(Clone, Debug)]
pub struct Ledger {
    ports: Ports,
    outputs: BTreeMap<FlowKey, Vec<Output>>,
}

impl Ledger {
    /// Nobody holds anything.
    pub const fn new(ports: RangeInclusive<u16>) -> Self {
        Self { ports: Ports::new(ports), outputs: BTreeMap::new() }
    }

    /// Notes what flows held when they were last looked at. Of two with one port or output, the older has it.
    pub fn fill<'a>(&mut self, flows: impl IntoIterator<Item = &'a Flow>) {
        let mut flows: Vec<_> = flows.into_iter().collect();
        flows.sort_by_key(|flow| age(flow));
        for flow in flows {
            let (key, status) = (FlowKey::of(flow), flow.status.clone().unwrap_or_default());
            if status.port.is_some() {
                self.ports.claim(&key, status.port);
            }
            let held: Vec<Output> = status.holds.iter().filter_map(|output| output.parse().ok()).collect();
            if !held.is_empty() && self.holder_of(&held, &key).is_none() {
                self.outputs.insert(key, held);
            }
        }
    }

    /// The port of a flow, if there is one left ([`Ports::claim`]).
    pub fn port(&mut self, flow: &FlowKey, had: Option<u16>) -> Option<u16> {
        self.ports.claim(flow, had)
    }

    /// Gives `flow` the outputs that it wants beside those that it holds.
    ///
    /// # Errors
    /// [`Problem::Conflict`] when another flow holds one.
    pub fn hold(&mut self, flow: &FlowKey, wanted: Vec<Output>) -> Result<(), Problem> {
        if let Some((holder, output)) = self.holder_of(&wanted, flow) {
            return Err(Problem::Conflict { output: output.to_string(), holder: holder.to_string() });
        }
        let held = self.outputs.entry(flow.clone()).or_default();
        wanted.into_iter().for_each(|output| {
            if !held.contains(&output) {
                held.push(output);
            }
        });
        Ok(())
    }

    /// `flow` sends to these only from now on.
    pub fn keep_only(&mut self, flow: &FlowKey, outputs: &[Output]) {
        if let Some(held) = self.outputs.get_mut(flow) {
            held.retain(|output| outputs.contains(output));
        }
    }

    /// What `flow` holds, as its status has it.
    pub fn held(&self, flow: &FlowKey) -> Vec<String> {
        self.outputs.get(flow).into_iter().flatten().map(ToString::to_string).collect()
    }

    /// The flow is gone, and so are its instances.
    pub fn forget(&mut self, flow: &FlowKey) {
        self.ports.release(flow);
        self.outputs.remove(flow);
    }

    fn holder_of(&self, wanted: &[Output], by: &FlowKey) -> Option<(&FlowKey, Output)> {
        self.outputs.iter().filter(|(holder, _)| *holder != by).find_map(|(holder, held)| {
            let taken = held.iter().find(|held| wanted.iter().any(|wanted| wanted.collides_with(held)))?;
            Some((holder, taken.clone()))
        })
    }
}

/// All that a flow sends to, its instances' own messages included.
pub fn outputs_of(entry: &FlowEntry) -> Vec<Output> {
    let meeting_point = entry.outputs.iter().find(|output| output.is_to_group());
    let control = meeting_point.filter(|_| entry.pair == Pair::Standby).and_then(Output::control);
    entry.outputs.iter().cloned().chain(control).collect()
}

/// Of two flows the lesser was there first.
pub fn age(flow: &Flow) -> (String, FlowKey) {
    let created = flow.metadata.creation_timestamp.as_ref().map(|created| created.0.to_string()).unwrap_or_default();
    (created, FlowKey::of(flow))
}

/// The older flow that wants one of these outputs and holds none yet, if there is one: at the first look at many flows their age decides
/// and not which happens to be looked at first.
pub fn older_rival<'a>(flow: &Flow, wanted: &[Output], others: impl IntoIterator<Item = &'a Flow>) -> Option<Problem> {
    let own_age = age(flow);
    let wants = |other: &Flow| {
        let entry = other.spec.entry(other.metadata.name.as_deref().unwrap_or_default()).ok()?;
        outputs_of(&entry).into_iter().find(|output| wanted.iter().any(|own| own.collides_with(output)))
    };
    let is_new = |other: &Flow| other.status.is_none() && other.metadata.deletion_timestamp.is_none();
    let rivals = others.into_iter().filter(|other| is_new(other) && may_send_to(other, wanted));
    rivals.filter(|other| age(other) < own_age).find_map(|other| {
        Some(Problem::Conflict { output: wants(other)?.to_string(), holder: FlowKey::of(other).to_string() })
    })
}

/// Whether it is worth while to look closely, of a thousand flows: an IPv4 address is written in one way only.
fn may_send_to(flow: &Flow, wanted: &[Output]) -> bool {
    let written = flow.spec.entry.fields().get("out").map(ToString::to_string).unwrap_or_default();
    wanted.iter().any(|output| output.address.is_ipv6() || written.contains(&output.address.ip().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn flow(name: &str, created: &str, out: &str, status: Value) -> Flow {
        serde_json::from_value(json!({
            "apiVersion": "flowclient.io/v1alpha1", "kind": "Flow",
            "metadata": {"name": name, "namespace": "tv", "creationTimestamp": created},
            "spec": {"in": "test:", "out": [out]}, "status": status,
        }))
        .unwrap()
    }

    fn outputs(urls: &[&str]) -> Vec<Output> {
        urls.iter().map(|url| url.parse().unwrap()).collect()
    }

    #[test]
    fn an_output_is_of_one_flow() {
        let mut ledger = Ledger::new(1..=9);
        let [one, other] = ["ch1", "ch2"].map(|name| FlowKey::new("tv", name));
        assert_eq!(ledger.hold(&one, outputs(&["239.1.1.7:5000"])), Ok(()));
        let refusal = ledger.hold(&other, outputs(&["rtp://239.1.1.7:5000"])).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "udp://239.1.1.7:5000 is an output of flow tv/ch1, which was there first; send to another address"
        );
        assert_eq!(ledger.hold(&one, outputs(&["239.1.1.8:5000"])), Ok(()));
        ledger.keep_only(&one, &outputs(&["239.1.1.8:5000"]));
        assert_eq!(ledger.held(&one), ["udp://239.1.1.8:5000"]);
        assert_eq!(ledger.hold(&other, outputs(&["rtp://239.1.1.7:5000"])), Ok(()));
        ledger.forget(&one);
        assert_eq!(ledger.hold(&other, outputs(&["239.1.1.8:5000"])), Ok(()));
    }

    #[test]
    fn the_port_of_the_messages_is_held_too() {
        let entry =
            |pair: &str| flow("a", "2026-01-01T00:00:00Z", "239.1.1.7:5000", Value::Null).spec.entry(pair).unwrap();
        let held: Vec<_> = outputs_of(&entry("a")).iter().map(ToString::to_string).collect();
        assert_eq!(held, ["udp://239.1.1.7:5000", "udp://239.1.1.7:5001"]);
    }

    #[test]
    fn who_held_an_output_before_has_it_though_another_is_older() {
        let held = json!({"holds": ["udp://239.1.1.7:5000"], "port": 5});
        let flows = [
            flow("a", "2026-01-01T00:00:00Z", "239.1.1.7:5000", json!({})),
            flow("b", "2026-01-02T00:00:00Z", "239.1.1.7:5000", held),
        ];
        let mut ledger = Ledger::new(1..=9);
        ledger.fill(&flows);
        assert_eq!(ledger.port(&FlowKey::new("tv", "b"), None), Some(5));
        assert!(ledger.hold(&FlowKey::new("tv", "a"), outputs(&["239.1.1.7:5000"])).is_err());
    }

    #[test]
    fn of_two_that_nobody_has_looked_at_the_older_goes_first() {
        let [old, young] = [("a", "2026-01-01T00:00:00Z"), ("b", "2026-01-02T00:00:00Z")]
            .map(|(name, created)| flow(name, created, "239.1.1.7:5000", Value::Null));
        let wanted = outputs(&["239.1.1.7:5000"]);
        assert!(older_rival(&young, &wanted, [&old, &young]).is_some());
        assert!(older_rival(&old, &wanted, [&old, &young]).is_none());
    }
}
