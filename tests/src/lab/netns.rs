//! A network namespace that lives as long as its guard.

use std::fs::{self, File};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::{process, thread};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::until;

/// A network namespace named `fc-PID-NUMBER-ROLE`, which is deleted with its last clone; or a [`Self::lasting`] one.
#[derive(Clone, Debug)]
pub struct NetNs(Arc<Guard>);

#[derive(Debug)]
struct Guard {
    name: String,
    lasting: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.lasting {
            let _ = run(Command::new("ip").args(["netns", "del", &self.name]));
        }
    }
}

impl NetNs {
    /// Makes a namespace with its loopback up.
    ///
    /// # Panics
    /// When the kernel refuses, as it does to anybody but root.
    pub fn new(role: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let name = format!("fc-{}-{}-{role}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let namespace = Self(Arc::new(Guard { name, lasting: false }));
        namespace.make();
        namespace
    }

    /// The namespace `name`, which exists from [`Self::make`] to [`Self::delete`], for other processes too.
    pub fn lasting(name: &str) -> Self {
        Self(Arc::new(Guard { name: name.to_owned(), lasting: true }))
    }

    /// Makes the namespace with its loopback up.
    ///
    /// # Panics
    /// When the kernel refuses, as it does to anybody but root, or when it exists.
    pub fn make(&self) {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let adding = ONE_AT_A_TIME.lock();
        run(Command::new("ip").args(["netns", "add", self.name()])).expect("network namespaces need root and iproute2");
        drop(adding);
        // An address that is tried out first changes the network again when it is taken, perhaps in the midst of a test.
        self.inside(|| fs::write("/proc/sys/net/ipv6/conf/default/accept_dad", "0")).expect("a setting of IPv6");
        self.ip("link set lo up");
    }

    /// Deletes the namespace, if it exists.
    pub fn delete(&self) {
        let _ = run(Command::new("ip").args(["netns", "del", self.name()]));
    }

    /// Name of the namespace, as `ip netns` knows it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Runs `ip` with `arguments`, separated by blanks, in the namespace.
    ///
    /// # Panics
    /// When `ip` fails.
    pub fn ip(&self, arguments: &str) {
        run(Command::new("ip").args(["-n", self.name()]).args(arguments.split(' '))).expect("ip in a namespace");
    }

    /// What `ip` with `arguments` prints.
    pub fn ask(&self, arguments: &str) -> String {
        let output = Command::new("ip").args(["-n", self.name()]).args(arguments.split(' ')).output().expect("ip");
        String::from_utf8(output.stdout).expect("ip writes text")
    }

    /// Runs `work` on a thread of the namespace. A socket made there stays there, whoever uses it afterwards.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let namespace = File::open(self.path()).expect("the namespace's file");
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).expect("setns");
                work()
            });
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// A command in the namespace, killed by the kernel if the thread that starts it ends before it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path())).args(["setpriv", "--pdeathsig", "KILL"]).arg(program);
        command
    }

    /// Waits until the kernel routes what comes in on `interface`: for IPv6 that is a moment after it is up.
    pub fn wait_for_link(&self, interface: &str) {
        until(&format!("IPv6 on {interface} of {}", self.name()), || {
            let routes = self.ask(&format!("-6 route show table local dev {interface}"));
            routes.contains("ff00::/8").then_some(())
        });
    }

    /// Waits until somebody in the namespace has joined `group` on `interface`.
    pub fn wait_for_member(&self, interface: &str, group: IpAddr) {
        until(&format!("a member of {group} on {interface} of {}", self.name()), || {
            self.members(interface).contains(&group.to_string()).then_some(())
        });
    }

    /// Groups joined on `interface`, as `ip maddr` prints them.
    pub fn members(&self, interface: &str) -> Vec<String> {
        let text = self.ask(&format!("maddr show dev {interface}"));
        let groups = text.lines().filter_map(|line| line.trim().strip_prefix("inet"));
        groups
            .filter_map(|line| line.split_whitespace().nth(if line.starts_with('6') { 1 } else { 0 }))
            .map(Into::into)
            .collect()
    }

    /// The file that stands for the namespace.
    pub fn path(&self) -> String {
        format!("/run/netns/{}", self.name())
    }
}

/// Deletes the namespaces that killed test runs left behind.
fn sweep() {
    let names = fs::read_dir("/run/netns").into_iter().flatten().flatten().map(|entry| entry.file_name());
    for name in names.filter_map(|name| name.into_string().ok()).filter(|name| is_orphan(name)) {
        let _ = run(Command::new("ip").args(["netns", "del", &name]));
    }
}

fn is_orphan(name: &str) -> bool {
    let mut parts = name.split('-');
    let ours = parts.next() == Some("fc");
    let owner = parts.next().and_then(|pid| pid.parse::<u32>().ok());
    ours && owner.is_some_and(|pid| !fs::exists(format!("/proc/{pid}")).unwrap_or(true))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}
