//! A machine made of namespaces: network, mounts, processes, names, IPC and control groups of its own.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::control_groups::{ControlGroups, hierarchies};
use super::hosts::{Host, etc_hosts};
use crate::lab::{Ended, NetNs, Process, until};

/// What boots a machine; it becomes the machine's pid 1.
const INIT: &str = include_str!("init.sh");

/// A machine with a disk (a folder in memory), a network interface `eth0` and services. It outlives this guard.
#[derive(Debug)]
pub struct Machine {
    host: Host,
    folder: PathBuf,
    net: NetNs,
    groups: ControlGroups,
}

impl Machine {
    /// The machine of `host` in the lab called `lab`, whose folder is `folder`; it need not exist yet.
    pub(super) fn new(lab: &str, folder: &Path, host: Host, net: NetNs) -> Self {
        let groups = ControlGroups::new(&Path::new(lab).join(host.name));
        Self { host, folder: folder.join(host.name), net, groups }
    }

    /// Whether it was made.
    pub(super) fn exists(&self) -> bool {
        self.folder.exists()
    }

    /// Where its programs are looked up: the folders that the lab wrote down when it was brought up.
    pub(super) fn search_path(&self) -> String {
        fs::read_to_string(self.folder.with_file_name("search-path")).expect("the lab is up")
    }

    /// A file of the disk, as the host sees it.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Makes the disk.
    pub(super) fn build(&self) {
        for folder in ["etc", "etc.work", "var/cache", "var/lib", "var/log", "var/tmp", "services", "stopped"] {
            fs::create_dir_all(self.folder.join(folder)).expect("a folder in memory");
        }
        symlink("/run", self.folder.join("var/run")).expect("a symbolic link");
        self.write("init.sh", INIT);
        self.write("etc/hostname", self.name());
        self.write("etc/hosts", &etc_hosts());
        // Nobody answers there, but pods get no name server at all from an empty file, and CoreDNS refuses that.
        self.write("etc/resolv.conf", "nameserver 192.168.2.161\n");
        self.write("etc/machine-id", &format!("{:032x}\n", u32::from(self.host.address)));
    }

    /// Writes a file of the disk; `path` is relative to it.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder in memory");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Adds a service, which runs from the next boot on: a shell script that ends with `exec PROGRAM`.
    pub(super) fn add_service(&self, service: &str, script: &str) {
        let path = format!("services/{service}");
        self.write(&path, &format!("#!/bin/bash\n{script}\n"));
        fs::set_permissions(self.folder.join(path), fs::Permissions::from_mode(0o755)).expect("a file mode");
    }

    /// Name of the machine.
    pub fn name(&self) -> &'static str {
        self.host.name
    }

    /// Its address and role.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its network.
    pub fn net(&self) -> &NetNs {
        &self.net
    }

    /// Switches it on and waits until its services are being started. Nothing happens if it is on.
    pub fn power_on(&self) {
        if self.is_on() {
            return;
        }
        let _ = fs::remove_file(self.pid_file());
        self.groups.make();
        let mut boot = self.boot();
        let mut child = self.groups.inside(|| boot.spawn()).expect("nsenter and unshare of util-linux");
        // Whoever switches it off need not be who has switched it on, and its end must be noticed.
        thread::spawn(move || child.wait());
        until(&format!("{} is on; see {}", self.name(), self.console().display()), || self.is_on().then_some(()));
    }

    fn boot(&self) -> Command {
        let console = File::create(self.console()).expect("a file in memory");
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.net.path()));
        command.args(["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "bash"]);
        command.arg(self.folder.join("init.sh")).arg(self.name()).arg(&self.folder).arg(hierarchies().join(" "));
        command.env("PATH", self.search_path()).process_group(0).current_dir("/");
        command.stdin(Stdio::null()).stdout(console.try_clone().expect("a file")).stderr(console);
        command
    }

    /// Pulls the plug: all its processes are gone at once. What they have written stays.
    pub fn power_off(&self) {
        let Some(pid) = self.pid() else { return };
        let _ = kill_process(pid, Signal::KILL);
        self.groups.freeze(false);
        until(&format!("{} is off", self.name()), || (!self.is_on()).then_some(()));
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.pid().is_some()
    }

    /// Stops all its processes where they are, as a hypervisor pauses a machine.
    pub fn freeze(&self) {
        self.groups.freeze(true);
    }

    /// Lets its processes go on.
    pub fn thaw(&self) {
        self.groups.freeze(false);
    }

    /// Whether [`Self::freeze`] has stopped it.
    pub fn is_frozen(&self) -> bool {
        self.is_on() && self.groups.is_frozen()
    }

    /// Kills a service and keeps it down until [`Self::start`], even when the machine boots. What it has started lives on.
    pub fn stop(&self, service: &str) {
        self.keep_down(service);
        if self.is_on() {
            let kill = format!(
                "pid=$(cat /run/services/{service}) && kill -9 $pid && while kill -0 $pid; do sleep 0.02; done"
            );
            self.run(&["bash", "-c", &kill]);
        }
    }

    /// Does not let a service start until [`Self::start`].
    pub(super) fn keep_down(&self, service: &str) {
        assert!(
            self.services().iter().any(|known| known == service),
            "{} has the services {:?}, not {service}",
            self.name(),
            self.services()
        );
        self.write(&format!("stopped/{service}"), "");
    }

    /// Lets a service run again.
    pub fn start(&self, service: &str) {
        let _ = fs::remove_file(self.folder.join("stopped").join(service));
    }

    /// Names of its services.
    pub fn services(&self) -> Vec<String> {
        names_in(&self.folder.join("services"))
    }

    /// Names of the services that [`Self::stop`] keeps down.
    pub fn stopped(&self) -> Vec<String> {
        names_in(&self.folder.join("stopped"))
    }

    /// Where a service writes.
    pub fn log_of(&self, service: &str) -> PathBuf {
        self.folder.join(format!("var/log/{service}.log"))
    }

    /// A command on the machine, killed by the kernel if the thread that starts it ends before it.
    ///
    /// # Panics
    /// When the machine is off.
    pub fn command(&self, program: &str) -> Command {
        let pid = self.pid().unwrap_or_else(|| panic!("{} is off", self.name()));
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", pid.as_raw_nonzero()));
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "setpriv", "--pdeathsig", "KILL"]);
        command.arg(program).env("PATH", self.search_path()).current_dir("/");
        command
    }

    /// Runs a command on the machine to its end.
    pub fn run(&self, command: &[&str]) -> Ended {
        Process::run(self.command(command[0]).args(&command[1..]))
    }

    /// Ends all that is left of it.
    pub(super) fn destroy(&self) {
        self.power_off();
        self.groups.delete();
        self.net.delete();
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// The number that the host gives to its pid 1, if that is still the process which lives in this network.
    fn pid(&self) -> Option<Pid> {
        let number: i32 = fs::read_to_string(self.pid_file()).ok()?.trim().parse().ok()?;
        let lives_in = fs::metadata(format!("/proc/{number}/ns/net")).ok()?.ino();
        let ours = fs::metadata(self.net.path()).ok()?.ino();
        if lives_in == ours { Pid::from_raw(number) } else { None }
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("pid")
    }

    fn console(&self) -> PathBuf {
        self.folder.join("console.log")
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
