//! What the tests run on the cluster: a web server from an image in the registry.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tests::cluster::{BUSYBOX, Cluster, Image, REGISTRY_NAME};
use tests::lab::until;

/// The image's name in the registry.
pub(crate) const IMAGE: &str = "lab/web:1";
/// The port of the host that it serves on.
pub(crate) const PORT: u16 = 8_080;

/// A static web server in an image of its own.
pub(crate) fn image() -> &'static Image {
    static IMAGE: OnceLock<(tempfile::TempDir, Image)> = OnceLock::new();
    let (_, image) = IMAGE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let command = ["/busybox", "httpd", "-f", "-p"];
        let image = Image::from_scratch(folder.path(), super::workload::IMAGE, Path::new(BUSYBOX), &command);
        (folder, image)
    });
    image
}

/// Pushes the image with the login.
pub(crate) fn push(cluster: &Cluster) {
    cluster.push(image(), IMAGE).expect_success();
}

/// A pod's specification: the web server on the network of its host, gone at once when it is asked to.
pub(crate) fn pod_spec() -> Value {
    json!({
        "hostNetwork": true,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": false,
        "containers": [{
            "name": "web",
            "image": format!("{REGISTRY_NAME}/{IMAGE}"),
            "imagePullPolicy": "Always",
            "args": [PORT.to_string()],
        }],
    })
}

/// A pod of that kind on `node`.
pub(crate) fn pod(namespace: &str, node: &str) -> Value {
    let mut spec = pod_spec();
    spec["nodeName"] = node.into();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace}, "spec": spec})
}

/// Deletes what tests have made, at once.
pub(crate) fn clear(cluster: &Cluster) {
    let what = ["deployment,pod", "--namespace=default", "--all", "--force", "--grace-period=0"];
    cluster.kubectl(&[&["delete"][..], &what].concat()).expect_success();
}

/// The node on which the one pod of label `app=web` runs and is ready; waits for it.
pub(crate) fn node_of_web(cluster: &Cluster) -> String {
    until("a pod that is ready", || {
        let pods = cluster.get(&["pods", "--selector=app=web"]);
        let ready = pods["items"].as_array()?.iter().find(|pod| is_ready(pod))?;
        Some(ready["spec"]["nodeName"].as_str()?.to_owned())
    })
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.filter(|one| one["type"] == "Ready").any(|one| one["status"] == "True");
    ready && pod["metadata"]["deletionTimestamp"].is_null()
}
