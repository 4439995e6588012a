//! The log: lines for people at a terminal, JSON lines for machines.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::config::LogFormat;
use crate::console::Console;

/// Sends the log to standard error from here on; a second call changes nothing. `quiet` keeps all but warnings out.
pub(crate) fn start(format: LogFormat, quiet: bool, console: &Console) {
    let level = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    let log = fmt().with_max_level(level).with_target(false).with_writer(console.clone());
    // It fails only when a log was started before, which then stays.
    let _ = match format {
        LogFormat::Human => log.with_ansi(Console::is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
}
