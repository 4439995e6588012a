//! From nothing to Ready nodes.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::json;

use super::certificates::Authority;
use super::hosts::{REGISTRY_NAME, Role};
use super::image::{BUSYBOX, Image, PAUSE};
use super::progress::Progress;
use super::worker::Surroundings;
use super::{Cluster, HOSTS, Machine, PASSWORD, USER, control_plane, programs, registry, worker};
use crate::lab::until;

/// Name of the secret with the registry's login, which pods of the default namespace pull with.
const LOGIN: &str = "registry-login";

impl Cluster {
    /// Brings the lab up with so many workers and waits until they are Ready. A lab that is up already is mended.
    ///
    /// # Panics
    /// When something is missing on this machine, or a part does not start.
    pub fn up(&self, workers: usize) {
        let progress = Progress::start();
        if self.is_up() {
            self.mend();
            progress.reached("it is up and mended");
            return;
        }
        let search_path = programs::search_path();
        progress.reached("the programs are there");
        self.down();
        fs::create_dir_all(self.folder()).expect("a folder in memory");
        fs::write(self.folder().join("search-path"), search_path).expect("a file in memory");
        self.build(workers);
        self.switch_on();
        progress.reached("the machines are on");
        self.wait_for_api_server();
        progress.reached("the API server answers");
        self.start_what_asks_the_api_server();
        self.give_pods_the_password(PASSWORD);
        self.wait_until_ready();
        fs::write(self.folder().join("up"), "").expect("a file in memory");
        progress.reached("the nodes are Ready");
    }

    /// Whether [`Self::up`] has come to its end.
    pub fn is_up(&self) -> bool {
        self.folder().join("up").exists()
    }

    /// Undoes all faults and waits until all nodes are Ready.
    pub fn mend(&self) {
        for machine in self.machines() {
            self.restore_link(machine.name());
            if machine.is_frozen() {
                machine.thaw();
            }
            machine.stopped().iter().for_each(|service| machine.start(service));
        }
        self.switch_on();
        self.wait_for_api_server();
        self.wait_until_ready();
        for worker in self.workers() {
            self.uncordon(worker.name());
        }
    }

    fn build(&self, workers: usize) {
        self.switch.build();
        for (name, net) in [("head-end", &self.head_end), ("viewer", &self.viewer)] {
            net.make();
            self.switch.plug(HOSTS.iter().find(|host| host.name == name).expect("a host"), net);
        }
        let is_worker = |machine: &&Machine| machine.host().role == Role::Worker;
        let spare: Vec<_> = self.machines.iter().filter(is_worker).skip(workers).map(Machine::name).collect();
        for machine in self.machines.iter().filter(|machine| !spare.contains(&machine.name())) {
            machine.net().make();
            self.switch.plug(machine.host(), machine.net());
            machine.build();
        }
        self.install();
    }

    fn install(&self) {
        let (authority, registry_authority) = (Authority::new("kubernetes"), Authority::new("registry"));
        control_plane::install(self.control_plane(), &authority);
        registry::install(self.registry(), &registry_authority);
        fs::write(self.registry_certificate(), &registry_authority.certificate).expect("a file in memory");
        let pause_image = self.make_pause_image();
        let surroundings = Surroundings {
            api_server: self.control_plane().host().address,
            authority: &authority,
            registry_authority: &registry_authority.certificate,
            pause_image: &pause_image,
        };
        for machine in self.workers() {
            worker::install(machine, &surroundings);
            worker::ASKING.iter().for_each(|service| machine.keep_down(service));
        }
        control_plane::CONTROLLERS.iter().for_each(|service| self.control_plane().keep_down(service));
    }

    /// An archive with the image of the process that holds a pod's namespaces.
    fn make_pause_image(&self) -> PathBuf {
        let command = ["/busybox", "sleep", "infinity"];
        let image = Image::from_scratch(&self.folder().join("pause"), PAUSE, Path::new(BUSYBOX), &command);
        let archive = self.folder().join("pause.tar");
        image.archive(&archive);
        archive
    }

    /// The certificate by which the registry is trusted, in a folder as skopeo wants it.
    pub(super) fn registry_certificate(&self) -> PathBuf {
        let folder = self.folder().join("registry");
        fs::create_dir_all(&folder).expect("a folder in memory");
        folder.join("ca.crt")
    }

    fn switch_on(&self) {
        thread::scope(|scope| {
            for machine in self.machines() {
                scope.spawn(|| machine.power_on());
            }
        });
    }

    pub(crate) fn wait_for_api_server(&self) {
        self.wait_for_port("the API server's", self.control_plane(), 6443);
        until("the API server is ready", || self.kubectl(&["get", "--raw", "/readyz"]).status.success().then_some(()));
    }

    /// Waits until somebody listens there; `whose` port it is, is for the message.
    pub(super) fn wait_for_port(&self, whose: &str, machine: &Machine, port: u16) {
        let address = SocketAddr::from((machine.host().address, port));
        until(&format!("{whose} port"), || self.viewer.inside(|| TcpStream::connect(address)).ok());
    }

    /// They would give up and be started again and again until it answers.
    fn start_what_asks_the_api_server(&self) {
        control_plane::CONTROLLERS.iter().for_each(|service| self.control_plane().start(service));
        for worker in self.workers() {
            worker::ASKING.iter().for_each(|service| worker.start(service));
        }
    }

    /// Lets pods of the default namespace pull from the registry, if that is its password.
    pub fn give_pods_the_password(&self, password: &str) {
        let login = json!({"auths": {REGISTRY_NAME: {"username": USER, "password": password}}});
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": LOGIN, "namespace": "default"},
            "type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": login.to_string()},
        });
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"},
            "imagePullSecrets": [{"name": LOGIN}],
        });
        // The namespace and the account are made by the cluster itself, some time.
        for object in [secret, account] {
            until("the pods' login to the registry", || self.try_apply(&object).status.success().then_some(()));
        }
    }

    fn wait_until_ready(&self) {
        let nodes: Vec<_> = self.workers().map(|worker| format!("node/{}", worker.name())).collect();
        if nodes.is_empty() {
            return;
        }
        let names: Vec<_> = nodes.iter().map(String::as_str).collect();
        until("the nodes are known", || self.kubectl(&[&["get"], &names[..]].concat()).status.success().then_some(()));
        let wait = ["wait", "--for=condition=Ready", "--timeout=100s"];
        self.kubectl(&[&wait[..], &names].concat()).expect_success();
    }
}
