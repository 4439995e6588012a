//! What Kubernetes says of the pod of an instance.

use std::mem;
use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::{Container, ContainerStateWaiting, ContainerStatus, Pod, PodSpec};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::desired::REVISION_LABEL;

/// The pod of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct PodSeen {
    /// Its name.
    pub name: String,
    /// Node that it is to run on, once that is decided.
    pub node: Option<String>,
    /// Revision that it runs.
    pub revision: String,
    /// Where it answers HTTP, once it has an address.
    pub address: Option<SocketAddr>,
    /// Whether Kubernetes takes it for ready.
    pub is_ready: bool,
    /// Whether it has been told to end.
    pub is_ending: bool,
    /// Since when its container is being made, if it is: its image may be on its way, or a file may be missing.
    pub made_since: Option<Timestamp>,
    /// Why it does not run.
    pub trouble: Option<Trouble>,
}

/// Why a pod does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// In a word.
    pub reason: &'static str,
    /// In a sentence.
    pub message: String,
}

impl PodSeen {
    /// What `pod` says.
    pub fn of(pod: &Pod) -> Self {
        let status = pod.status.as_ref();
        let is_ready = status.and_then(|status| status.conditions.as_ref()).is_some_and(|conditions| {
            conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
        });
        Self {
            name: pod.name_any(),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
            revision: pod.labels().get(REVISION_LABEL).cloned().unwrap_or_default(),
            address: address(pod),
            is_ready,
            is_ending: pod.metadata.deletion_timestamp.is_some(),
            made_since: made_since(pod),
            trouble: trouble(pod),
        }
    }
}

/// Takes away what no [`PodSeen`] is made of, which is most of a pod.
pub(super) fn slim(pod: &mut Pod) {
    pod.metadata.annotations = None;
    let Some(spec) = &mut pod.spec else { return };
    let node_name = spec.node_name.take();
    let slim = |Container { name, ports, .. }| Container { name, ports, ..Container::default() };
    let containers = mem::take(&mut spec.containers).into_iter().map(slim).collect();
    *spec = PodSpec { node_name, containers, ..PodSpec::default() };
}

/// Where the program in it answers, if it can be running.
fn address(pod: &Pod) -> Option<SocketAddr> {
    let status = pod.status.as_ref()?;
    let host: IpAddr = status.host_ip.as_ref()?.parse().ok()?;
    let ports = pod.spec.as_ref()?.containers.first()?.ports.as_ref()?;
    let port = u16::try_from(ports.first()?.container_port).ok()?;
    let can_run = status.phase.as_deref() == Some("Running");
    can_run.then(|| SocketAddr::new(host, port))
}

fn trouble(pod: &Pod) -> Option<Trouble> {
    unscheduled(pod).or_else(|| waiting(pod))
}

fn made_since(pod: &Pod) -> Option<Timestamp> {
    let is_made = waiting_container(pod)?.reason.as_deref() == Some("ContainerCreating");
    let start = pod.status.as_ref()?.start_time.as_ref()?.0;
    is_made.then_some(start)
}

fn unscheduled(pod: &Pod) -> Option<Trouble> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let unscheduled = |reason: Option<&str>| reason == Some("Unschedulable");
    let condition = conditions.iter().find(|condition| unscheduled(condition.reason.as_deref()))?;
    let message = condition.message.clone().unwrap_or_default();
    Some(Trouble { reason: "NoNodeFits", message: format!("no node fits: {message}") })
}

fn waiting(pod: &Pod) -> Option<Trouble> {
    let waiting = waiting_container(pod)?;
    let (reason, what) = meaning(waiting.reason.as_deref()?)?;
    Some(Trouble { reason, message: format!("{what}{}: {}", last_exit(pod), said(waiting)) })
}

fn waiting_container(pod: &Pod) -> Option<&ContainerStateWaiting> {
    container(pod)?.state.as_ref()?.waiting.as_ref()
}

fn container(pod: &Pod) -> Option<&ContainerStatus> {
    pod.status.as_ref()?.container_statuses.as_ref()?.first()
}

fn last_exit(pod: &Pod) -> String {
    let last = container(pod).and_then(|container| container.last_state.as_ref()?.terminated.as_ref());
    last.map(|last| format!(" (last exit code {})", last.exit_code)).unwrap_or_default()
}

/// What the kubelet's words come down to; `None` for those that are part of every start.
fn meaning(reason: &str) -> Option<(&'static str, &'static str)> {
    match reason {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "RegistryUnavailable" => {
            Some(("ImagePullFailed", "its image cannot be pulled"))
        }
        "CrashLoopBackOff" => Some(("Crashing", "it ends as soon as it is started; kubectl logs says why")),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            Some(("CannotStart", "its container cannot be started"))
        }
        _ => None,
    }
}

fn said(waiting: &ContainerStateWaiting) -> &str {
    waiting.message.as_deref().or(waiting.reason.as_deref()).unwrap_or("no more is known")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: Value) -> PodSeen {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "ch7-1-a", "labels": {"flowclient.io/revision": "1"}},
            "spec": {"nodeName": "k1", "containers": [{"name": "flowclient", "ports": [{"containerPort": 20000}]}]},
            "status": status,
        }))
        .unwrap();
        PodSeen::of(&pod)
    }

    #[test]
    fn a_running_pod_answers_on_its_node() {
        let seen = pod(
            json!({"phase": "Running", "hostIP": "192.168.2.163", "conditions": [{"type": "Ready", "status": "True"}]}),
        );
        assert_eq!(seen.address, "192.168.2.163:20000".parse().ok());
        assert_eq!((seen.is_ready, seen.is_ending, seen.trouble, seen.revision.as_str()), (true, false, None, "1"));
        assert_eq!(pod(json!({"phase": "Pending", "hostIP": "192.168.2.163"})).address, None);
    }

    #[test]
    fn what_keeps_a_pod_from_running_is_told() {
        let unscheduled = json!({"conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/4 nodes are available",
        }]});
        assert_eq!(pod(unscheduled).trouble.unwrap().message, "no node fits: 0/4 nodes are available");
        let waiting = |reason: &str| {
            pod(json!({"containerStatuses": [{
                "name": "flowclient", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": "not found"}},
            }]}))
        };
        let trouble = waiting("ImagePullBackOff").trouble.unwrap();
        assert_eq!(
            (trouble.reason, trouble.message.as_str()),
            ("ImagePullFailed", "its image cannot be pulled: not found")
        );
        assert_eq!(waiting("ContainerCreating").trouble, None);
    }
}
