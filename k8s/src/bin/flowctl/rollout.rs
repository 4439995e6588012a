//! `flowctl rollout …`: writes Rollout objects, and tells how they stand. All the work is the operator's.

use std::time::Duration;

use anyhow::{Context, bail};
use k8s::crd::{Rollout, RolloutPhase, RolloutSpec, RolloutStatus};
use kube::api::{Api, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::args::{Place, RolloutArgs, RolloutCommand, WhichRollout};
use crate::{print, progress};

/// Field manager of what a person says by this program.
const MANAGER: &str = "flowctl";
/// How often the API server is asked while a person waits.
const ROUND: Duration = Duration::from_millis(500);

/// Does what is asked.
pub(crate) async fn run(args: RolloutArgs) -> anyhow::Result<()> {
    match args.command {
        None => begin(args).await,
        Some(RolloutCommand::Status(which)) => change(&which, None).await,
        Some(RolloutCommand::Pause(which)) => change(&which, Some(json!({"paused": true}))).await,
        Some(RolloutCommand::Resume(which)) => change(&which, Some(json!({"paused": null}))).await,
        Some(RolloutCommand::Abort(which)) => change(&which, Some(json!({"abort": true, "undo": null}))).await,
        Some(RolloutCommand::Undo(which)) => change(&which, Some(json!({"undo": true, "abort": null}))).await,
        Some(RolloutCommand::History(place)) => history(&place).await,
    }
}

async fn api(place: &Place) -> anyhow::Result<Api<Rollout>> {
    let client = Client::try_default().await.context("no cluster: set KUBECONFIG to a file that names one")?;
    Ok(match &place.namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::default_namespaced(client),
    })
}

async fn begin(args: RolloutArgs) -> anyhow::Result<()> {
    let api = api(&args.place).await?;
    let image = args.version.unwrap_or_default();
    let (digest, version) = if image.starts_with("sha256:") { (Some(image), None) } else { (None, Some(image)) };
    let spec = RolloutSpec {
        version,
        digest,
        flows: args.flows,
        all: args.all,
        canary: args.canary,
        at_a_time: args.at_a_time,
        force: args.force,
        ..RolloutSpec::default()
    };
    let metadata = ObjectMeta { generate_name: Some("rollout-".to_owned()), ..ObjectMeta::default() };
    let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
    let made = api.create(&params, &Rollout { metadata, spec, status: None }).await.context("the rollout")?;
    let name = made.name_any();
    let rollout = if args.no_wait { made } else { wait(&api, &name).await? };
    tell(&args.place, &rollout)?;
    check(&rollout)
}

/// Changes a rollout, if there is something to change, and tells how it stands.
async fn change(which: &WhichRollout, spec: Option<Value>) -> anyhow::Result<()> {
    let api = api(&which.place).await?;
    let name = match &which.name {
        Some(name) => name.clone(),
        None => newest(&api).await?,
    };
    let mut rollout = match spec {
        None => api.get(&name).await?,
        Some(spec) => {
            let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
            api.patch(&name, &params, &Patch::Merge(json!({"spec": spec}))).await?
        }
    };
    if which.wait {
        rollout = wait(&api, &name).await?;
    }
    tell(&which.place, &rollout)
}

async fn history(place: &Place) -> anyhow::Result<()> {
    let rollouts = all(&api(place).await?).await?;
    if place.json { print::json(&rollouts) } else { print::text(&print::rollouts(&rollouts)) }
}

/// The rollouts of the namespace, the newest first.
async fn all(api: &Api<Rollout>) -> anyhow::Result<Vec<Rollout>> {
    let mut rollouts = api.list(&ListParams::default()).await?.items;
    let created = |rollout: &Rollout| rollout.metadata.creation_timestamp.as_ref().map(|created| created.0);
    rollouts.sort_by_key(|rollout| std::cmp::Reverse((created(rollout), rollout.name_any())));
    Ok(rollouts)
}

async fn newest(api: &Api<Rollout>) -> anyhow::Result<String> {
    let newest = all(api).await?.into_iter().next();
    newest
        .map(|rollout| rollout.name_any())
        .context("there is no rollout here; flowctl rollout VERSION --all begins one")
}

fn tell(place: &Place, rollout: &Rollout) -> anyhow::Result<()> {
    if place.json { print::json(rollout) } else { print::text(&print::rollout(rollout)) }
}

/// Waits until nothing is left to do, with a line on a terminal meanwhile.
async fn wait(api: &Api<Rollout>, name: &str) -> anyhow::Result<Rollout> {
    loop {
        let rollout = api.get(name).await?;
        let status = rollout.status.clone().unwrap_or_default();
        let is_current = status.observed_generation == rollout.metadata.generation;
        if is_current && status.ended.is_some() {
            progress::line("");
            return Ok(rollout);
        }
        progress::line(&summary(name, &status));
        sleep(ROUND).await;
    }
}

fn summary(name: &str, status: &RolloutStatus) -> String {
    let under_way =
        status.flows.iter().filter_map(|change| Some(format!("{} {}", change.name, change.message.as_ref()?)));
    let under_way: Vec<_> = under_way.take(3).collect();
    format!("{name}: {:?}, {} of {} done; {}", status.phase, status.done, status.total, under_way.join(", "))
}

fn check(rollout: &Rollout) -> anyhow::Result<()> {
    match &rollout.status {
        Some(status) if status.phase == RolloutPhase::Failed => bail!("{}", status.message),
        _ => Ok(()),
    }
}
