//! `flowclient doctor`: is this machine fit for the flows, what does it cost them, and what mends it.
//!
//! Each check is a module: a few facts that a thin reader asks the kernel for, and pure functions that make
//! [findings](finding::Finding) of them and of what the flows [need](mod@needs). Nothing is changed, no address is bound and no
//! group joined, so that it can be asked beside flows on air.

mod buffers;
mod capabilities;
mod clock;
mod cpu;
mod drops;
mod finding;
mod link;
mod membership;
mod needs;
mod netlink;
mod network;
mod offload;
mod report;
mod reverse_path;
mod routing;
mod system;
mod xdp;

use std::num::NonZero;
use std::process::ExitCode;
use std::thread;

use anyhow::Context;
use relay::spec::Engine;

use crate::args::DoctorArgs;
use crate::config::Config;
use buffers::Buffers;
use capabilities::Capabilities;
use clock::Clock;
use cpu::Cpu;
use drops::Drops;
use finding::{Finding, Setting};
use needs::Needs;
use netlink::Ethtool;
use network::Network;
use report::Report;
use reverse_path::Filter;
use system::System;
use xdp::Xdp;

/// Something is bad.
const FOUND_BAD: u8 = 1;

/// Looks at the machine and writes what was found.
///
/// # Errors
/// When the flows cannot be read, or the kernel does not answer.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    if args.schema {
        crate::print(report::schema()?.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let needs = needs(args)?;
    let report = Report::new(needs.flows, examine(&needs, args.run.process.engine)?);
    let text = if args.json { report.to_json()? } else { report.to_text(args.verbose) };
    crate::print(text.as_bytes())?;
    Ok(if report.is_bad() { FOUND_BAD.into() } else { ExitCode::SUCCESS })
}

fn needs(args: &DoctorArgs) -> anyhow::Result<Needs> {
    if args.run.from.is_some() {
        let config = Config::load(&args.run)?;
        return Ok(Needs::of(&config.flows, config.threads.count));
    }
    let a_core_each = thread::available_parallelism().map_or(1, NonZero::get);
    Ok(Needs::of(&[], args.run.process.threads.unwrap_or(a_core_each)))
}

/// All findings, in the order in which they are best mended: a route holds only on an interface that is up.
fn examine(needs: &Needs, engine: Engine) -> anyhow::Result<Vec<Finding>> {
    let network = Network::read(needs).context("asking the kernel for interfaces and routes")?;
    let ethtool = Ethtool::open().context("asking the kernel for what the interfaces can do")?;
    let mut findings = link::findings(&network, |index| ethtool.speed(index));
    findings.extend(routing::findings(&network));
    findings.extend(reverse_path::findings(&network, Filter::read));
    findings.extend(membership::findings(&network, Setting::read));
    findings.extend(Buffers::read(needs).map(|buffers| buffers.finding(needs)));
    findings.extend(Drops::read().findings(&network, |link| ethtool.receive_ring(link.index)));
    findings.extend(offload::findings(&network, |link| ethtool.features(link.index)));
    findings.extend(Xdp::read().findings(&network, engine, |link| ethtool.native_xdp(link.index)));
    findings.extend(Cpu::read().findings(needs));
    findings.extend(Clock::read().findings(needs));
    findings.extend(System::read().findings(needs));
    findings.extend(Capabilities::read().map(Capabilities::finding));
    Ok(findings)
}
