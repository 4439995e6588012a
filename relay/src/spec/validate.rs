//! What cannot be true of the flows of one process together.

use std::net::SocketAddr;

use thiserror::Error;

use super::pairing::{self, PairProblem};
use super::{FlowSpec, Input, Interface, Output, Source, range};

/// Why flows cannot run as specified.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpecError {
    /// A name that is none.
    #[error("flow name {0:?} is wrong: it is 1 to 64 characters without spaces")]
    Name(String),
    /// A number or duration out of its range.
    #[error("flow {flow:?}: {field} = {value} is out of range: {range}")]
    OutOfRange {
        /// Name of the flow.
        flow: String,
        /// What is out of range.
        field: &'static str,
        /// As given.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// A flow that cannot be recorded as asked for.
    #[error("flow {flow:?} cannot be recorded: {reason}")]
    CannotRecord {
        /// Name of the flow.
        flow: String,
        /// Why, and what would be right.
        reason: &'static str,
    },
    /// A flow that cannot have other instances.
    #[error("flow {flow:?} cannot be paired: {reason}")]
    CannotPair {
        /// Name of the flow.
        flow: String,
        /// Why, and what would be right.
        reason: PairProblem,
    },
    /// Two flows of one name.
    #[error("two flows are called {0:?}: give each a name of its own")]
    DuplicateName(String),
    /// Two streams into one group would be mixed up by any receiver.
    #[error("{address} is an output of {}: send each to an address of its own, or name two interfaces", both(.flows))]
    SharedOutput {
        /// The address.
        address: SocketAddr,
        /// Names of the flows; one twice if both outputs are its own.
        flows: [String; 2],
    },
    /// What a flow sends comes back into it.
    #[error("a loop: {}; send to another address", path(.flows, .address))]
    Loop {
        /// Names of the flows, each feeding the next and the last the first.
        flows: Vec<String>,
        /// Where the last sends and the first receives.
        address: SocketAddr,
    },
}

fn both([one, other]: &[String; 2]) -> String {
    if one == other { format!("flow {one:?} twice") } else { format!("flow {one:?} and of flow {other:?}") }
}

fn path(flows: &[String], address: &SocketAddr) -> String {
    match flows {
        [flow] => format!("flow {flow:?} receives at {address}, where it sends"),
        flows => {
            let names: Vec<String> = flows.iter().chain(flows.first()).map(|name| format!("{name:?}")).collect();
            format!("flows feed each other ({}) by way of {address}", names.join(" -> "))
        }
    }
}

/// Checks flows that are to run together; sockets and files are not touched.
///
/// # Errors
/// All that is wrong: ranges, names given twice, outputs to one address, loops.
pub fn validate(flows: &[FlowSpec]) -> Result<(), Vec<SpecError>> {
    let ranges = flows.iter().flat_map(range::problems);
    let apart = duplicate_names(flows).chain(shared_outputs(flows)).chain(pairing::problems(flows));
    let errors: Vec<_> = ranges.chain(apart).chain(loops(flows)).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn duplicate_names(flows: &[FlowSpec]) -> impl Iterator<Item = SpecError> {
    let names = || flows.iter().map(|flow| &flow.name);
    let second =
        move |(index, name): &(usize, &String)| names().take(*index).filter(|other| other == name).count() == 1;
    names().enumerate().filter(second).map(|(_, name)| SpecError::DuplicateName(name.clone()))
}

fn shared_outputs(flows: &[FlowSpec]) -> Vec<SpecError> {
    let outputs: Vec<_> = flows.iter().flat_map(|flow| flow.outputs.iter().map(move |output| (flow, output))).collect();
    let mut errors = Vec::new();
    for (index, (flow, output)) in outputs.iter().enumerate() {
        let earlier = outputs[..index].iter().find(|(_, other)| collide(output, other));
        errors.extend(earlier.map(|(other, _)| SpecError::SharedOutput {
            address: output.address,
            flows: [other.name.clone(), flow.name.clone()],
        }));
    }
    errors
}

impl Output {
    /// Whether receivers would get what goes to `other` mixed with what goes here.
    pub fn collides_with(&self, other: &Self) -> bool {
        collide(self, other)
    }
}

pub(super) fn collide(one: &Output, other: &Output) -> bool {
    one.address == other.address && !apart(one.interface.as_ref(), other.interface.as_ref())
}

/// Whether a group on these two interfaces is two groups.
fn apart(one: Option<&Interface>, other: Option<&Interface>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.differs(other))
}

/// Each loop once, found from the first of its flows.
fn loops(flows: &[FlowSpec]) -> impl Iterator<Item = SpecError> {
    let feeds = edges(flows);
    (0..flows.len()).filter_map(move |start| {
        let members = shortest_loop(&feeds, start)?;
        let address = address_between(&flows[*members.last()?], &flows[start])?;
        Some(SpecError::Loop { flows: members.into_iter().map(|index| flows[index].name.clone()).collect(), address })
    })
}

/// For each flow, which ones it feeds.
fn edges(flows: &[FlowSpec]) -> Vec<Vec<usize>> {
    let fed_by = |from| (0..flows.len()).filter(move |&to| address_between(from, &flows[to]).is_some());
    flows.iter().map(|flow| fed_by(flow).collect()).collect()
}

/// The shortest way from `start` back to it over later flows, breadth first.
fn shortest_loop(feeds: &[Vec<usize>], start: usize) -> Option<Vec<usize>> {
    let mut came_from = vec![None; feeds.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(flow) = queue.pop_front() {
        if feeds[flow].contains(&start) {
            let mut way: Vec<usize> = std::iter::successors(Some(flow), |&flow| came_from[flow]).collect();
            way.reverse();
            return Some(way);
        }
        for &next in feeds[flow].iter().filter(|&&next| next > start) {
            if came_from[next].is_none() {
                came_from[next] = Some(flow);
                queue.push_back(next);
            }
        }
    }
    None
}

/// Where `to` receives what `from` sends, if anywhere.
fn address_between(from: &FlowSpec, to: &FlowSpec) -> Option<SocketAddr> {
    let Source::Network(input) = &to.source else { return None };
    from.outputs.iter().find(|output| hears(input, output)).map(|output| output.address)
}

pub(super) fn hears(input: &Input, output: &Output) -> bool {
    let (wanted, sent) = (input.address, output.address);
    if sent.ip().is_multicast() {
        let other_sender = input.source.zip(output.source).is_some_and(|(wanted, sender)| wanted != sender);
        return wanted == sent && !other_sender && !apart(input.interface.as_ref(), output.interface.as_ref());
    }
    let any_address = wanted.ip().is_unspecified() && wanted.is_ipv4() == sent.is_ipv4() && sent.ip().is_loopback();
    wanted.port() == sent.port() && (wanted == sent || any_address)
}
