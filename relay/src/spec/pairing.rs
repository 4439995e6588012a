//! What cannot be true of flows that have other instances.

use std::net::SocketAddr;

use thiserror::Error;

use super::validate::{collide, hears};
use super::{FlowSpec, LegNumber, Output, Source, SpecError, Transport};

/// Why a flow cannot have other instances.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PairProblem {
    /// They would not hear each other.
    #[error("its instances hear each other by its output group, and it has none; give it an output to a group")]
    NoGroup,
    /// There is no port for what they say.
    #[error("they talk at the port after that of {0}, and there is none; take a lower port")]
    NoPort(SocketAddr),
    /// Something else is at the port for what they say.
    #[error("they talk at {address}, and flow {other:?} {what} there; leave the port after the stream's free")]
    PortTaken {
        /// Where they talk.
        address: SocketAddr,
        /// Name of the flow that is there.
        other: String,
        /// What it does there.
        what: &'static str,
    },
    /// There is nothing to merge.
    #[error(
        "each instance sends one of its outputs, and it has {0}; give it two or more, as rtp://239.1.1.7:5000 and rtp://239.1.2.7:5000"
    )]
    TooFewLegs(usize),
    /// A receiver could not merge it with others.
    #[error("{0} is no leg that a receiver can merge; each output must be RTP to a group (rtp://)")]
    NoLeg(String),
    /// This instance would send nothing.
    #[error("pair_leg = {leg} is none of its outputs; it is 1 to {legs}")]
    NoSuchLeg {
        /// As given.
        leg: u16,
        /// How many outputs there are.
        legs: usize,
    },
}

impl Output {
    /// Where instances talk that meet at this output: at the port after the stream's. `None` when there is no such port.
    pub fn control(&self) -> Option<Self> {
        let port = self.address.port().checked_add(1)?;
        let address = SocketAddr::new(self.address.ip(), port);
        Some(Self { transport: Transport::Udp, address, ..self.clone() })
    }
}

/// What is wrong with the flows that have other instances.
pub(super) fn problems(flows: &[FlowSpec]) -> impl Iterator<Item = SpecError> {
    flows.iter().filter_map(|flow| {
        let of_pair = || flow.pair.as_ref().and_then(|_| problem(flow, flows));
        let reason = flow.leg.and_then(|leg| problem_of_legs(flow, leg)).or_else(of_pair)?;
        Some(SpecError::CannotPair { flow: flow.name.clone(), reason })
    })
}

fn problem_of_legs(flow: &FlowSpec, leg: LegNumber) -> Option<PairProblem> {
    let legs = flow.outputs.len();
    let is_leg = |output: &&Output| output.transport == Transport::Rtp && output.is_to_group();
    if legs < 2 {
        return Some(PairProblem::TooFewLegs(legs));
    }
    if let Some(other) = flow.outputs.iter().find(|output| !is_leg(output)) {
        return Some(PairProblem::NoLeg(other.to_string()));
    }
    (leg.index() >= legs).then_some(PairProblem::NoSuchLeg { leg: leg.0, legs })
}

fn problem(flow: &FlowSpec, flows: &[FlowSpec]) -> Option<PairProblem> {
    let Some(output) = flow.meeting_point() else { return Some(PairProblem::NoGroup) };
    let Some(control) = output.control() else { return Some(PairProblem::NoPort(output.address)) };
    let taken = |other: &FlowSpec| {
        let what = use_of(&control, other)?;
        Some(PairProblem::PortTaken { address: control.address, other: other.name.clone(), what })
    };
    flows.iter().find_map(taken)
}

/// What `flow` does where `control` is, if anything.
fn use_of(control: &Output, flow: &FlowSpec) -> Option<&'static str> {
    let receives = matches!(&flow.source, Source::Network(input) if hears(input, control));
    let sends = flow.outputs.iter().any(|output| collide(output, control));
    if sends { Some("sends") } else { receives.then_some("receives") }
}
