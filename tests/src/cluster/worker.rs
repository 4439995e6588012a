//! A worker: containerd, a kubelet and a kube-proxy.

use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::{Value, json};

use super::certificates::Authority;
use super::hosts::POD_SUBNETS;
use super::image::PAUSE;
use super::kubeconfig::Server;
use super::machine::Machine;

/// The services that start and stop pods. These live on when they are killed.
pub const RUNTIME: [&str; 2] = ["containerd", "kubelet"];
/// What waits for the API server.
pub(super) const ASKING: [&str; 2] = ["kubelet", "kube-proxy"];

const CONTAINERD_SOCKET: &str = "/run/containerd/containerd.sock";

/// Where a worker finds the rest of its cluster.
pub(super) struct Surroundings<'a> {
    pub(super) api_server: Ipv4Addr,
    pub(super) authority: &'a Authority,
    pub(super) registry_authority: &'a str,
    /// Archive with the image that holds a pod's namespaces.
    pub(super) pause_image: &'a Path,
}

/// Puts the services and what they are configured with on `machine`.
pub(super) fn install(machine: &Machine, surroundings: &Surroundings) {
    let authority = surroundings.authority;
    let user = format!("system:node:{}", machine.name());
    let identity = authority.server(&user, Some("system:nodes"), &[machine.name()], &[machine.host().address]);
    let server = Server { address: surroundings.api_server, authority: &authority.certificate };
    server.introduce(machine, "kubelet", &identity);
    machine.write("etc/kubernetes/kubelet.json", &format!("{:#}\n", kubelet_config()));
    machine.write("etc/containerd/config.toml", &containerd_config());
    machine.write("etc/containerd/registry.crt", surroundings.registry_authority);
    machine.write("etc/cni/net.d/10-pods.conflist", &format!("{:#}\n", pod_network(machine)));
    // It trusts whom the machine trusts. In a file of its own for this registry the certificate would count for a mirror only, and when that
    // lacks an image, containerd asks once more without it and tells of nothing but that.
    machine.add_service("containerd", "SSL_CERT_FILE=/etc/containerd/registry.crt exec containerd");
    machine.add_service("kubelet", &kubelet(machine, surroundings.pause_image));
    install_proxy(machine, &server, authority);
}

/// It gives services their addresses.
fn install_proxy(machine: &Machine, server: &Server, authority: &Authority) {
    server.introduce(machine, "kube-proxy", &authority.client("system:kube-proxy", None));
    machine.write("etc/kubernetes/kube-proxy.json", &format!("{:#}\n", proxy_config(machine)));
    machine.add_service("kube-proxy", "exec kube-proxy --config=/etc/kubernetes/kube-proxy.json");
}

/// The kernel here gives nobody the right to lower an `oom_score_adj`.
fn containerd_config() -> String {
    format!(
        r#"version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/cni/net.d"
"#
    )
}

fn pod_network(machine: &Machine) -> Value {
    json!({"cniVersion": "1.0.0", "name": "pods", "plugins": [
        {"type": "bridge", "bridge": "pods", "isGateway": true, "hairpinMode": true, "ipam": {
            "type": "host-local", "ranges": [[{"subnet": machine.host().pod_subnet()}]], "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": true}},
    ]})
}

/// It tells each second that it lives. Nothing is evicted or collected for want of disk, which is memory.
fn kubelet_config() -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": "/etc/kubernetes/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "/etc/kubernetes/kubelet.crt",
        "tlsPrivateKeyFile": "/etc/kubernetes/kubelet.key",
        "containerRuntimeEndpoint": format!("unix://{CONTAINERD_SOCKET}"),
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": false,
        "failSwapOn": false,
        "makeIPTablesUtilChains": false,
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "resolvConf": "/etc/resolv.conf",
        "nodeStatusUpdateFrequency": "1s",
        "nodeLeaseDurationSeconds": 4,
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "100Mi"},
        "imageGCHighThresholdPercent": 100,
        "oomScoreAdj": 0,
        "maxOpenFiles": 20_000,
    })
}

/// The limits of the kernel's connection tracking belong to the whole kernel: they are left alone.
fn proxy_config(machine: &Machine) -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": "/etc/kubernetes/kube-proxy.conf"},
        "hostnameOverride": machine.name(),
        "clusterCIDR": POD_SUBNETS,
        "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    })
}

/// `ctr` asks containerd again only after seconds, hence the wait for the socket.
fn kubelet(machine: &Machine, pause_image: &Path) -> String {
    format!(
        "until [ -S {CONTAINERD_SOCKET} ]; do sleep 0.05; done\n\
         [ -e /var/lib/pause ] || {{ ctr -n k8s.io images import {} && touch /var/lib/pause; }}\n\
         exec kubelet --config=/etc/kubernetes/kubelet.json --kubeconfig=/etc/kubernetes/kubelet.conf \
         --hostname-override={} --node-ip={}",
        pause_image.display(),
        machine.name(),
        machine.host().address
    )
}
