//! Which port of the nodes is whose: a pure allocator.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::key::FlowKey;

/// The ports that flows have for their HTTP on the network of the nodes, one each, the same on every node.
#[derive(Clone, Debug)]
pub struct Ports {
    range: RangeInclusive<u16>,
    owners: BTreeMap<u16, FlowKey>,
}

impl Ports {
    /// None of them is taken.
    pub const fn new(range: RangeInclusive<u16>) -> Self {
        Self { range, owners: BTreeMap::new() }
    }

    /// The port of `flow`: the one that it `had` unless another flow has that now, else the one that is noted, else the lowest that is
    /// free. A port outside of the range is kept while it is had, so that a change of the range moves nothing that is on air.
    /// `None` when all are taken.
    pub fn claim(&mut self, flow: &FlowKey, had: Option<u16>) -> Option<u16> {
        let noted = self.owners.iter().find(|(_, owner)| *owner == flow).map(|(port, _)| *port);
        let free = |port: &u16| !self.owners.contains_key(port);
        let kept = noted.or_else(|| had.filter(|port| *port != 0).filter(free));
        let port = kept.or_else(|| self.range.clone().find(free))?;
        self.owners.insert(port, flow.clone());
        Some(port)
    }

    /// The flow is gone, and so are its instances.
    pub fn release(&mut self, flow: &FlowKey) {
        self.owners.retain(|_, owner| owner != flow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flow(number: u8) -> FlowKey {
        FlowKey::new("default", &format!("ch{number}"))
    }

    #[test]
    fn a_flow_keeps_the_port_that_it_had() {
        let mut ports = Ports::new(20_000..=20_001);
        assert_eq!(ports.claim(&flow(1), Some(20_001)), Some(20_001));
        assert_eq!(ports.claim(&flow(1), None), Some(20_001));
        assert_eq!(ports.claim(&flow(2), Some(20_001)), Some(20_000));
        assert_eq!(ports.claim(&flow(3), None), None);
        ports.release(&flow(1));
        assert_eq!(ports.claim(&flow(3), None), Some(20_001));
        assert_eq!(ports.claim(&flow(4), Some(9_999)), Some(9_999));
    }

    proptest! {
        #[test]
        fn no_two_flows_have_one_port(steps in prop::collection::vec((0..6_u8, prop::option::of(19_998..20_006_u16), any::<bool>()), 0..60)) {
            let mut ports = Ports::new(20_000..=20_003);
            let mut held = BTreeMap::new();
            for (number, had, leaves) in steps {
                if leaves {
                    ports.release(&flow(number));
                    held.remove(&number);
                } else if let Some(port) = ports.claim(&flow(number), had) {
                    let before = held.insert(number, port);
                    prop_assert!(before.is_none_or(|before| before == port));
                } else {
                    prop_assert!((20_000..=20_003).all(|port| held.values().any(|held| *held == port)));
                }
                let mut all: Vec<_> = held.values().collect();
                all.sort();
                all.dedup();
                prop_assert_eq!(all.len(), held.len());
            }
        }
    }
}
