//! A page in the browser.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::base64;
use super::pipe::Pipe;
use crate::lab::{PATIENCE, until};

/// Time between two looks at a page: each costs the processor that the page itself needs.
const LOOK: Duration = Duration::from_millis(50);

/// Which colours the reader prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// A page that is open.
#[derive(Debug)]
pub struct Page<'a> {
    pipe: &'a Pipe,
    session: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(pipe: &'a Pipe, session: String) -> Self {
        let page = Self { pipe, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.ask(&format!("{domain}.enable"), json!({}));
        }
        page
    }

    /// Goes to `url`, and waits until it is loaded.
    pub fn go(&self, url: &str) {
        let loads = || self.pipe.events(&self.session, "Page.loadEventFired").len();
        let before = loads();
        self.ask("Page.navigate", json!({ "url": url }));
        until(&format!("{url} to load"), || (loads() > before).then_some(()));
    }

    /// Makes the window `width` by `height` pixels.
    pub fn resize(&self, [width, height]: [u32; 2]) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Has the reader prefer a scheme, and that nothing moves.
    pub fn prefer(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        let features = json!([{ "name": "prefers-color-scheme", "value": value }, still]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Forbids the page to run scripts, from the next [`Self::go`] on.
    pub fn forbid_scripts(&self) {
        self.ask("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// Lets no request for an address as one of `patterns` (`*` stands for anything) succeed.
    pub fn block(&self, patterns: &[&str]) {
        self.ask("Network.setBlockedURLs", json!({ "urls": patterns }));
    }

    /// The value of a script's expression.
    ///
    /// # Panics
    /// When it throws.
    pub fn value(&self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The text of the first element that `selector` names, as it is shown; empty if there is none.
    pub fn text(&self, selector: &str) -> String {
        let value = self.value(&format!("document.querySelector({})?.innerText ?? ''", json!(selector)));
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the first element that `selector` names has a text as `wanted`.
    ///
    /// # Panics
    /// With all that the page says, when it does not come.
    pub fn wait_for_text(&self, selector: &str, wanted: impl Fn(&str) -> bool) {
        self.wait(&format!("the text of {selector}"), || wanted(&self.text(selector)));
    }

    /// Waits until `expression` is true.
    ///
    /// # Panics
    /// With all that the page says, when it does not become so.
    pub fn wait_for(&self, expression: &str) {
        self.wait(expression, || self.value(expression) == true);
    }

    fn wait(&self, what: &str, wanted: impl Fn() -> bool) {
        let start = Instant::now();
        while !wanted() {
            assert!(start.elapsed() < PATIENCE, "still waiting for: {what}\n{}", self.account());
            thread::sleep(LOOK);
        }
    }

    /// What a person needs who looks for a failure: the text, and what went wrong.
    fn account(&self) -> String {
        let failed = self.pipe.events(&self.session, "Network.loadingFailed");
        format!("The page says:\n{}\nErrors: {:?}\nFailed to load: {failed:?}", self.text("body"), self.errors())
    }

    /// Presses the tabulator, which moves the focus to the next element.
    pub fn press_tab(&self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            self.ask("Input.dispatchKeyEvent", key);
        }
    }

    /// Presses Enter on what has the focus.
    pub fn press_enter(&self) {
        for kind in ["keyDown", "keyUp"] {
            let key =
                json!({ "type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
            self.ask("Input.dispatchKeyEvent", key);
        }
    }

    /// Saves a picture of the window as PNG.
    ///
    /// # Panics
    /// When the picture cannot be written.
    pub fn picture(&self, file: &Path) {
        let shot = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes = shot["data"].as_str().and_then(base64::decode).expect("a picture");
        fs::write(file, bytes).expect("a picture's file");
    }

    /// Errors that the page's scripts or the browser have written to the console.
    pub fn errors(&self) -> Vec<Value> {
        let events = |method| self.pipe.events(&self.session, method).into_iter();
        let logged = events("Log.entryAdded").filter(|event| event["entry"]["level"] == "error");
        let called = events("Runtime.consoleAPICalled").filter(|event| event["type"] == "error");
        logged.chain(called).chain(events("Runtime.exceptionThrown")).collect()
    }

    /// The addresses that the page has asked for.
    pub fn requests(&self) -> Vec<String> {
        let events = self.pipe.events(&self.session, "Network.requestWillBeSent");
        events.iter().filter_map(|event| event["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        self.pipe.ask(Some(&self.session), method, params)
    }
}
