//! Keeps the flows of a cluster on air.

mod args;

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use k8s::operator::ask::OverHttp;
use k8s::operator::metrics::Metrics;
use k8s::operator::run::Operator;
use k8s::operator::serve::{bind, serve};
use k8s::operator::trust::Trust;
use kube::Client;
use tokio::signal::unix::{SignalKind, signal};

use args::{Cli, Command, RunArgs};

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Crds => Ok(std::io::stdout().write_all(k8s::crd::yaml()?.as_bytes())?),
        Command::Run(args) => {
            tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(*args))
        }
    }
}

async fn run(args: RunArgs) -> Result<()> {
    let metrics = Metrics::new()?;
    let trust = args.trust.as_deref().map(|folder| Trust::from_folder(folder, &args.image)).transpose();
    let trust = trust.context("--trust")?.map(Arc::new);
    let listener = bind(args.listen).await.with_context(|| format!("--listen {}", args.listen))?;
    let client = Client::try_default().await.context("how to reach the API server is not known")?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let serving = tokio::spawn(serve(listener, metrics.clone()));
    let operator = Operator { client, asker: Arc::new(OverHttp), config: args.config(), metrics, trust };
    operator.run(&args.namespace, args.name.clone(), stop).await;
    serving.abort();
    Ok(())
}
