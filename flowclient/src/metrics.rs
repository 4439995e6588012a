//! Metrics in the Prometheus text format, read from the board when they are scraped.

mod family;
mod reference;
mod table;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Registry, TextEncoder};

use crate::status::{Board, FlowView, HostView, Reloads};

pub(crate) use reference::reference;

/// Version of the program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Revision of the source that the program was built from, or `unknown`.
pub(crate) const REVISION: &str = env!("FLOWCLIENT_REVISION");

/// A registry that shows the board.
///
/// # Errors
/// When a name in the table is no valid metric name, or stands there twice.
pub(crate) fn registry(board: Arc<Board>) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    registry.register(Box::new(BoardCollector::new(board)?))?;
    Ok(registry)
}

/// The text that a scrape gets.
///
/// # Errors
/// When a family cannot be written, which no family of the table is.
pub(crate) fn render(registry: &Registry) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(&registry.gather())
}

/// All that the metrics are made of, as it is at one scrape.
struct Scene {
    flows: Vec<FlowView>,
    reloads: Reloads,
    host: HostView,
    started: SystemTime,
}

struct BoardCollector {
    board: Arc<Board>,
    descs: Vec<Desc>,
}

impl BoardCollector {
    fn new(board: Arc<Board>) -> prometheus::Result<Self> {
        let descs = table::families().map(|family| {
            let labels = family.labels.iter().map(|&name| name.to_owned()).collect();
            Desc::new(family.name.to_owned(), family.help.to_owned(), labels, HashMap::new())
        });
        Ok(Self { descs: descs.collect::<prometheus::Result<_>>()?, board })
    }
}

impl Collector for BoardCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Self { board, .. } = self;
        let (flows, reloads, host) = (board.views(), board.reloads(), board.host());
        let scene = Scene { flows, reloads, host, started: board.started_utc() };
        table::families().map(|family| family.gather(&scene)).collect()
    }
}

#[cfg(test)]
mod tests;
