//! The operator in the lab: its definitions and rights, flowclient's image in the registry, and the program itself.

use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::version::{IMAGE, VERSION, push};
use super::{Cluster, HOSTS, REGISTRY_NAME, Role};
use crate::lab::{Ended, Process, until};

/// Where the operator keeps what is its own.
const NAMESPACE: &str = "flowclient-system";
/// Secret with the registry's login, in the namespace of the flows.
const LOGIN: &str = "registry-login";
/// Between two looks at a flow: each costs the processors something that its instances may want.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Folder of the plain manifests and the chart.
const MANIFESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/kubernetes");

/// A running operator with the rights that its manifests give it, and no others; killed when dropped.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    _folder: TempDir,
}

impl Operator {
    /// Puts all that it needs into the cluster, starts it, and has it remove the flows that a test before left, which must have failed.
    pub fn start(cluster: &Cluster) -> Self {
        let operator = Self::start_again(cluster, None);
        clear(cluster);
        operator
    }

    /// The same, with the flows that there are; `trust` is a folder that says whose images they may run.
    pub fn start_again(cluster: &Cluster, trust: Option<&Path>) -> Self {
        prepare(cluster);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        fs::write(&config, kubeconfig(cluster).to_string()).unwrap();
        let mut command = on_k0(cluster, folder.path(), &operator_binary());
        command.env("KUBECONFIG", &config).args(["run", "--namespace", NAMESPACE, "--listen", "0.0.0.0:8080"]);
        command.args(["--image", &format!("{REGISTRY_NAME}/{IMAGE}"), "--default-version", VERSION]);
        command.args(["--pull-secret", LOGIN, "--priority-class", "flowclient-on-air"]);
        if let Some(trust) = trust {
            command.arg("--trust").arg(trust);
        }
        Self { process: Process::start(&mut command), _folder: folder }
    }

    /// Memory that it has taken, at its highest, in KiB.
    pub fn highest_memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Whether it has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        self.process.try_status().is_none()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.process.stderr()
    }
}

/// Puts the definitions, the rights and flowclient's image in place.
pub fn prepare(cluster: &Cluster) {
    install(cluster);
    push(cluster, VERSION);
}

/// The operator: `FLOW_OPERATOR_BIN`, or the one built into the same target directory as this program.
fn operator_binary() -> PathBuf {
    env::var_os("FLOW_OPERATOR_BIN").map_or_else(|| binary("flow-operator"), PathBuf::from)
}

/// A program of this workspace, built into the same target directory as this one.
pub fn binary(name: &str) -> PathBuf {
    let me = env::current_exe().unwrap();
    let found = me.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no {name} binary: cargo build -p k8s"))
}

/// A program of this workspace in the network of k0, which knows the registry by its name; `folder` is for its files.
pub fn on_k0(cluster: &Cluster, folder: &Path, program: &Path) -> Command {
    let registry = HOSTS.iter().find(|host| host.role == Role::Registry).unwrap();
    let names = folder.join("hosts");
    fs::write(&names, format!("127.0.0.1 localhost\n{} {REGISTRY_NAME}\n", registry.address)).unwrap();
    let mut command = cluster.machine("k0").net().command("unshare");
    command.args(["--mount", "sh", "-ec", "mount --bind \"$0\" /etc/hosts; exec \"$@\""]);
    command.arg(names).arg(program);
    command
}

/// Applies the plain manifests, without the pods of the operator itself.
fn install(cluster: &Cluster) {
    let path = format!("{MANIFESTS}/manifests.yaml");
    let applied = cluster.kubectl(&["apply", "--server-side", "--force-conflicts", "--filename", &path]);
    applied.expect_success();
    let scale = ["scale", "deployment/flow-operator", "--replicas=0", "--namespace", NAMESPACE];
    cluster.kubectl(&scale).expect_success();
    for definition in ["flows", "handlers", "rollouts"] {
        let name = format!("crd/{definition}.flowclient.io");
        cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", &name]).expect_success();
    }
}

/// Who the operator is: its service account.
fn kubeconfig(cluster: &Cluster) -> Value {
    let token = cluster.kubectl(&["create", "token", "flow-operator", "--namespace", NAMESPACE, "--duration=12h"]);
    let token = token.expect_success().stdout.trim().to_owned();
    let admin = cluster.kubectl(&["config", "view", "--raw", "--flatten", "--output=json"]).expect_success().stdout;
    let admin: Value = serde_json::from_str(&admin).unwrap();
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "operator",
        "clusters": [{"name": "lab", "cluster": admin["clusters"][0]["cluster"]}],
        "users": [{"name": "operator", "user": {"token": token}}],
        "contexts": [{"name": "operator", "context": {"cluster": "lab", "user": "operator"}}],
    })
}

/// flowctl on the machine of the viewer, by the cluster's administrator.
pub fn flowctl(cluster: &Cluster, arguments: &[&str]) -> Ended {
    let mut command = cluster.viewer.command(binary("flowctl"));
    Process::run_long(command.env("KUBECONFIG", cluster.kubeconfig()).args(arguments))
}

/// Applies an object with kubectl, which may be refused.
pub fn try_apply(cluster: &Cluster, object: &Value) -> Ended {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), object.to_string()).unwrap();
    cluster.kubectl(&["apply", "--filename", file.path().to_str().unwrap()])
}

/// A handler whose channel is made by each instance.
pub fn handler(name: &str) -> Value {
    json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Handler", "metadata": {"name": name},
        "spec": {"title": "Channel 7", "source": "test:clock?bitrate=2M&label=CH+7&name=Channel+7"},
    })
}

/// What a flow on the network of the lab says, whose instances stand by for each other and are patient: on a machine that is busy with all
/// of a cluster, an instance may well be late by the usual 8 ms, and another one goes on.
pub fn pair(handler: &str, group: &str) -> Value {
    json!({
        "handler": handler, "out": [group], "interface": "eth0",
        "pairPatience": "200ms", "pairMostPatience": "1s",
    })
}

/// The same, of which another version need not prove itself for long.
pub fn quick_pair(handler: &str, group: &str) -> Value {
    let mut spec = pair(handler, group);
    spec["rollout"] = json!({"shadowSeconds": 4, "watchSeconds": 6, "deadlineSeconds": 60});
    spec
}

/// A flow of the default namespace.
pub fn flow(name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "flowclient.io/v1alpha1", "kind": "Flow",
        "metadata": {"name": name, "namespace": "default"}, "spec": spec,
    })
}

/// Waits until a condition of a flow is so, for that reason; returns the flow's status.
pub fn wait_for(
    cluster: &Cluster,
    operator: &Operator,
    name: &str,
    condition: &str,
    status: &str,
    reason: &str,
) -> Value {
    let what = format!("{condition} of {name} is {status} for {reason}");
    wait_for_status(cluster, Some(operator), name, &what, |told| {
        let found = told["conditions"].as_array()?.iter().find(|one| one["type"] == condition)?;
        (found["status"] == status && found["reason"] == reason).then(|| told.clone())
    })
}

/// Waits until the status of a flow is as `state` wants it, which finds `what`.
///
/// # Panics
/// When it is not for long, with all there is to know about it.
pub fn wait_for_status<T>(
    cluster: &Cluster,
    operator: Option<&Operator>,
    name: &str,
    what: &str,
    mut state: impl FnMut(&Value) -> Option<T>,
) -> T {
    let mut last = Value::Null;
    let found = catch_unwind(AssertUnwindSafe(|| {
        until(what, || {
            sleep(LOOK_EVERY);
            last = cluster.get(&["flow", name])["status"].take();
            state(&last)
        })
    }));
    found.unwrap_or_else(|_| {
        let show = |what: &[&str]| cluster.kubectl(&[&["get"], what].concat()).stdout;
        let (pods, events) = (show(&["pods", "-o=wide"]), show(&["events", "--sort-by=.lastTimestamp"]));
        let log = operator.map(Operator::log).unwrap_or_default();
        panic!("still waiting for: {what}\n{last:#}\n{pods}\n{events}\n{log}")
    })
}

/// Deletes all flows, handlers and rollouts, and waits until they are gone: the operator must be running.
pub fn clear(cluster: &Cluster) {
    cluster.kubectl(&["delete", "flows,handlers,rollouts", "--all", "--timeout=100s"]).expect_success();
}
