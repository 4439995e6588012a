//! Messages to and from the browser: JSON, each with a zero byte after it.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::lab::until;

/// Both directions.
#[derive(Debug)]
pub(super) struct Pipe {
    to: Mutex<ChildStdin>,
    heard: Arc<Mutex<Vec<Value>>>,
    asked: Cell<u64>,
}

impl Pipe {
    pub(super) fn new(to: ChildStdin, from: ChildStdout) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        thread::spawn(move || {
            for message in BufReader::new(from).split(0).map_while(Result::ok) {
                hears.lock().unwrap().push(serde_json::from_slice(&message).expect("JSON from the browser"));
            }
        });
        Self { to: Mutex::new(to), heard, asked: Cell::new(0) }
    }

    /// Sends a command to a page's `session`, or to the browser itself, and waits for the result.
    ///
    /// # Panics
    /// When the browser refuses.
    pub(super) fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.asked.get() + 1;
        self.asked.set(id);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.to.lock().unwrap().write_all(format!("{message}\0").as_bytes()).expect("a browser that listens");
        let answer = until(method, || self.take_answer(id));
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// The events of a page so far whose method is `method`: their parameters.
    pub(super) fn events(&self, session: &str, method: &str) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        let wanted = heard.iter().filter(|message| message["method"] == method && message["sessionId"] == session);
        wanted.map(|message| message["params"].clone()).collect()
    }

    fn take_answer(&self, id: u64) -> Option<Value> {
        let mut heard = self.heard.lock().unwrap();
        let place = heard.iter().rposition(|message| message["id"] == id)?;
        Some(heard.remove(place))
    }
}
