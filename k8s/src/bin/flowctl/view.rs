//! `flowctl status`, `top`, `logs` and `inspect`.

pub(crate) mod args;
mod inspect;
mod logs;
mod status;
mod terminal;
mod top;

use std::env;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::Context;
use k8s::view::reach::Reach;
use kube::Client;
use kube::config::{Config, KubeConfigOptions};

use args::{Place, ViewCommand};

/// Does what is asked.
pub(crate) async fn run(command: ViewCommand) -> anyhow::Result<ExitCode> {
    match command {
        ViewCommand::Status(args) => status::run(&args).await,
        ViewCommand::Top(args) => top::run(&args).await.map(|()| ExitCode::SUCCESS),
        ViewCommand::Logs(args) => logs::run(&args).await.map(|()| ExitCode::SUCCESS),
        ViewCommand::Inspect(args) => inspect::run(&args).await.map(|()| ExitCode::SUCCESS),
    }
}

/// The cluster that is meant, and the namespace; all namespaces without one.
async fn reach(place: &Place, all_namespaces: bool) -> anyhow::Result<(Reach, String)> {
    let config = match &place.context {
        Some(context) => {
            let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
            Config::from_kubeconfig(&options).await.context("--context")?
        }
        None => Config::infer()
            .await
            .context("how to reach the API server is not known; set KUBECONFIG, or write ~/.kube/config")?,
    };
    let client = Client::try_from(config).context("the API server")?;
    let namespace = place.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
    let only = (!all_namespaces).then(|| namespace.clone());
    Ok((Reach::new(client, only), namespace))
}

/// Whether standard output shows colours, and somebody wants them (`NO_COLOR`).
fn has_colours() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
