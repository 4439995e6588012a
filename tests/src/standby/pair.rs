//! Two instances of flowclient on hosts of their own, and what is done to them.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::event::Event;
use super::lab::{IN_GROUP, Lab, OUT_GROUP};
use crate::lab::{Flowclient, Signal, until};

/// Between two looks at the instances: each costs them a little.
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// Two instances, one on air and one standing by.
pub(super) struct Pair<'a> {
    lab: &'a Lab,
    /// By host; none where it has ended.
    instances: [Option<Flowclient>; 2],
    /// What those wrote that have ended.
    log: String,
}

impl<'a> Pair<'a> {
    pub(super) fn start(lab: &'a Lab) -> Self {
        Self { lab, instances: [0, 1].map(|host| Some(start(lab, host))), log: String::new() }
    }

    /// Waits until one is on air, the other could go on, and both know it; says which host is on air.
    pub(super) fn settle(&self) -> usize {
        until("one on air and one ready", || {
            sleep(LOOK_EVERY);
            let [one, two] = [0, 1].map(|host| self.pair_of(host));
            [(0, &one, &two), (1, &two, &one)].into_iter().find_map(|(host, air, standby)| {
                (is_on_air(air) && is_ready(standby) && knows(air, standby) && knows(standby, air)).then_some(host)
            })
        })
    }

    /// Does it to the instance on air, and puts all right again.
    pub(super) fn suffer(&mut self, event: Event) {
        let host = self.settle();
        match event {
            Event::Nothing => sleep(event.span()),
            Event::Kill => {
                self.instance(host).signal(Signal::KILL);
                sleep(event.span());
                self.replace(host);
            }
            Event::Freeze => {
                self.instance(host).signal(Signal::STOP);
                sleep(event.span());
                self.instance(host).signal(Signal::CONT);
            }
            Event::OutputCut => self.pull(host, "out", event.span()),
            Event::InputCut => self.pull(host, "in", event.span()),
            Event::Replace => {
                self.instance(host).signal(Signal::TERM);
                self.replace(host);
            }
            Event::HandOver => {
                let answer = self.instance(host).post(&format!("/api/v1/flows/{OUT_GROUP}/hand-over"));
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
        }
        self.settle();
    }

    /// The process on `host`.
    pub(super) fn pid(&self, host: usize) -> u32 {
        self.instance(host).pid()
    }

    /// All that the instances wrote.
    pub(super) fn log(mut self) -> String {
        for host in 0..2 {
            let text = self.instance(host).stderr();
            self.keep_log(host, &text);
        }
        self.log
    }

    fn pull(&self, host: usize, switch: &str, span: Duration) {
        self.lab.segment.pull(host, switch);
        sleep(span);
        self.lab.segment.put_back(host, switch);
    }

    /// Starts a new one where one is ending.
    fn replace(&mut self, host: usize) {
        let ended = self.instances[host].take().expect("an instance that has not ended").wait();
        self.keep_log(host, &ended.stderr);
        self.instances[host] = Some(start(self.lab, host));
    }

    fn keep_log(&mut self, host: usize, text: &str) {
        text.lines().for_each(|line| self.log.push_str(&format!("host{host} {line}\n")));
    }

    fn pair_of(&self, host: usize) -> Value {
        self.instance(host).flow()["pair"].take()
    }

    fn instance(&self, host: usize) -> &Flowclient {
        self.instances[host].as_ref().expect("an instance that has not ended")
    }
}

fn start(lab: &Lab, host: usize) -> Flowclient {
    let (input, output) = (format!("udp://{IN_GROUP}?iface=in0"), format!("udp://{OUT_GROUP}?iface=out0"));
    Flowclient::start(&lab.segment.hosts[host], &["--in", &input, "--out", &output, "--pair"])
}

fn is_on_air(pair: &Value) -> bool {
    pair["role"] == "on_air"
}

fn is_ready(pair: &Value) -> bool {
    pair["role"] == "standby" && pair["ready"] == true
}

/// Whether `one` knows nobody but the other, and that as it is.
fn knows(one: &Value, other: &Value) -> bool {
    let Some([peer]) = one["peers"].as_array().map(Vec::as_slice) else { return false };
    ["instance", "on_air", "ready"].iter().all(|field| peer[field] == other[field])
}
