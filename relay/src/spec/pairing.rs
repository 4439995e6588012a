//! What cannot be true of flows that have other instances.

use std::net::SocketAddr;

use thiserror::Error;

use super::validate::{collide, hears};
use super::{FlowSpec, Output, Source, SpecError, Transport};

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
    let paired = flows.iter().filter(|flow| flow.pair.is_some());
    paired.filter_map(|flow| {
        let reason = problem(flow, flows)?;
        Some(SpecError::CannotPair { flow: flow.name.clone(), reason })
    })
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
