//! Runs the flows of a configuration until told to stop, and makes them others when the configuration changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use tracing::{info, warn};

use crate::cause::Surroundings;
use crate::config::{Config, LogFormat};
use crate::console::Console;
use crate::descriptors;
use crate::error::ConfigError;
use crate::fleet::Fleet;
use crate::host::Host;
use crate::http::{Server, Site};
use crate::journal::Journal;
use crate::metrics::{REVISION, VERSION};
use crate::orders::{Order, Orders};
use crate::plan::Outcome;
use crate::progress;
use crate::pulse::{Pulse, Question};
use crate::signals::{Request, Signals};
use crate::status::Board;
use crate::watch::{LOOK_INTERVAL, Watch};

/// Time between two progress lines, and two samples of the rates.
const TICK: Duration = Duration::from_secs(1);

/// Runs the flows of `config`; `load` reads the configuration anew.
///
/// # Errors
/// When something cannot be opened at the start; nothing has been sent then. Later troubles are logged and lived with.
pub(crate) fn run(config: Config, load: impl FnMut() -> Result<Config>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting")?;
    runtime.block_on(async { Supervisor::start(config, load).await?.run().await })
}

struct Supervisor<L> {
    config: Config,
    load: L,
    console: Console,
    board: Arc<Board>,
    host: Host,
    surroundings: Surroundings,
    fleet: Fleet,
    signals: Signals,
    watch: Option<Watch>,
    questions: Receiver<Question>,
    orders: Receiver<Order>,
    journal: Journal,
}

/// What the supervisor wakes for.
enum Wake {
    Stop(String),
    Reload,
    Tick,
    Said(relay::event::FlowEvent),
    Asked(Question),
    Ordered(Order),
}

impl<L: FnMut() -> Result<Config>> Supervisor<L> {
    async fn start(config: Config, load: L) -> Result<Self> {
        let console = Console::new();
        crate::log::start(config.log_format, config.quiet, &console);
        let signals = Signals::take().context("taking SIGTERM, SIGINT and SIGHUP")?;
        let board = Arc::new(Board::new());
        let (pulse, questions) = Pulse::new(config.threads.count.max(1));
        let (order, orders) = Orders::new();
        let server = match config.listen {
            Some(address) => Some(Server::bind(address).await?),
            None => None,
        };
        descriptors::raise_limit();
        let mut fleet = Fleet::new(config.threads, config.engine, Arc::clone(&board))?;
        if let (Outcome::Refused(reason), _) = fleet.become_wanted(&config.flows) {
            return Err(ConfigError::new(reason).into());
        }
        let journal = Journal::new(config.log_format, Arc::clone(board.history()));
        announce(&config, &journal, server.as_ref());
        if let Some(server) = server {
            let site = Site::new(Arc::clone(&board), pulse, order).context("building the metrics")?;
            tokio::spawn(server.serve(Arc::new(site)));
        }
        let watch = watch(&config);
        let (host, surroundings) = (Host::default(), Surroundings::default());
        Ok(Self { config, load, console, board, host, surroundings, fleet, signals, watch, questions, orders, journal })
    }

    async fn run(mut self) -> Result<()> {
        let end = self.config.run_for.and_then(|span| tokio::time::Instant::now().checked_add(span));
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let why = loop {
            let wake = tokio::select! {
                request = self.signals.next() => request.into(),
                () = reached(end) => Wake::Stop("the time to run is over".to_owned()),
                () = changed(self.watch.as_mut()) => Wake::Reload,
                Some(event) = self.fleet.next_event() => Wake::Said(event),
                Some(question) = self.questions.recv() => Wake::Asked(question),
                Some(order) = self.orders.recv() => Wake::Ordered(order),
                _ = ticks.tick() => Wake::Tick,
            };
            if matches!(wake, Wake::Tick) {
                self.fleet.publish().await;
            }
            if let Some(why) = self.handle(wake) {
                break why;
            }
        };
        self.stop(&why);
        Ok(())
    }

    /// Does what it woke for. Returns why to stop, if it is to.
    fn handle(&mut self, wake: Wake) -> Option<String> {
        match wake {
            Wake::Stop(why) => return Some(why),
            Wake::Reload => self.reload(),
            Wake::Tick => self.tick(),
            Wake::Asked(question) => self.fleet.ask_threads(&question.answer()),
            Wake::Ordered(order) => self.fleet.obey(order),
            Wake::Said(event) => {
                self.journal.event(Instant::now(), event);
                return self.board.all_ended().then(|| "all sources have ended".to_owned());
            }
        }
        None
    }

    fn tick(&mut self) {
        let now = Instant::now();
        // First: what it looks at is as of now.
        self.look_for_loss(now);
        self.fleet.tend();
        self.journal.tick(now);
        if self.shows_progress() {
            self.console.show_progress(&progress::render(&self.board.views(), self.board.uptime(), Console::columns()));
        }
    }

    fn look_for_loss(&mut self, now: Instant) {
        let shares = self.board.sample(now);
        let sample = self.host.sample();
        self.board.note_host(&sample);
        let verdicts = self.surroundings.look(TICK, sample, &shares);
        for (inlet, _) in verdicts.iter().filter(|(_, verdict)| verdict.learned) {
            info!(
                "{inlet}: the usual traffic of others is known, so a loss in this host's network can be told from one upstream"
            );
        }
        for event in self.board.attribute(&shares, &verdicts) {
            self.journal.event(now, event);
        }
    }

    fn shows_progress(&self) -> bool {
        self.config.log_format == LogFormat::Human && !self.config.quiet && Console::is_terminal()
    }

    fn reload(&mut self) {
        let outcome = match (self.load)() {
            Ok(fresh) => self.take_over(fresh),
            Err(error) => Outcome::Refused(format!("{error:#}")),
        };
        self.board.note_reload(&outcome);
        self.journal.reload(&outcome);
    }

    fn take_over(&mut self, fresh: Config) -> Outcome {
        let (outcome, totals) = self.fleet.become_wanted(&fresh.flows);
        totals.iter().for_each(|total| self.journal.total(total));
        if outcome.is_success() {
            warn_of_restart(&self.config, &fresh);
            if let Some(watch) = &mut self.watch {
                follow(watch, &fresh);
            }
            (self.config.flows, self.config.watched_files) = (fresh.flows, fresh.watched_files);
        }
        outcome
    }

    fn stop(self, why: &str) {
        self.console.show_progress("");
        info!("stopping: {why}");
        for total in self.fleet.stop() {
            self.journal.total(&total);
        }
    }
}

impl From<Request> for Wake {
    fn from(request: Request) -> Self {
        match request {
            Request::Stop(signal) => Self::Stop(signal.to_owned()),
            Request::Reload => Self::Reload,
        }
    }
}

fn announce(config: &Config, journal: &Journal, server: Option<&Server>) {
    info!("flowclient {VERSION} ({REVISION})");
    config.flows.iter().for_each(|flow| journal.start(flow));
    if let Some(address) = server.and_then(|server| server.address().ok()) {
        info!("status page and metrics at http://{address}/");
    }
}

/// A watch on the configuration's files, if it has any.
fn watch(config: &Config) -> Option<Watch> {
    let mut watch = (!config.watched_files.is_empty()).then(Watch::new);
    watch.iter_mut().for_each(|watch| follow(watch, config));
    watch
}

fn follow(watch: &mut Watch, config: &Config) {
    if let Err(error) = watch.follow(&config.watched_files) {
        warn!("changes of the configuration's files are noticed within {LOOK_INTERVAL:?}, not at once: {error}");
    }
}

async fn changed(watch: Option<&mut Watch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

async fn reached(end: Option<tokio::time::Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

fn warn_of_restart(running: &Config, fresh: &Config) {
    if (running.listen, running.threads, running.engine) != (fresh.listen, fresh.threads, fresh.engine) {
        warn!(
            "another listen address, number of threads, pinning or engine takes effect only when the program is started again"
        );
    }
}
