//! What is printed: text for people, JSON for programs.

use std::io::{self, ErrorKind, Write};

use k8s::crd::Rollout;
use k8s::image::package::Summary;
use k8s::registry::prune::{Fate, Published};
use kube::ResourceExt;
use serde::Serialize;

const MEBIBYTE: f64 = 1_048_576.0;
/// Hexadecimal digits of a digest that tell images apart for a person.
const SHORT: usize = 12;

/// Writes to standard output; a reader that has seen enough is no failure.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints `value` as JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    text(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// `3.46 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "two digits after the point are shown")]
    let bytes = bytes as f64;
    format!("{:.2} MiB", bytes / MEBIBYTE)
}

/// A table of images.
pub(crate) fn table(images: &[Published]) -> String {
    let rows = images.iter().map(|one| {
        [
            one.tag.clone(),
            one.image.created.clone(),
            size(one.image.size_bytes),
            one.image.platform.clone(),
            short(&one.image),
        ]
    });
    columns(["VERSION", "COMMITTED", "SIZE", "PLATFORM", "DIGEST"], rows)
}

/// A table of what stays and what goes.
pub(crate) fn fates(fates: &[Fate], goes: &str) -> String {
    let rows = fates.iter().map(|fate| {
        let what = fate.kept.map_or(goes.to_owned(), |reason| format!("stays: {}", reason.text()));
        let one = &fate.published;
        [one.tag.clone(), one.image.created.clone(), size(one.image.size_bytes), short(&one.image), what]
    });
    columns(["VERSION", "COMMITTED", "SIZE", "DIGEST", "WHAT BECOMES OF IT"], rows)
}

/// All of one image, a line a fact.
pub(crate) fn image(name: &str, image: &Summary, signatures: Option<usize>) -> String {
    let mut lines = vec![
        ["image".to_owned(), name.to_owned()],
        ["digest".to_owned(), image.digest.to_string()],
        ["size".to_owned(), format!("{} to pull", size(image.size_bytes))],
        ["platform".to_owned(), image.platform.clone()],
        ["committed".to_owned(), image.created.clone()],
        ["runs".to_owned(), format!("{} as {}", image.entrypoint.join(" "), image.user)],
    ];
    lines.extend(signatures.map(|count| ["signatures".to_owned(), count.to_string()]));
    lines.extend(image.layers.iter().map(|layer| ["layer".to_owned(), layer.to_string()]));
    lines.extend(image.labels.iter().map(|(name, value)| ["label".to_owned(), format!("{name}={value}")]));
    let width = lines.iter().map(|[name, _]| name.len()).max().unwrap_or_default();
    lines.iter().map(|[name, value]| format!("{name:width$}  {value}\n")).collect()
}

/// A rollout, and its flows.
pub(crate) fn rollout(rollout: &Rollout) -> String {
    let status = rollout.status.clone().unwrap_or_default();
    let head = format!(
        "{} of {}: {:?}: {}\n",
        rollout.name_any(),
        version(rollout),
        status.phase,
        if status.message.is_empty() { "no operator has looked at it yet" } else { &status.message }
    );
    let rows = status.flows.iter().map(|change| {
        let previous = change.previous_version.clone().or_else(|| change.previous_digest.clone());
        let state = format!("{:?}", change.state);
        [change.name.clone(), state, previous.unwrap_or_default(), change.message.clone().unwrap_or_default()]
    });
    format!("{head}{}", columns(["FLOW", "STATE", "BEFORE", "MESSAGE"], rows))
}

/// Rollouts, a line each.
pub(crate) fn rollouts(rollouts: &[Rollout]) -> String {
    let rows = rollouts.iter().map(|rollout| {
        let status = rollout.status.clone().unwrap_or_default();
        let begun = status.begun.map(|begun| begun.0.to_string()).unwrap_or_default();
        let done = format!("{} of {}", status.done, status.total);
        [rollout.name_any(), version(rollout), format!("{:?}", status.phase), done, begun, status.message]
    });
    columns(["ROLLOUT", "VERSION", "PHASE", "DONE", "BEGUN", "MESSAGE"], rows)
}

fn version(rollout: &Rollout) -> String {
    let spec = &rollout.spec;
    spec.version.clone().or_else(|| spec.digest.clone()).unwrap_or_default()
}

fn short(image: &Summary) -> String {
    format!("sha256:{}", image.digest.hex().get(..SHORT).unwrap_or_default())
}

/// Rows under their heads, each column as wide as it needs to be.
fn columns<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let all: Vec<[String; N]> = std::iter::once(heads.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let rows = [["a".to_owned(), "b".to_owned()], ["long".to_owned(), "c".to_owned()]];
        assert_eq!(columns(["X", "Y"], rows.into_iter()), "X     Y\na     b\nlong  c\n");
    }

    #[test]
    fn sizes_are_in_mebibytes() {
        assert_eq!(size(3_628_000), "3.46 MiB");
    }
}
