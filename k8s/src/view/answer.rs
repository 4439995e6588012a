//! What an instance says of itself over HTTP, as far as a person is shown it.

use serde::{Deserialize, Serialize};

/// Answer of an instance to `GET /api/v1/flows`; other fields are ignored, and those that an older version lacks are unknown.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Answer {
    /// Version of the program.
    pub version: String,
    /// Its flows.
    pub flows: Vec<FlowAnswer>,
}

/// What it says of a flow.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FlowAnswer {
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
    /// For how long it has run, in seconds.
    #[serde(default)]
    pub uptime_seconds: f64,
    /// Transport packets lost at its input since it began.
    #[serde(default)]
    pub loss: Loss,
    /// What went wrong of late; unknown of versions that do not tell.
    #[serde(default)]
    pub recent: Option<Recent>,
    /// What goes out.
    pub output: OutputAnswer,
    /// How it stands among the others, if it has any.
    #[serde(default)]
    pub pair: Option<PairAnswer>,
}

/// Transport packets lost, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// They did not come to the host.
    pub upstream: u64,
    /// Lost at the host's interface or in its protocol stack.
    pub network: u64,
    /// The process was kept from running.
    pub host: u64,
    /// The process could have run.
    pub process: u64,
}

impl Loss {
    /// Causes with their packets, those without any left out.
    pub fn causes(self) -> impl Iterator<Item = (&'static str, u64)> {
        let all =
            [("upstream", self.upstream), ("network", self.network), ("host", self.host), ("process", self.process)];
        all.into_iter().filter(|(_, packets)| *packets > 0)
    }

    /// All together.
    pub const fn total(self) -> u64 {
        self.upstream + self.network + self.host + self.process
    }
}

/// What went wrong of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// In the last minute.
    pub minute: Wrong,
    /// In the last hour.
    pub hour: Wrong,
}

/// What went wrong in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// Errors of all indicators of TR 101 290.
    pub tr101290_errors: u64,
    /// Transport packets lost, by cause.
    pub loss: Loss,
}

/// What it says of what goes out.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct OutputAnswer {
    /// Rate of all outputs together.
    pub bits_per_second: f64,
}

/// What it says of the pair.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PairAnswer {
    /// Since when it does what it does, in Unix seconds.
    pub since_timestamp: f64,
    /// When the air last came to it or went from it.
    #[serde(default)]
    pub last_change: Option<Change>,
}

/// The air came or went.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Change {
    /// Whether it came.
    pub on_air: bool,
    /// Why.
    pub reason: String,
    /// When, in Unix seconds.
    pub timestamp: f64,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not what flowclient answers.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// What it says of the flow called `name`, with the version that says so.
    pub fn take(self, name: &str) -> Option<(String, FlowAnswer)> {
        let flow = self.flows.into_iter().find(|flow| flow.name == name)?;
        Some((self.version, flow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_of_an_older_version_is_read_as_far_as_it_goes() {
        let text = r#"{"version": "0.9", "flows": [{"name": "ch7", "state": "on air", "on_air": true, "ready": true,
            "output": {"bits_per_second": 8e6}, "later": 1}]}"#;
        let (version, flow) = Answer::read(text).unwrap().take("ch7").unwrap();
        assert_eq!((version.as_str(), flow.recent, flow.pair), ("0.9", None, None));
    }

    #[test]
    fn causes_without_a_loss_are_left_out() {
        let loss = Loss { network: 3, ..Loss::default() };
        assert_eq!((loss.causes().collect::<Vec<_>>(), loss.total()), (vec![("network", 3)], 3));
    }

    proptest! {
        #[test]
        fn no_answer_is_too_much(text in ".{0,200}") {
            let _ = Answer::read(&text);
        }
    }
}
