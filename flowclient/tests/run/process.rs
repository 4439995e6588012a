//! The program as a process: its log, its HTTP side, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A running program; killed when dropped.
pub(crate) struct Flowclient {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Flowclient {
    /// Starts the program with its HTTP side on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowclient"));
        command.args(arguments).args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// Reads the log up to a line whose message contains `wanted`, and returns that line.
    pub(crate) fn read_log_until(&mut self, wanted: &str) -> Value {
        let mut read = String::new();
        loop {
            let start = read.len();
            assert_ne!(self.log.read_line(&mut read).unwrap(), 0, "the log ended without {wanted:?}:\n{read}");
            let line: Value = serde_json::from_str(&read[start..]).unwrap_or_else(|_| panic!("no JSON: {read}"));
            if line["message"].as_str().unwrap().contains(wanted) {
                return line;
            }
        }
    }

    /// Reads the log up to where it says where its HTTP side is.
    pub(crate) fn read_address(&mut self) -> String {
        let line = self.read_log_until("http://");
        let message = line["message"].as_str().unwrap();
        message.split("http://").nth(1).unwrap().trim_end_matches('/').to_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Flowclient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a GET, headers and all.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A port of this host that nobody uses.
pub(crate) fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
