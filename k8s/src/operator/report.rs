//! What an instance says of itself over HTTP, as far as the operator looks at it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Answer of an instance to `GET /api/v1/flows`; fields that a newer version has besides are ignored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Report {
    /// Version of the program.
    pub version: String,
    /// Its flows; instances that the operator makes have one.
    pub flows: Vec<FlowReport>,
}

/// What it says of a flow.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FlowReport {
    /// Its name.
    pub name: String,
    /// What it does, in a word.
    pub state: String,
    /// Whether it is on air.
    pub on_air: bool,
    /// Whether it is on air and well, or could go on.
    pub ready: bool,
    /// Why it is not ready.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The stream.
    pub stream: StreamReport,
    /// What goes out.
    pub output: OutputReport,
    /// How it stands among the others, if it has any.
    #[serde(default)]
    pub pair: Option<PairReport>,
    /// Transport packets lost.
    #[serde(default)]
    pub loss: LossReport,
    /// What inspection has found, if it is inspected in full.
    #[serde(default)]
    pub inspection: Option<InspectionReport>,
}

/// Transport packets lost, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LossReport {
    /// Before they came to this host.
    pub upstream: u64,
    /// In this host's network.
    pub network: u64,
    /// For want of processor time.
    pub host: u64,
    /// By the program itself.
    pub process: u64,
}

/// What inspection has found.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct InspectionReport {
    /// The indicators of ETSI TR 101 290 by name.
    #[serde(default)]
    pub tr101290: BTreeMap<String, IndicatorReport>,
}

/// An indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct IndicatorReport {
    /// Its priority, 1 to 3.
    pub priority: u8,
    /// Errors counted.
    pub errors: u64,
}

impl FlowReport {
    /// Errors of the first and second priority.
    pub fn errors(&self) -> u64 {
        let indicators = self.inspection.iter().flat_map(|inspection| inspection.tr101290.values());
        indicators.filter(|indicator| indicator.priority < 3).map(|indicator| indicator.errors).sum()
    }

    /// Transport packets lost, whoever lost them.
    pub const fn lost(&self) -> u64 {
        let LossReport { upstream, network, host, process } = self.loss;
        upstream + network + host + process
    }

    /// The number by which it is known to the others.
    pub fn instance(&self) -> Option<&str> {
        self.pair.as_ref().and_then(|pair| pair.instance.as_deref())
    }
}

/// What it says of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct StreamReport {
    /// Continuity errors since it began.
    pub continuity_errors: u64,
}

/// What it says of what goes out.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct OutputReport {
    /// Rate of all outputs together.
    pub bits_per_second: f64,
}

/// What it says of the pair.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PairReport {
    /// The number that it drew when it started.
    #[serde(default)]
    pub instance: Option<String>,
    /// How its datagrams and those on air agree.
    pub shadow: Shadow,
}

/// Datagrams made by a standby, and those on air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Shadow {
    /// Both had them.
    pub equal: u64,
    /// On air only.
    pub only_on_air: u64,
    /// Made by the standby only.
    pub only_here: u64,
}

impl Shadow {
    /// Whether all was equal since `before`; `None` when there was nothing to compare, or the counts began anew.
    pub const fn agrees_since(self, before: Self) -> Option<bool> {
        let began_anew =
            self.equal < before.equal || self.only_on_air < before.only_on_air || self.only_here < before.only_here;
        if began_anew {
            return None;
        }
        if self.only_on_air > before.only_on_air || self.only_here > before.only_here {
            return Some(false);
        }
        if self.equal > before.equal { Some(true) } else { None }
    }
}

impl Report {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not what flowclient answers.
    pub fn read(answer: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(answer)
    }

    /// What it says of the flow called `name`.
    pub fn flow(&self, name: &str) -> Option<&FlowReport> {
        self.flows.iter().find(|flow| flow.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWER: &str = r#"{"version": "1.0.0", "uptime_seconds": 3.0, "flows": [{"name": "ch7", "state": "standby",
        "on_air": false, "ready": true, "reasons": [], "stream": {"packets": 7, "continuity_errors": 2},
        "output": {"bits_per_second": 0.0}, "pair": {"role": "standby", "shadow": {"equal": 5, "only_on_air": 1, "only_here": 0}}}]}"#;

    #[test]
    fn an_answer_is_read_as_far_as_it_is_of_use() {
        let report = Report::read(ANSWER.as_bytes()).unwrap();
        let flow = report.flow("ch7").unwrap();
        assert_eq!((flow.state.as_str(), flow.on_air, flow.ready), ("standby", false, true));
        assert_eq!(flow.pair.clone().unwrap().shadow, Shadow { equal: 5, only_on_air: 1, only_here: 0 });
    }

    #[test]
    fn a_standby_agrees_while_only_equal_datagrams_come() {
        let shadow = |equal, only_on_air, only_here| Shadow { equal, only_on_air, only_here };
        assert_eq!(shadow(9, 1, 0).agrees_since(shadow(5, 1, 0)), Some(true));
        assert_eq!(shadow(9, 2, 0).agrees_since(shadow(5, 1, 0)), Some(false));
        assert_eq!(shadow(5, 1, 0).agrees_since(shadow(5, 1, 0)), None);
        assert_eq!(shadow(1, 0, 0).agrees_since(shadow(5, 1, 0)), None);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_much(answer in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Report::read(&answer);
        }
    }
}
