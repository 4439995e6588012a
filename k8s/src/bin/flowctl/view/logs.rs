//! `flowctl logs FLOW`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::bail;
use futures_util::{AsyncBufReadExt, StreamExt};
use k8s::operator::pods::PodSeen;
use k8s::view::instance::Found;
use k8s::view::log_line::{self, LogLine};
use k8s::view::merge::Merge;
use k8s::view::reach::Reach;
use kube::api::LogParams;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval};

use super::args::LogsArgs;
use crate::print;

/// How long a line waits for others that may have been written before it.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often lines that have waited are written.
const TICK: Duration = Duration::from_millis(100);
/// How often new instances are looked for.
const LOOK: Duration = Duration::from_secs(3);

pub(super) async fn run(args: &LogsArgs) -> anyhow::Result<()> {
    let (reach, _) = super::reach(&args.place, false).await?;
    let (sender, lines) = unbounded_channel();
    let mut readers = Readers { reach, args, known: BTreeSet::new(), sender: Some(sender), width: 0 };
    readers.look().await?;
    if readers.known.is_empty() {
        bail!("no such instance of {}; see flowctl status {}", args.flow, args.flow);
    }
    if args.follow { follow(readers, lines).await } else { once(readers, lines).await }
}

/// One task for each instance's log.
struct Readers<'a> {
    reach: Reach,
    args: &'a LogsArgs,
    known: BTreeSet<String>,
    /// Lines end when nobody has it any more.
    sender: Option<UnboundedSender<LogLine>>,
    /// Letters of the longest label.
    width: usize,
}

impl Readers<'_> {
    /// Begins to read the logs of instances that were not there before.
    async fn look(&mut self) -> anyhow::Result<()> {
        for pod in self.wanted().await? {
            if let (true, Some(sender)) = (self.known.insert(pod.name.clone()), self.sender.clone()) {
                let label = log_line::label(pod.node.as_deref(), &pod.name);
                self.width = self.width.max(label.len());
                tokio::spawn(read(self.reach.clone(), pod.name, label, self.params(), sender));
            }
        }
        Ok(())
    }

    async fn wanted(&self) -> anyhow::Result<Vec<PodSeen>> {
        if self.args.on_air {
            let subject = self.reach.subject(&self.args.flow).await?;
            return Ok(subject.instances.into_iter().filter(Found::is_on_air).map(|one| one.pod).collect());
        }
        let pods = self.reach.pods_of(&self.args.flow).await?;
        let is_wanted = |pod: &PodSeen| self.args.instance.as_ref().is_none_or(|name| *name == pod.name);
        Ok(pods.iter().map(PodSeen::of).filter(is_wanted).collect())
    }

    fn params(&self) -> LogParams {
        let since = self.args.since.map(|since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX).max(1));
        LogParams {
            follow: self.args.follow,
            previous: self.args.previous,
            since_seconds: since,
            timestamps: true,
            ..LogParams::default()
        }
    }
}

/// Sends the lines of a log until it ends; why it could not be read is a line too, on standard error.
async fn read(reach: Reach, pod: String, label: String, params: LogParams, sender: UnboundedSender<LogLine>) {
    let mut lines = match reach.log(&pod, &params).await {
        Ok(log) => log.lines(),
        Err(error) => return eprintln!("flowctl: {pod}: {error}"),
    };
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => {
                let sent = log_line::read(&label, &line).map(|line| sender.send(line));
                if matches!(sent, Some(Err(_))) {
                    return;
                }
            }
            Err(error) => return eprintln!("flowctl: {pod}: the log breaks off: {error}"),
        }
    }
}

/// All that there is.
async fn once(mut readers: Readers<'_>, mut lines: UnboundedReceiver<LogLine>) -> anyhow::Result<()> {
    readers.sender = None;
    let mut merge = Merge::default();
    while let Some(line) = lines.recv().await {
        merge.push(line, Instant::now());
    }
    write(&mut merge, Duration::ZERO, &readers)
}

/// All that there is, and what comes, until Ctrl-C.
async fn follow(mut readers: Readers<'_>, mut lines: UnboundedReceiver<LogLine>) -> anyhow::Result<()> {
    let mut merge = Merge::default();
    let (mut ticks, mut looks) = (interval(TICK), interval(LOOK));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(line) = lines.recv() => merge.push(line, Instant::now()),
            _ = ticks.tick() => write(&mut merge, PATIENCE, &readers)?,
            _ = looks.tick() => if let Err(error) = readers.look().await {
                eprintln!("flowctl: new instances are not known: {error:#}");
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn write(merge: &mut Merge, patience: Duration, readers: &Readers<'_>) -> anyhow::Result<()> {
    let colours = super::has_colours();
    let now = Instant::now();
    let mut text = String::new();
    while let Some(line) = merge.pop(now, patience) {
        let line = if readers.args.json {
            serde_json::to_string(&line)?
        } else {
            log_line::text(&line, readers.width, colours)
        };
        text.push_str(&line);
        text.push('\n');
    }
    if text.is_empty() { Ok(()) } else { print::text(&text) }
}
