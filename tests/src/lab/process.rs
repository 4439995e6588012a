//! A child process that ends with its guard.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};

use super::until;

/// A running child; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: Text,
    stderr: Text,
}

/// How a child ended and all that it wrote.
#[derive(Debug)]
pub struct Ended {
    /// Exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ended {
    /// The exit code, if it was not ended by a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// This, if the exit code is 0.
    ///
    /// # Panics
    /// With all that was written, if it is another.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(self.status.success(), "{}\n{}{}", self.status, self.stdout, self.stderr);
        self
    }
}

impl Process {
    /// Starts `command` without standard input.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let name = format!("{command:?}");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = Text::read(child.stdout.take().expect("stdout is piped"));
        let stderr = Text::read(child.stderr.take().expect("stderr is piped"));
        Self { name, child, stdout, stderr }
    }

    /// Runs `command` to its end.
    pub fn run(command: &mut Command) -> Ended {
        Self::start(command).wait()
    }

    /// Runs `command` to its end, however long that takes: a build, for one.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn run_long(command: &mut Command) -> Ended {
        let mut process = Self::start(command);
        let status = process.child.wait().expect("the state of a child");
        Ended { status, stdout: process.stdout.all(), stderr: process.stderr.all() }
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends `signal`; to a child that has ended, in vain.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        let _ = kill_process(pid, signal);
    }

    /// As [`goes_first`].
    pub fn goes_first(&self) {
        goes_first(self.pid());
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// How it ended, if it has.
    pub fn try_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child")
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not end at all: see [`until`].
    pub fn wait(mut self) -> Ended {
        let what = format!("the end of {}", self.name);
        let status = until(&what, || self.try_status());
        Ended { status, stdout: self.stdout.all(), stderr: self.stderr.all() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives the process `pid` the processor before all that has no real-time priority, where that is allowed: for what measures
/// time on a busy machine. Returns whether it was.
pub fn goes_first(pid: u32) -> bool {
    change_priority(&["--all-tasks"], pid)
}

/// As [`goes_first`], for the calling thread alone: what the process starts later does not inherit it.
pub fn go_first() {
    change_priority(&[], rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
}

fn change_priority(options: &[&str], id: u32) -> bool {
    let mut command = Command::new("chrt");
    command.args(options).args(["--rr", "--pid", "1", &id.to_string()]);
    Process::run(&mut command).status.success()
}

/// Lines that a thread of its own reads, so that the writer never blocks.
#[derive(Debug)]
struct Text {
    so_far: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Text {
    fn read(pipe: impl Read + Send + 'static) -> Self {
        let so_far = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&so_far);
        let reader = thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                sink.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { so_far, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        self.so_far.lock().unwrap().clone()
    }

    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}
