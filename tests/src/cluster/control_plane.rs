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
    let address = machine.host().address.to_string();
    machine.add_service("etcd", &command("etcd", &ETCD));
    let api_server = [&API[..], &[("advertise-address", &address)]].concat();
    machine.add_service(API_SERVER, &command(API_SERVER, &api_server));
    add_controllers(machine, GRACE);
}

/// The controllers; a node is lost when nothing was heard of it for `grace`, as a duration of Kubernetes.
pub(super) fn add_controllers(machine: &Machine, grace: &str) {
    let manager = [&CONTROLLER_MANAGER[..], &[("node-monitor-grace-period", grace)]].concat();
    for (controller, options) in CONTROLLERS.into_iter().zip([&manager[..], &[]]) {
        let config = format!("{controller}.conf");
        let identity =
            ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map(|name| (name, &*config));
        // There is one of each, so that it needs no election.
        let options = [options, &identity, &[("leader-elect", "false")]].concat();
        machine.add_service(controller, &command(controller, &options));
    }
}

/// A service's script, which runs where the certificates are.
fn command(program: &str, options: &[(&str, &str)]) -> String {
    let options: String = options.iter().map(|(name, value)| format!(" --{name}={value}")).collect();
    format!("cd /etc/kubernetes && exec {program}{options}")
}

/// The disk is memory, so that there is nothing to wait for.
const ETCD: [(&str, &str); 5] = [
    ("data-dir", "/var/lib/etcd"),
    ("unsafe-no-fsync", "true"),
    ("listen-client-urls", STORE),
    ("advertise-client-urls", STORE),
    ("listen-peer-urls", "http://127.0.0.1:2380"),
];

const API: [(&str, &str); 20] = [
    ("etcd-servers", STORE),
    ("secure-port", "6443"),
    ("client-ca-file", "ca.crt"),
    ("tls-cert-file", "apiserver.crt"),
    ("tls-private-key-file", "apiserver.key"),
    ("kubelet-certificate-authority", "ca.crt"),
    ("kubelet-client-certificate", "apiserver.crt"),
    ("kubelet-client-key", "apiserver.key"),
    ("kubelet-preferred-address-types", "InternalIP"),
    ("service-account-issuer", "https://kubernetes.default.svc.cluster.local"),
    ("service-account-key-file", "accounts.pub"),
    ("service-account-signing-key-file", "accounts.key"),
    ("service-cluster-ip-range", SERVICE_SUBNET),
    ("authorization-mode", "Node,RBAC"),
    ("enable-admission-plugins", "NodeRestriction"),
    ("allow-privileged", "true"),
    // Nobody is that proxy, but controllers complain if there is none.
    ("requestheader-client-ca-file", "ca.crt"),
    ("requestheader-allowed-names", "front-proxy"),
    ("requestheader-username-headers", "X-Remote-User"),
    ("requestheader-group-headers", "X-Remote-Group"),
];

/// A lost node is noticed after 4 s instead of 50.
const GRACE: &str = "4s";
/// Many objects are made without a pause.
const CONTROLLER_MANAGER: [(&str, &str); 8] = [
    ("root-ca-file", "ca.crt"),
    ("cluster-signing-cert-file", "ca.crt"),
    ("cluster-signing-key-file", "ca.key"),
    ("service-account-private-key-file", "accounts.key"),
    ("use-service-account-credentials", "true"),
    ("node-monitor-period", "1s"),
    ("kube-api-qps", "200"),
    ("kube-api-burst", "400"),
];
