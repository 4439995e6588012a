//! `flowctl inspect FLOW`: the instance writes the report itself, in the same words as `flowclient inspect`.

use anyhow::{Context, anyhow, bail};
use k8s::view::board::Subject;
use k8s::view::instance::Found;

use super::args::InspectArgs;
use crate::print;

pub(super) async fn run(args: &InspectArgs) -> anyhow::Result<()> {
    let (reach, namespace) = super::reach(&args.place, false).await?;
    let subject = reach.subject(&args.flow).await?;
    let instance = choose(&subject, args.instance.as_deref())?;
    let form = match (args.json, super::has_colours()) {
        (true, _) => "inspection",
        (false, true) => "inspection.ansi",
        (false, false) => "inspection.txt",
    };
    let path = format!("/api/v1/flows/{}/{form}", args.flow);
    let report = reach.ask(&namespace, &instance.pod, &path).await;
    let report = report.map_err(|why| anyhow!(why)).with_context(|| instance.pod.name.clone())?;
    print::text(&report)
}

/// The instance that is named; or the one on air, or else any that answers.
fn choose<'a>(subject: &'a Subject, named: Option<&str>) -> anyhow::Result<&'a Found> {
    let instances = &subject.instances;
    let found = match named {
        Some(name) => instances.iter().find(|one| one.pod.name == name),
        None => instances.iter().find(|one| one.is_on_air()).or(instances.iter().find(|one| one.said.is_ok())),
    };
    let Some(found) = found else {
        let there: Vec<_> = instances.iter().map(|one| one.pod.name.as_str()).collect();
        bail!("no such instance, or none that answers; there are: {}", there.join(", "));
    };
    Ok(found)
}
