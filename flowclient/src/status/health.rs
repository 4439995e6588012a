//! Whether a flow does its work, from its counters and events.

use std::collections::BTreeMap;
use std::fmt;

use relay::event::EventKind;
use relay::pair::machine::Role;
use relay::pair::status::PairStatus;
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
    /// Datagrams come in, and another instance has the air.
    Standby,
    /// Datagrams come in, and the other instances are listened for before anything else.
    Joining,
    /// Datagrams come in, and somebody who is none of the instances has the air.
    Refused,
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
            Self::Standby => "standby",
            Self::Joining => "joining",
            Self::Refused => "refused",
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
            | EventKind::TookAir(_)
            | EventKind::LeftAir(_)
            | EventKind::Stranger(_)
            | EventKind::Alarm(_)
            | EventKind::Recorded { .. }
            | EventKind::RecordingFailed(_)
            | EventKind::Paced { .. }
            | EventKind::PacingDegraded { .. }
            | EventKind::PacingRestored => {}
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

    /// What the flow does, its counters being these, and this how it stands among other instances if there are to be any.
    pub(crate) fn state(&self, counters: &Counters, pair: Option<&PairStatus>) -> State {
        match pair.map_or(Role::OnAir, |pair| pair.role) {
            _ if self.ended => State::Ended,
            _ if counters.input_up_gauge == 0 && counters.input_datagrams == 0 => State::Waiting,
            _ if counters.input_up_gauge == 0 => State::NoInput,
            Role::Joining => State::Joining,
            Role::Refused => State::Refused,
            Role::Standby | Role::HandingOver | Role::Left => State::Standby,
            Role::OnAir if self.failing_outputs.is_empty() => State::OnAir,
            Role::OnAir => State::OutputFailing,
        }
    }

    /// What keeps the flow from doing all its work; empty when nothing does.
    pub(crate) fn troubles(&self, counters: &Counters, pair: Option<&PairStatus>) -> Vec<String> {
        let state = match self.state(counters, pair) {
            State::Ended => Some("source has ended".to_owned()),
            state @ (State::Waiting | State::NoInput) => Some(match &self.input_failure {
                Some(reason) => format!("{state}: {reason}"),
                None => state.to_string(),
            }),
            State::Joining => Some("joining: it listens who else is there".to_owned()),
            State::Standby => pair.filter(|pair| is_behind(pair)).map(|_| BEHIND.to_owned()),
            State::Refused => Some(refusal(pair)),
            State::OnAir | State::Watching | State::OutputFailing => pair.and_then(disagreement),
        };
        let outputs = self.failing_outputs.iter().map(|(output, reason)| format!("output {output}: {reason}"));
        state.into_iter().chain(outputs).collect()
    }
}

/// What a standby lacks that could not go on.
const BEHIND: &str = "standby, but what it makes was not heard on air yet: it could not go on there";

/// Whether it stands by and could not go on; one that is handing over is not asked.
fn is_behind(pair: &PairStatus) -> bool {
    pair.role == Role::Standby && !pair.own.ready
}

/// The other legs whose RTP numbers are not ours.
fn disagreement(pair: &PairStatus) -> Option<String> {
    let others = pair.legs.iter().filter(|leg| leg.heard && !leg.agrees);
    let others: Vec<String> = others.map(|other| format!("leg {} ({})", other.leg.0, other.address)).collect();
    let what = "the same datagrams were not heard there with the same RTP numbers: a receiver cannot merge them";
    (!others.is_empty()).then(|| format!("{}: {what}", others.join(", ")))
}

fn refusal(pair: Option<&PairStatus>) -> String {
    let stranger = pair.and_then(|pair| pair.stranger).map(|stranger| format!(" {}", stranger.address));
    let stranger = stranger.unwrap_or_default();
    format!("refused: somebody else{stranger} uses the output group and is no instance of this flow")
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay::pair::status::Stranger;

    fn counters(up: u64, datagrams: u64) -> Counters {
        Counters { input_up_gauge: up, input_datagrams: datagrams, ..Counters::default() }
    }

    fn output_failed(output: &str) -> EventKind {
        EventKind::OutputFailed { output: output.to_owned(), reason: "no route".to_owned() }
    }

    #[test]
    fn a_flow_waits_then_is_on_air_then_has_lost_its_input() {
        let health = Health::default();
        assert_eq!(health.state(&counters(0, 0), None), State::Waiting);
        assert_eq!(health.state(&counters(1, 5), None), State::OnAir);
        assert_eq!(health.state(&counters(0, 5), None), State::NoInput);
        assert!(health.troubles(&counters(1, 5), None).is_empty());
    }

    #[test]
    fn a_failing_output_is_named_until_it_is_back() {
        let mut health = Health::default();
        health.note(&output_failed("udp://239.1.1.1:5000"));
        assert_eq!(health.state(&counters(1, 5), None), State::OutputFailing);
        assert_eq!(health.troubles(&counters(1, 5), None), ["output udp://239.1.1.1:5000: no route"]);
        health.note(&EventKind::OutputBack { output: "udp://239.1.1.1:5000".to_owned() });
        assert_eq!(health.state(&counters(1, 5), None), State::OnAir);
    }

    #[test]
    fn an_input_that_cannot_be_opened_says_why_until_it_can() {
        let mut health = Health::default();
        health.note(&EventKind::InputFailed("no interface eth9".to_owned()));
        assert_eq!(health.troubles(&counters(0, 0), None), ["waiting for input: no interface eth9"]);
        health.note(&EventKind::InputReopened);
        assert_eq!(health.troubles(&counters(0, 9), None), ["no input"]);
    }

    #[test]
    fn a_source_that_is_over_is_said_to_be_over() {
        let mut health = Health::default();
        health.note(&EventKind::Ended);
        assert_eq!(health.state(&counters(0, 9), None), State::Ended);
        assert_eq!(health.troubles(&counters(0, 9), None), ["source has ended"]);
    }

    fn standing(role: Role, ready: bool) -> PairStatus {
        let mut pair = crate::status::tests::pair_status(role);
        pair.own.ready = ready;
        pair
    }

    #[test]
    fn an_instance_that_holds_back_is_ready_once_it_could_go_on() {
        let health = Health::default();
        let look = |pair: &PairStatus, up| {
            (health.state(&counters(up, 5), Some(pair)), health.troubles(&counters(up, 5), Some(pair)))
        };
        assert_eq!(look(&standing(Role::Standby, true), 1), (State::Standby, vec![]));
        let (state, troubles) = look(&standing(Role::Standby, false), 1);
        assert!(state == State::Standby && troubles[0].contains("could not go on"), "{troubles:?}");
        let (state, troubles) = look(&standing(Role::Joining, false), 1);
        assert!(state == State::Joining && troubles[0].starts_with("joining"), "{troubles:?}");
        assert_eq!(look(&standing(Role::HandingOver, false), 1), (State::Standby, vec![]));
        assert_eq!(look(&standing(Role::Standby, true), 0), (State::NoInput, vec!["no input".to_owned()]));
    }

    #[test]
    fn a_leg_is_ready_when_its_numbers_are_those_of_the_others() {
        let look = |pair: &PairStatus| {
            let (health, counters) = (Health::default(), counters(1, 5));
            (health.state(&counters, Some(pair)), health.troubles(&counters, Some(pair)))
        };
        let leg = crate::status::tests::leg_status;
        assert_eq!(look(&leg(Role::OnAir, true)), (State::OnAir, vec![]));
        let (state, troubles) = look(&leg(Role::OnAir, false));
        assert!(state == State::OnAir && troubles[0].starts_with("leg 2 (rtp://239.1.2.7:5000): "), "{troubles:?}");
        let mut alone = leg(Role::OnAir, false);
        alone.legs[0].heard = false;
        assert_eq!(look(&alone), (State::OnAir, vec![]));
        assert_eq!(look(&leg(Role::Joining, false)).0, State::Joining);
    }

    #[test]
    fn an_instance_whose_group_is_used_by_somebody_else_names_them() {
        let mut pair = standing(Role::Refused, false);
        pair.stranger = Some(Stranger { address: "10.0.0.9:4000".parse().unwrap(), timestamp: 0.0 });
        let troubles = Health::default().troubles(&counters(1, 5), Some(&pair));
        assert!(troubles[0].starts_with("refused: somebody else 10.0.0.9:4000 uses"), "{troubles:?}");
    }
}
