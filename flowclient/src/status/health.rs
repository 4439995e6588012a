//! Whether a flow does its work, from its counters and events.

use std::collections::BTreeMap;
use std::fmt;

use relay::event::EventKind;
use relay::stats::Counters;

/// What a flow does at the moment, in one word or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Datagrams come in and go out.
    OnAir,
    /// Datagrams come in, and are only looked at.
    Watching,
    /// Datagrams come in, and some output does not take them.
    OutputFailing,
    /// No datagram has come in yet.
    Waiting,
    /// Datagrams came in, and no longer do.
    NoInput,
    /// The source is over.
    Ended,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnAir => "on air",
            Self::Watching => "watching",
            Self::OutputFailing => "output failing",
            Self::Waiting => "waiting for input",
            Self::NoInput => "no input",
            Self::Ended => "ended",
        })
    }
}

/// What a flow's events say that its counters do not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    input_failure: Option<String>,
    failing_outputs: BTreeMap<String, String>,
    ended: bool,
}

impl Health {
    /// Takes note of an event.
    pub(crate) fn note(&mut self, kind: &EventKind) {
        match kind {
            EventKind::InputFailed(reason) => self.input_failure = Some(reason.clone()),
            EventKind::InputStarted | EventKind::InputBack(_) | EventKind::InputReopened => self.input_failure = None,
            EventKind::OutputFailed { output, reason } => {
                self.failing_outputs.insert(output.clone(), reason.clone());
            }
            EventKind::OutputBack { output } => {
                self.failing_outputs.remove(output);
            }
            EventKind::Ended => self.ended = true,
            EventKind::InputSilent(_)
            | EventKind::InputByXdp { .. }
            | EventKind::InputThroughSockets { .. }
            | EventKind::OutputByXdp { .. }
            | EventKind::OutputThroughSockets { .. }
            | EventKind::ReceiveBufferSmall { .. }
            | EventKind::KernelDrops(_)
            | EventKind::Loss { .. }
            | EventKind::Resynchronised
            | EventKind::SourceMoved { .. }
            | EventKind::Alarm(_)
            | EventKind::Recorded { .. }
            | EventKind::RecordingFailed(_) => {}
        }
    }

    /// Whether the source is over.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Why an output does not take datagrams, if it does not.
    pub(crate) fn output_failure(&self, output: &str) -> Option<&str> {
        self.failing_outputs.get(output).map(String::as_str)
    }

    /// What the flow does, its counters being these.
    pub(crate) fn state(&self, counters: &Counters) -> State {
        match () {
            () if self.ended => State::Ended,
            () if counters.input_up_gauge == 0 && counters.input_datagrams == 0 => State::Waiting,
            () if counters.input_up_gauge == 0 => State::NoInput,
            () if self.failing_outputs.is_empty() => State::OnAir,
            () => State::OutputFailing,
        }
    }

    /// What keeps the flow from doing all its work; empty when nothing does.
    pub(crate) fn troubles(&self, counters: &Counters) -> Vec<String> {
        let input = match self.state(counters) {
            State::Ended => Some("source has ended".to_owned()),
            state @ (State::Waiting | State::NoInput) => Some(match &self.input_failure {
                Some(reason) => format!("{state}: {reason}"),
                None => state.to_string(),
            }),
            State::OnAir | State::Watching | State::OutputFailing => None,
        };
        let outputs = self.failing_outputs.iter().map(|(output, reason)| format!("output {output}: {reason}"));
        input.into_iter().chain(outputs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(up: u64, datagrams: u64) -> Counters {
        Counters { input_up_gauge: up, input_datagrams: datagrams, ..Counters::default() }
    }

    fn output_failed(output: &str) -> EventKind {
        EventKind::OutputFailed { output: output.to_owned(), reason: "no route".to_owned() }
    }

    #[test]
    fn a_flow_waits_then_is_on_air_then_has_lost_its_input() {
        let health = Health::default();
        assert_eq!(health.state(&counters(0, 0)), State::Waiting);
        assert_eq!(health.state(&counters(1, 5)), State::OnAir);
        assert_eq!(health.state(&counters(0, 5)), State::NoInput);
        assert!(health.troubles(&counters(1, 5)).is_empty());
    }

    #[test]
    fn a_failing_output_is_named_until_it_is_back() {
        let mut health = Health::default();
        health.note(&output_failed("udp://239.1.1.1:5000"));
        assert_eq!(health.state(&counters(1, 5)), State::OutputFailing);
        assert_eq!(health.troubles(&counters(1, 5)), ["output udp://239.1.1.1:5000: no route"]);
        health.note(&EventKind::OutputBack { output: "udp://239.1.1.1:5000".to_owned() });
        assert_eq!(health.state(&counters(1, 5)), State::OnAir);
    }

    #[test]
    fn an_input_that_cannot_be_opened_says_why_until_it_can() {
        let mut health = Health::default();
        health.note(&EventKind::InputFailed("no interface eth9".to_owned()));
        assert_eq!(health.troubles(&counters(0, 0)), ["waiting for input: no interface eth9"]);
        health.note(&EventKind::InputReopened);
        assert_eq!(health.troubles(&counters(0, 9)), ["no input"]);
    }

    #[test]
    fn a_source_that_is_over_is_said_to_be_over() {
        let mut health = Health::default();
        health.note(&EventKind::Ended);
        assert_eq!(health.state(&counters(0, 9)), State::Ended);
        assert_eq!(health.troubles(&counters(0, 9)), ["source has ended"]);
    }
}
