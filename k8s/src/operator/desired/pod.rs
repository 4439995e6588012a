//! The pod of an instance.

use relay::spec::{Engine, Pair, Source};
use serde_json::{Value, json};

use super::config_map::FLOWS_FILE;
use super::{Group, labels, pair_key_name};

/// Where an instance finds its files, which is where it looks for a catalog.
const CONFIG_FOLDER: &str = "/etc/flowclient";
/// Where it finds the secret that it shares with the others.
const KEY_FOLDER: &str = "/run/flowclient-pair";
/// The secret.
pub(super) const PAIR_KEY_FILE: &str = "/run/flowclient-pair/key";
/// Name of the container.
pub(super) const CONTAINER: &str = "flowclient";
/// User and group without a name and without rights.
const NOBODY: u32 = 65_532;
/// How long Kubernetes waits before it replaces an instance of a node that it does not hear: another one is on air already, and it is only
/// a question of how soon there is a standby again.
const TOLERATION_SECONDS: u16 = 5;
/// How long an instance may take to hand over and end. It takes milliseconds where there is somebody to hand over to.
const GRACE_SECONDS: u16 = 15;

/// The pod, which is on the network of its node and can do nothing else.
pub(super) fn spec(group: &Group<'_>) -> Value {
    let mut spec = json!({
        "hostNetwork": true,
        "dnsPolicy": "Default",
        "enableServiceLinks": false,
        "automountServiceAccountToken": false,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": pod_security(group),
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{
            "labelSelector": {"matchLabels": labels::selector(group.flow)},
            "topologyKey": "kubernetes.io/hostname",
        }]}},
        "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels::selector(group.flow)},
        }],
        "tolerations": [toleration("not-ready"), toleration("unreachable")],
        "containers": [container(group)],
        "volumes": volumes(group),
    });
    if !group.flow.spec.node_selector.is_empty() {
        spec["nodeSelector"] = json!(group.flow.spec.node_selector);
    }
    if let Some(class) = &group.config.priority_class {
        spec["priorityClassName"] = json!(class);
    }
    if !group.config.pull_secrets.is_empty() {
        spec["imagePullSecrets"] = group.config.pull_secrets.iter().map(|name| json!({"name": name})).collect();
    }
    spec
}

fn toleration(of: &str) -> Value {
    json!({
        "key": format!("node.kubernetes.io/{of}"),
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": TOLERATION_SECONDS,
    })
}

fn container(group: &Group<'_>) -> Value {
    let config_file = format!("{CONFIG_FOLDER}/{FLOWS_FILE}");
    let listen = format!("$(HOST_IP):{}", group.port);
    let threads = "1";
    let engine = group.flow.spec.engine.as_str();
    json!({
        "name": CONTAINER,
        "image": group.image,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            "--config", config_file, "--listen", listen, "--threads", threads, "--engine", engine, "--log-format", "json",
        ],
        "env": [{"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}],
        // Declared, so that the scheduler knows too that a node has the port once.
        "ports": [{"name": "http", "containerPort": group.port, "hostPort": group.port, "protocol": "TCP"}],
        "startupProbe": probe("/healthz", 1, 60),
        // Ends an instance that is stuck altogether, not one that is late: an instance on air is worth more than its page.
        "livenessProbe": probe("/healthz", 10, 6),
        "readinessProbe": probe("/readyz", 1, 2),
        "resources": resources(group),
        "securityContext": container_security(group),
        "volumeMounts": mounts(group),
    })
}

fn probe(path: &str, period_seconds: u16, failures: u16) -> Value {
    json!({
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    })
}

/// No limit of processors unless asked for: a thread that is throttled is late.
fn resources(group: &Group<'_>) -> Value {
    let usual = || json!({"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}});
    group.flow.spec.resources.as_ref().map_or_else(usual, |resources| json!(resources))
}

/// AF_XDP wants capabilities, and Kubernetes gives those to nobody but the superuser.
fn needs_capabilities(group: &Group<'_>) -> bool {
    group.flow.spec.engine == Engine::Xdp
}

fn pod_security(group: &Group<'_>) -> Value {
    let privileged = needs_capabilities(group);
    let user = if privileged { 0 } else { NOBODY };
    json!({
        "runAsNonRoot": !privileged,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

fn container_security(group: &Group<'_>) -> Value {
    let mut capabilities = json!({"drop": ["ALL"]});
    if needs_capabilities(group) {
        capabilities["add"] = json!(["BPF", "NET_ADMIN", "NET_RAW"]);
    }
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": capabilities,
    })
}

fn volumes(group: &Group<'_>) -> Value {
    let config = json!({"name": "config", "configMap": {"name": group.name()}});
    let key = json!({"name": "pair-key", "secret": {"secretName": pair_key_name(group.flow), "defaultMode": 0o440}});
    let media =
        media_folder(group).map(|folder| json!({"name": "media", "hostPath": {"path": folder, "type": "Directory"}}));
    [config].into_iter().chain(is_paired(group).then_some(key)).chain(media).collect()
}

fn mounts(group: &Group<'_>) -> Value {
    let config = json!({"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": true});
    let key = json!({"name": "pair-key", "mountPath": KEY_FOLDER, "readOnly": true});
    let media = media_folder(group).map(
        |folder| json!({"name": "media", "mountPath": folder, "readOnly": true, "mountPropagation": "HostToContainer"}),
    );
    [config].into_iter().chain(is_paired(group).then_some(key)).chain(media).collect()
}

fn is_paired(group: &Group<'_>) -> bool {
    group.resolved.entry.pair == Pair::Standby
}

/// The folder of files, if the flow comes from one.
fn media_folder<'a>(group: &'a Group<'_>) -> Option<&'a str> {
    let folder = group.config.media_folder.as_ref()?.to_str()?;
    matches!(group.resolved.source, Source::File(_)).then_some(folder)
}
