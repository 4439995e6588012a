//! A running flowclient.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::{Ended, Metrics, NetNs, Process, Response, http, until};

/// A flowclient in a namespace, with its HTTP server up; killed when dropped.
#[derive(Debug)]
pub struct Flowclient {
    namespace: NetNs,
    listen: SocketAddr,
    process: Process,
}

impl Flowclient {
    /// The binary under test: `FLOWCLIENT_BIN`, or the one built into the same target directory as this program.
    ///
    /// # Panics
    /// When there is none.
    pub fn binary() -> PathBuf {
        let named = env::var_os("FLOWCLIENT_BIN").map(PathBuf::from);
        let built = || {
            let me = env::current_exe().ok()?;
            me.ancestors().skip(1).take(2).map(|folder| folder.join("flowclient")).find(|path| path.is_file())
        };
        named.or_else(built).expect("no flowclient binary: cargo build -p flowclient, or set FLOWCLIENT_BIN")
    }

    /// A flowclient command, not started, without an HTTP port of its own.
    pub fn command(namespace: &NetNs, arguments: &[&str]) -> Command {
        let mut command = namespace.command(Self::binary());
        command.args(arguments).env_remove("FLOWCLIENT_CATALOG");
        command
    }

    /// Runs flowclient to its end.
    pub fn run(namespace: &NetNs, arguments: &[&str]) -> Ended {
        Process::run(&mut Self::command(namespace, arguments))
    }

    /// Starts flowclient with HTTP on port 9090 and waits until it answers.
    pub fn start(namespace: &NetNs, arguments: &[&str]) -> Self {
        Self::start_on(namespace, 9_090, arguments)
    }

    /// Starts flowclient with HTTP on `port` of the loopback address and waits until it answers.
    ///
    /// # Panics
    /// With what it wrote, when it ends instead.
    pub fn start_on(namespace: &NetNs, port: u16, arguments: &[&str]) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = Self::command(namespace, arguments);
        command.args(["--listen", &listen.to_string()]);
        let process = Process::start(&mut command);
        let mut flowclient = Self { namespace: namespace.clone(), listen, process };
        until("flowclient's /healthz", || {
            let ended = flowclient.process.try_status();
            assert!(ended.is_none(), "flowclient ended at once: {}", flowclient.process.stderr());
            http::get(namespace, listen, "/healthz").is_ok_and(|response| response.status == 200).then_some(())
        });
        flowclient
    }

    /// As [`Process::goes_first`].
    pub fn goes_first(&self) {
        self.process.goes_first();
    }

    /// GETs `path`.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn get(&self, path: &str) -> Response {
        let answer = http::get(&self.namespace, self.listen, path);
        answer.unwrap_or_else(|error| panic!("{path}: {error}; flowclient says: {}", self.stderr()))
    }

    /// POSTs to `path`.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn post(&self, path: &str) -> Response {
        let answer = http::post(&self.namespace, self.listen, path);
        answer.unwrap_or_else(|error| panic!("{path}: {error}; flowclient says: {}", self.stderr()))
    }

    /// The first of its flows, as `/api/v1/flows` has it.
    ///
    /// # Panics
    /// When that is not JSON.
    pub fn flow(&self) -> Value {
        let mut answer: Value = serde_json::from_str(&self.get("/api/v1/flows").body).expect("JSON");
        answer["flows"][0].take()
    }

    /// A scrape of its metrics.
    pub fn metrics(&self) -> Metrics {
        Metrics::parse(&self.get("/metrics").body)
    }

    /// Waits until its metrics are as `wanted`, and gives them.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
        until(what, || Some(self.metrics()).filter(&wanted))
    }

    /// Waits until `/readyz` answers 200.
    pub fn wait_until_ready(&self) {
        until("flowclient's /readyz", || (self.get("/readyz").status == 200).then_some(()));
    }

    /// Waits until it has logged a line with `words` for the `times`-th time.
    pub fn wait_for_log(&self, words: &str, times: usize) {
        until(&format!("a log line with: {words}"), || (self.logged(words) >= times).then_some(()));
    }

    /// Number of log lines with `words`.
    pub fn logged(&self, words: &str) -> usize {
        self.stderr().lines().filter(|line| line.contains(words)).count()
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends `signal`.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.process.wait()
    }

    /// Waits until it ends by itself.
    pub fn wait(self) -> Ended {
        self.process.wait()
    }
}
