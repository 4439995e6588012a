//! The command line.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use k8s::operator::config::OperatorConfig;

/// Keeps the flows of a cluster on air.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the definitions of flows and handlers, as YAML for kubectl apply
    Crds,
    /// Tend the flows of the cluster
    Run(Box<RunArgs>),
}

/// How to tend flows.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Image of flowclient without a tag, as docker-registry.example.com/flowclient
    #[arg(long, value_name = "IMAGE", env = "FLOWCLIENT_IMAGE")]
    pub(crate) image: String,
    /// Version of the flows that name none
    #[arg(long, value_name = "TAG", env = "FLOWCLIENT_VERSION", default_value = env!("CARGO_PKG_VERSION"))]
    default_version: String,
    /// Secret with a login to the registry, in the namespace of each flow; may be given several times
    #[arg(long = "pull-secret", value_name = "NAME")]
    pull_secrets: Vec<String>,
    /// Ports for the flows' HTTP on the network of the nodes, one for each flow
    #[arg(long, value_name = "FIRST-LAST", default_value = "20000-29999", value_parser = ports)]
    ports: RangeInclusive<u16>,
    /// Class of the priority of the flows' pods
    #[arg(long, value_name = "NAME")]
    priority_class: Option<String>,
    /// Folder of every node with channels as files, which flows read under the same path
    #[arg(long, value_name = "FOLDER")]
    media_folder: Option<PathBuf>,
    /// Folder with public keys (*.pub): images must be signed by one of them. The registry's authority (ca.crt) and a login to it
    /// (config.json or .dockerconfigjson) are taken from there as well, if they are there
    #[arg(long, value_name = "FOLDER")]
    pub(crate) trust: Option<PathBuf>,
    /// Where the operator serves its own /metrics and /healthz
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:8080")]
    pub(crate) listen: SocketAddr,
    /// Namespace of the lease that says which operator leads
    #[arg(long, value_name = "NAME", env = "POD_NAMESPACE", default_value = "flowclient-system")]
    pub(crate) namespace: String,
    /// Name of this operator in the lease; no other may have it
    #[arg(long, value_name = "NAME", env = "POD_NAME", default_value = "flow-operator")]
    pub(crate) name: String,
}

impl RunArgs {
    /// What they say of flows.
    pub(crate) fn config(&self) -> OperatorConfig {
        OperatorConfig {
            image: self.image.clone(),
            default_version: self.default_version.clone(),
            pull_secrets: self.pull_secrets.clone(),
            ports: self.ports.clone(),
            priority_class: self.priority_class.clone(),
            media_folder: self.media_folder.clone(),
        }
    }
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let range = text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let range = range.filter(|(first, last)| *first > 0 && first <= last);
    range
        .map(|(first, last)| first..=last)
        .ok_or_else(|| "write two numbers from 1 to 65535, as 20000-29999".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn ports_are_a_range() {
        assert_eq!(ports("20000-20009"), Ok(20_000..=20_009));
        for wrong in ["", "1", "0-5", "9-1", "1-70000", "a-b"] {
            assert!(ports(wrong).is_err(), "{wrong}");
        }
    }
}
