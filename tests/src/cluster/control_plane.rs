//! The control plane: four services of one machine.

use std::net::Ipv4Addr;

use super::certificates::{Authority, key_pair};
use super::kubeconfig::Server;
use super::machine::Machine;

/// The service that everybody asks.
pub const API_SERVER: &str = "kube-apiserver";
/// What waits for the API server.
pub(super) const CONTROLLERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

/// Address of the API server for pods.
const SERVICE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
const SERVICE_SUBNET: &str = "10.96.0.0/12";
const STORE: &str = "http://127.0.0.1:2379";

/// Puts the services and their certificates on `machine`.
pub(super) fn install(machine: &Machine, authority: &Authority) {
    let server = Server { address: machine.host().address, authority: &authority.certificate };
    machine.write("etc/kubernetes/ca.key", &authority.key);
    // The tokens of service accounts are signed with it.
    let (private, public) = key_pair();
    machine.write("etc/kubernetes/accounts.key", &private);
    machine.write("etc/kubernetes/accounts.pub", &public);
    write_server_identity(machine, authority);
    server.introduce(machine, "admin", &authority.client("admin", Some("system:masters")));
    for controller in CONTROLLERS {
        let user = format!("system:{controller}");
        server.introduce(machine, controller, &authority.client(&user, None));
    }
    add_services(machine);
}

/// One identity serves the API and asks the kubelets.
fn write_server_identity(machine: &Machine, authority: &Authority) {
    let service = ["", ".default", ".default.svc", ".default.svc.cluster.local"].map(|end| format!("kubernetes{end}"));
    let mut names: Vec<&str> = service.iter().map(String::as_str).collect();
    names.extend([machine.name(), "localhost"]);
    let addresses = [machine.host().address, Ipv4Addr::LOCALHOST, SERVICE_ADDRESS];
    let identity = authority.server("kube-apiserver", Some("system:masters"), &names, &addresses);
    machine.write("etc/kubernetes/apiserver.crt", &identity.certificate);
    machine.write("etc/kubernetes/apiserver.key", &identity.key);
}

fn add_services(machine: &Machine) {
    // The disk is memory anyway.
    machine.add_service(
        "etcd",
        &format!("exec etcd --data-dir=/var/lib/etcd --unsafe-no-fsync --listen-client-urls={STORE} --advertise-client-urls={STORE} --listen-peer-urls=http://127.0.0.1:2380"),
    );
    machine.add_service(API_SERVER, &api_server(machine.host().address));
    machine.add_service(
        CONTROLLERS[0],
        &format!("cd /etc/kubernetes && {} --root-ca-file=ca.crt --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key --service-account-private-key-file=accounts.key --use-service-account-credentials --node-monitor-period=1s --node-monitor-grace-period=4s", controller(CONTROLLERS[0])),
    );
    machine.add_service(CONTROLLERS[1], &format!("cd /etc/kubernetes && {}", controller(CONTROLLERS[1])));
}

fn api_server(address: Ipv4Addr) -> String {
    format!(
        "cd /etc/kubernetes && exec {API_SERVER} --etcd-servers={STORE} --advertise-address={address} --secure-port=6443 \
         --client-ca-file=ca.crt --tls-cert-file=apiserver.crt --tls-private-key-file=apiserver.key \
         --kubelet-client-certificate=apiserver.crt --kubelet-client-key=apiserver.key --kubelet-certificate-authority=ca.crt \
         --kubelet-preferred-address-types=InternalIP --service-cluster-ip-range={SERVICE_SUBNET} --allow-privileged \
         --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file=accounts.pub \
         --service-account-signing-key-file=accounts.key --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
         --requestheader-client-ca-file=ca.crt --requestheader-allowed-names=front-proxy \
         --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group"
    )
}

/// There is one of each, so that it needs no election.
fn controller(name: &str) -> String {
    let config = format!("{name}.conf");
    format!(
        "exec {name} --kubeconfig={config} --authentication-kubeconfig={config} --authorization-kubeconfig={config} --leader-elect=false"
    )
}
