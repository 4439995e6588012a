//! `flowctl top`.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use k8s::view::board::{Row, Subject};
use k8s::view::instance::Found;
use k8s::view::load::Counted;
use k8s::view::load_text::{LoadRow, SortBy, sort, table};
use k8s::view::reach::Reach;
use k8s::view::samples::parse;
use k8s_openapi::jiff::Timestamp;
use tokio::time::sleep;

use super::args::TopArgs;
use super::terminal::Terminal;
use crate::{print, progress};

/// Instances that are asked at a time.
const AT_A_TIME: usize = 32;
/// Lines that are not flows.
const FRAME: usize = 4;

pub(super) async fn run(args: &TopArgs) -> anyhow::Result<()> {
    let (reach, _) = super::reach(&args.place, args.all_namespaces).await?;
    let mut looks = Looks { reach, before: BTreeMap::new() };
    if !args.json && io::stdout().is_terminal() && io::stdin().is_terminal() {
        return live(&mut looks, args).await;
    }
    looks.rows(|done, total| progress::count("asking instances", done, total)).await?;
    sleep(args.every).await;
    let mut rows = looks.rows(|_, _| {}).await?;
    sort(&mut rows, args.sort.into());
    if args.json { print::json(&rows) } else { print::text(&table(&rows, usize::MAX, false)) }
}

/// Shows rows until q or Ctrl-C.
async fn live(looks: &mut Looks, args: &TopArgs) -> anyhow::Result<()> {
    let mut by: SortBy = args.sort.into();
    let terminal = Terminal::take()?;
    let mut keys = terminal.keys();
    let mut rows = Vec::new();
    let mut said = String::new();
    let mut next = Duration::ZERO;
    loop {
        tokio::select! {
            () = sleep(next) => match looks.rows(|_, _| {}).await {
                Ok(new) => (rows, said) = (new, String::new()),
                Err(error) => said = format!("as of before: {error}"),
            },
            key = keys.recv() => match key {
                Some(b'q') | None => return Ok(()),
                Some(key) => by = sort_of(key).unwrap_or(by),
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        next = args.every;
        sort(&mut rows, by);
        let table = table(&rows, terminal.rows().saturating_sub(FRAME), super::has_colours());
        let keys = "sort: n(ame) b(itrate) c(pu) l(atency) e(rrors)   q(uit)";
        terminal.show(&format!("{}  {keys}\n{said}\n{table}", Timestamp::now().strftime("%H:%M:%S")))?;
    }
}

const fn sort_of(key: u8) -> Option<SortBy> {
    match key {
        b'n' => Some(SortBy::Name),
        b'b' => Some(SortBy::Bitrate),
        b'c' => Some(SortBy::Cpu),
        b'l' => Some(SortBy::Latency),
        b'e' => Some(SortBy::Errors),
        _ => None,
    }
}

/// Looks at all flows, one after the other look.
struct Looks {
    reach: Reach,
    /// What each pod had counted, and when.
    before: BTreeMap<String, (Instant, Counted)>,
}

impl Looks {
    async fn rows(&mut self, progress: impl Fn(usize, usize)) -> anyhow::Result<Vec<LoadRow>> {
        let subjects = self.reach.subjects(progress).await?;
        let now = Timestamp::now();
        let counts = subjects.iter().map(|subject| counted(&self.reach, subject));
        let counts: Vec<_> = stream::iter(counts).buffered(AT_A_TIME).collect().await;
        let before = std::mem::take(&mut self.before);
        let mut rows = Vec::new();
        for (subject, counted) in subjects.iter().zip(counts) {
            let row = Row::of(subject, now);
            let load = counted.and_then(|(pod, at, counted)| {
                let since = before.get(&pod).map(|(then, before)| counted.since(before, (at - *then).as_secs_f64()));
                self.before.insert(pod, (at, counted));
                since
            });
            let node = (!row.on_air.is_empty()).then(|| row.on_air.join(","));
            rows.push(LoadRow { namespace: row.namespace, name: row.name, state: row.state, node, load });
        }
        Ok(rows)
    }
}

/// What the instance on air has counted.
async fn counted(reach: &Reach, subject: &Subject) -> Option<(String, Instant, Counted)> {
    let one = subject.instances.iter().find(|one| Found::is_on_air(one))?;
    let flow = &subject.flow.metadata;
    let text = reach.ask(flow.namespace.as_deref()?, &one.pod, "/metrics").await.ok()?;
    Some((one.pod.name.clone(), Instant::now(), Counted::of(&parse(&text), flow.name.as_deref()?)))
}
