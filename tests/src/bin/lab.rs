//! `lab`: a Kubernetes cluster to try things out on; see `tests/lab --help`.
#![allow(clippy::print_stdout, reason = "it talks to a person")]

use std::any::Any;
use std::os::unix::process::CommandExt;
use std::panic;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};
use tests::cluster::{Cluster, HOSTS, REGISTRY_NAME, guard};

/// A real Kubernetes cluster in namespaces of this machine: k0, k1 to k4, a registry, a head-end and a viewer.
#[derive(Debug, Parser)]
#[command(name = "tests/lab", max_term_width = 100)]
struct Arguments {
    /// Name of the lab; several can be up if they have several names.
    #[arg(long, default_value = "fc-lab")]
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Bring it up, or mend it if it is up.
    Up {
        /// Number of workers.
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=4))]
        workers: u8,
    },
    /// Take it down; nothing of it is left.
    Down,
    /// What each machine is doing.
    Status,
    /// Run a command on a host; without one, a shell.
    Shell {
        host: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Run kubectl as the cluster's administrator.
    Kubectl {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Follow what a service writes.
    Logs { machine: String, service: String },
    /// Pull the plug of a machine.
    PowerOff { machine: String },
    /// Switch a machine on again.
    PowerOn { machine: String },
    /// Stop all processes of a machine where they are.
    Freeze { machine: String },
    /// Let them go on.
    Thaw { machine: String },
    /// Pull the network cable of a host.
    CutLink { host: String },
    /// Put it back.
    RestoreLink { host: String },
    /// Move all pods away from a node.
    Drain { node: String },
    /// Let pods come back to a node.
    Uncordon { node: String },
    /// Kill a service of a machine and keep it down: kubelet, containerd, etcd, kube-apiserver, docker-registry...
    Stop { machine: String, service: String },
    /// Start it again.
    Start { machine: String, service: String },
    /// Take the lab down when standard input ends.
    #[command(hide = true)]
    Guard,
}

fn main() -> ExitCode {
    // What the lab finds wrong is for a person to read, not a fault of the program.
    panic::set_hook(Box::new(|panic| eprintln!("lab: {}", message(panic.payload()))));
    let arguments = Arguments::parse();
    let cluster = Cluster::named(&arguments.name);
    match arguments.action {
        Action::Up { workers } => {
            cluster.up(workers.into());
            what_to_try();
        }
        Action::Down => cluster.down(),
        Action::Guard => guard(&cluster),
        _ if !cluster.is_up() => {
            eprintln!("{} is not up: tests/lab up", arguments.name);
            return ExitCode::FAILURE;
        }
        Action::Status => print!("{}", cluster.status()),
        Action::Shell { host, command } => return shell(&cluster, &host, &command),
        Action::Kubectl { arguments } => return become_command(cluster.kubectl_command().args(arguments)),
        Action::Logs { machine, service } => {
            let log = cluster.machine(&machine).log_of(&service);
            return become_command(Command::new("tail").args(["-n", "50", "-F"]).arg(log));
        }
        fault => return cause(&cluster, fault),
    }
    ExitCode::SUCCESS
}

fn message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("gives up")
}

fn cause(cluster: &Cluster, fault: Action) -> ExitCode {
    match fault {
        Action::PowerOff { machine } => cluster.power_off(&machine),
        Action::PowerOn { machine } => cluster.power_on(&machine),
        Action::Freeze { machine } => cluster.freeze(&machine),
        Action::Thaw { machine } => cluster.thaw(&machine),
        Action::CutLink { host } => cluster.cut_link(&host),
        Action::RestoreLink { host } => cluster.restore_link(&host),
        Action::Uncordon { node } => cluster.uncordon(&node),
        Action::Stop { machine, service } => cluster.stop(&machine, &service),
        Action::Start { machine, service } => cluster.start(&machine, &service),
        Action::Drain { node } => {
            let ended = cluster.drain(&node);
            print!("{}{}", ended.stdout, ended.stderr);
            return if ended.status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        _ => {}
    }
    ExitCode::SUCCESS
}

fn shell(cluster: &Cluster, host: &str, command: &[String]) -> ExitCode {
    match command.split_first() {
        Some((program, arguments)) => become_command(cluster.command(host, program).args(arguments)),
        None => become_command(cluster.command(host, "bash").env("PS1", format!("{host}# ")).args(["--norc", "-i"])),
    }
}

/// Goes on as another program.
fn become_command(command: &mut Command) -> ExitCode {
    let error = command.exec();
    eprintln!("{command:?}: {error}");
    ExitCode::FAILURE
}

fn what_to_try() {
    println!("\nTry:");
    let tries = [
        ("kubectl get nodes -o wide", "the cluster as Kubernetes sees it"),
        ("shell k2", "a shell on a node; on dockersrv, head-end or viewer too"),
        ("shell k1 ctr -n k8s.io containers ls", "what containerd runs there"),
        ("logs k1 kubelet", "what a service writes"),
        ("power-off k1", "and back: power-on k1"),
        ("cut-link k1", "and back: restore-link k1"),
        ("drain k1", "and back: uncordon k1"),
        ("status", "what each machine is doing"),
        ("down", "nothing of it is left"),
    ];
    tries.iter().for_each(|(command, why)| println!("  tests/lab {command:<36} {why}"));
    let names: Vec<_> = HOSTS.iter().map(|host| format!("{} {}", host.name, host.address)).collect();
    println!("Hosts: {}; the registry's name is {REGISTRY_NAME}", names.join(", "));
}
