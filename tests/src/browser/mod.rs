//! A headless Chromium, driven by its DevTools protocol over a pipe (`--remote-debugging-pipe`).

mod base64;
mod page;
mod pipe;

use std::process::{Child, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use page::{Page, Scheme};
use pipe::Pipe;

use crate::lab::NetNs;

/// The browser wants the pipe at descriptors 3 and 4.
const WITH_PIPE: &str = r#"exec chromium "$@" 3<&0 4>&1 >&2"#;
/// It asks nobody for anything that a page did not ask for.
const FLAGS: &str = "--headless --remote-debugging-pipe --no-sandbox --disable-gpu --hide-scrollbars --no-first-run \
                     --disable-background-networking --disable-component-update --disable-sync --disable-extensions";

/// A running browser; killed when dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    pipe: Pipe,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser in `namespace`.
    ///
    /// # Panics
    /// When there is no Chromium.
    pub fn start(namespace: &NetNs) -> Self {
        let profile = tempfile::Builder::new().prefix("flowclient-browser-").tempdir().expect("a folder");
        let mut command = namespace.command("sh");
        command.args(["-c", WITH_PIPE, "sh"]).args(FLAGS.split_whitespace());
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("sh and chromium");
        let (to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Self { child, pipe: Pipe::new(to, from), _profile: profile }
    }

    /// Opens `url` in a window of `width` by `height` pixels.
    pub fn open(&self, url: &str, [width, height]: [u32; 2]) -> Page<'_> {
        let target = self.pipe.ask(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.pipe.ask(None, "Target.attachToTarget", attach);
        let page = Page::new(&self.pipe, session["sessionId"].as_str().expect("a session").to_owned());
        page.resize([width, height]);
        page.go(url);
        page
    }

    /// What the browser calls itself.
    pub fn version(&self) -> Value {
        self.pipe.ask(None, "Browser.getVersion", json!({}))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
