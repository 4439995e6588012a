//! A reload as a difference: which flows come, go, change, or run on untouched.

use std::fmt;

use relay::spec::FlowSpec;

/// What leads from the flows that run to those that are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Flows that do not run yet.
    pub(crate) added: Vec<FlowSpec>,
    /// Flows that run otherwise than wanted; as they are wanted.
    pub(crate) changed: Vec<FlowSpec>,
    /// Names of flows that are no longer wanted.
    pub(crate) removed: Vec<String>,
}

impl Plan {
    /// The difference between what runs and what is wanted; a flow is known by its name.
    pub(crate) fn between<'a>(running: impl Iterator<Item = &'a FlowSpec> + Clone, wanted: &[FlowSpec]) -> Self {
        let mut plan = Self::default();
        for spec in wanted {
            match running.clone().find(|old| old.name == spec.name) {
                None => plan.added.push(spec.clone()),
                Some(old) if old != spec => plan.changed.push(spec.clone()),
                Some(_) => {}
            }
        }
        let gone = running.filter(|old| wanted.iter().all(|spec| spec.name != old.name));
        plan.removed = gone.map(|old| old.name.clone()).collect();
        plan
    }

    /// Whether there is nothing to do.
    pub(crate) const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// How it ends when all of it is done.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.is_empty() {
            return Outcome::Unchanged;
        }
        let names = |specs: &[FlowSpec]| specs.iter().map(|spec| spec.name.clone()).collect();
        Outcome::Applied { added: names(&self.added), changed: names(&self.changed), removed: self.removed.clone() }
    }
}

/// How a reload ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What is wanted runs already.
    Unchanged,
    /// The flows named came, changed or went; all others ran on untouched.
    Applied {
        /// Flows that came.
        added: Vec<String>,
        /// Flows that were replaced.
        changed: Vec<String>,
        /// Flows that went.
        removed: Vec<String>,
    },
    /// Nothing was changed, for this reason.
    Refused(String),
}

impl Outcome {
    /// Whether what is wanted runs now.
    pub(crate) const fn is_success(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => f.write_str("configuration reloaded: nothing has changed"),
            Self::Refused(reason) => write!(f, "configuration not reloaded, all flows run on as they were: {reason}"),
            Self::Applied { added, changed, removed } => {
                let part = |verb, names: &[String]| (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")));
                let parts = [part("added", added), part("changed", changed), part("removed", removed)];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                write!(f, "configuration reloaded: {}", parts.join("; "))
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A flow from one port of this host to the next.
    pub(crate) fn spec(name: &str, port: u16) -> FlowSpec {
        let source = format!("udp://127.0.0.1:{port}").parse().unwrap();
        let output = format!("udp://127.0.0.1:{}", port + 1).parse().unwrap();
        FlowSpec::new(name, source, vec![output])
    }

    #[test]
    fn the_same_flows_in_another_order_are_no_change() {
        let (a, b) = (spec("a", 1_000), spec("b", 2_000));
        let plan = Plan::between([&a, &b].into_iter(), &[b.clone(), a.clone()]);
        assert!(plan.is_empty());
        assert_eq!(plan.outcome(), Outcome::Unchanged);
    }

    #[test]
    fn flows_come_change_and_go_by_name() {
        let running = [spec("stays", 1_000), spec("changes", 2_000), spec("goes", 3_000)];
        let wanted = [spec("comes", 4_000), spec("stays", 1_000), spec("changes", 2_500)];
        let plan = Plan::between(running.iter(), &wanted);
        assert_eq!(plan.added, [spec("comes", 4_000)]);
        assert_eq!(plan.changed, [spec("changes", 2_500)]);
        assert_eq!(plan.removed, ["goes"]);
        let said = plan.outcome().to_string();
        assert_eq!(said, "configuration reloaded: added comes; changed changes; removed goes");
    }

    #[test]
    fn a_new_name_is_another_flow() {
        let plan = Plan::between([&spec("old", 1_000)].into_iter(), &[spec("new", 1_000)]);
        assert_eq!((plan.added.len(), plan.changed.len(), plan.removed.len()), (1, 0, 1));
    }

    #[test]
    fn a_refusal_says_why_and_that_nothing_changed() {
        let refused = Outcome::Refused("flow a: no interface eth9".to_owned());
        assert!(!refused.is_success());
        assert!(refused.to_string().contains("run on as they were: flow a: no interface eth9"));
    }
}
