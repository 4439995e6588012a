//! The flows that run, and how they become others.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use relay::drive::{Driver, FlowHandle, PreparedFlow, Threads};
use relay::event::{EventSink, FlowEvent};
use relay::spec::{Engine, FlowSpec};
use relay::stats::Counters;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::orders::Order;
use crate::plan::{Outcome, Plan};
use crate::status::Board;

/// How long a thread may take to publish what its flows have counted.
const PUBLISH_PATIENCE: Duration = Duration::from_millis(20);

/// All flows, with the threads that drive them.
pub(crate) struct Fleet {
    driver: Driver,
    flows: BTreeMap<String, Running>,
    events: UnboundedReceiver<FlowEvent>,
    /// Events that the board has and nobody has asked for yet.
    heard: VecDeque<FlowEvent>,
    board: Arc<Board>,
}

struct Running {
    spec: FlowSpec,
    handle: FlowHandle,
    since: Instant,
}

/// What a flow that has stopped did in its time.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    pub(crate) flow: String,
    pub(crate) counters: Counters,
    pub(crate) uptime: Duration,
}

impl Fleet {
    /// Starts the threads, without a flow.
    ///
    /// # Errors
    /// When the system has no thread or descriptor left.
    pub(crate) fn new(threads: Threads, engine: Engine, board: Arc<Board>) -> Result<Self> {
        let (tell, events) = unbounded_channel();
        let sink: EventSink = Arc::new(move |event| {
            // Nobody listens any more only while the process ends.
            let _ = tell.send(event);
        });
        let driver = Driver::start(threads, engine, sink).context("starting the threads that relay")?;
        Ok(Self { driver, flows: BTreeMap::new(), events, heard: VecDeque::new(), board })
    }

    /// Makes the flows those of `wanted`: all that come or change are opened first, and when one cannot be, nothing
    /// changes. Flows that are wanted as they are run on untouched.
    ///
    /// Returns how it ended, and what the flows that went did in their time.
    pub(crate) fn become_wanted(&mut self, wanted: &[FlowSpec]) -> (Outcome, Vec<Total>) {
        let plan = Plan::between(self.flows.values().map(|flow| &flow.spec), wanted);
        let opened = plan.added.iter().chain(&plan.changed).map(|spec| self.open(spec));
        match opened.collect::<Result<Vec<_>>>() {
            Err(error) => (Outcome::Refused(format!("{error:#}")), Vec::new()),
            Ok(opened) => (plan.outcome(), self.swap(&plan, opened)),
        }
    }

    /// The next event of a flow; the board has it by then. `None` when no thread is left to say one.
    pub(crate) async fn next_event(&mut self) -> Option<FlowEvent> {
        if let Some(event) = self.heard.pop_front() {
            return Some(event);
        }
        let event = self.events.recv().await?;
        self.board.note(&event);
        Some(event)
    }

    /// Waits until each thread has published what its flows have counted, but not for one that is stuck.
    pub(crate) async fn publish(&self) {
        let (tell, mut told) = unbounded_channel();
        let answer: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            // Nobody listens any more only when patience has run out.
            let _ = tell.send(());
        });
        self.ask_threads(&answer);
        drop(answer);
        let all = async { while told.recv().await.is_some() {} };
        let _ = timeout(PUBLISH_PATIENCE, all).await;
    }

    /// Has each thread publish its flows' counters and call `answer` in its next turn.
    pub(crate) fn ask_threads(&self, answer: &Arc<dyn Fn() + Send + Sync>) {
        self.driver.ask_threads(answer);
    }

    /// Has each input come the way that is right for it now; for once a second.
    pub(crate) fn tend(&self) {
        self.driver.tend();
    }

    /// Carries out an order.
    pub(crate) fn obey(&self, order: Order) {
        match self.flows.get(&order.flow) {
            Some(flow) => self.driver.hand_over(&flow.handle, order.to, order.answer()),
            None => order.refuse(),
        }
    }

    /// Stops all flows and threads; what the flows did in their time.
    pub(crate) fn stop(mut self) -> Vec<Total> {
        let names: Vec<_> = self.flows.keys().cloned().collect();
        let totals = names.iter().filter_map(|name| self.stop_flow(name)).collect();
        self.driver.stop();
        totals
    }

    fn open(&self, spec: &FlowSpec) -> Result<(FlowSpec, PreparedFlow)> {
        let flow = self.driver.open(spec).with_context(|| format!("flow {}", spec.name))?;
        Ok((spec.clone(), flow))
    }

    fn swap(&mut self, plan: &Plan, opened: Vec<(FlowSpec, PreparedFlow)>) -> Vec<Total> {
        let mut totals: Vec<_> = plan.removed.iter().filter_map(|name| self.stop_flow(name)).collect();
        for (spec, flow) in opened {
            totals.extend(self.stop_flow(&spec.name));
            let handle = self.driver.add(flow);
            self.board.enter(&spec, Arc::clone(handle.stats()), handle.thread());
            self.flows.insert(spec.name.clone(), Running { spec, handle, since: Instant::now() });
        }
        totals
    }

    fn stop_flow(&mut self, name: &str) -> Option<Total> {
        let flow = self.flows.remove(name)?;
        let counters = self.driver.remove(flow.handle);
        self.hear_out();
        self.board.leave(name);
        Some(Total { flow: name.to_owned(), counters, uptime: flow.since.elapsed() })
    }

    /// Takes in what was said so far, so that the last words of a flow are not taken for those of its successor.
    fn hear_out(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.board.note(&event);
            self.heard.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::spec;
    use relay::spec::Interface;
    use relay::stats::FlowStats;
    use std::net::UdpSocket;

    fn fleet() -> Fleet {
        Fleet::new(Threads::default(), Engine::Socket, Arc::new(Board::new())).unwrap()
    }

    fn free_port() -> u16 {
        UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    /// A flow that cannot be opened.
    fn broken(name: &str) -> FlowSpec {
        let mut spec = spec(name, free_port());
        spec.outputs[0].interface = Some(Interface::Name("fc-none".to_owned()));
        spec
    }

    fn stats(fleet: &Fleet, name: &str) -> Arc<FlowStats> {
        Arc::clone(fleet.flows[name].handle.stats())
    }

    fn names(fleet: &Fleet) -> Vec<String> {
        fleet.board.views().into_iter().map(|view| view.name).collect()
    }

    #[test]
    fn flows_that_are_wanted_as_they_are_run_on_untouched() {
        let mut fleet = fleet();
        let (stays, changes, goes) = (spec("a", free_port()), spec("b", free_port()), spec("c", free_port()));
        fleet.become_wanted(&[stays.clone(), changes, goes]);
        let (untouched, replaced) = (stats(&fleet, "a"), stats(&fleet, "b"));
        let (outcome, totals) = fleet.become_wanted(&[stays, spec("b", free_port()), spec("d", free_port())]);
        assert_eq!(outcome.to_string(), "configuration reloaded: added d; changed b; removed c");
        assert!(Arc::ptr_eq(&untouched, &stats(&fleet, "a")));
        assert!(!Arc::ptr_eq(&replaced, &stats(&fleet, "b")));
        assert_eq!(names(&fleet), ["a", "b", "d"]);
        let gone: Vec<_> = totals.iter().map(|total| total.flow.as_str()).collect();
        assert_eq!(gone, ["c", "b"]);
        assert_eq!(fleet.stop().len(), 3);
    }

    #[test]
    fn one_flow_that_cannot_be_opened_keeps_all_as_they_were() {
        let mut fleet = fleet();
        let (a, b) = (spec("a", free_port()), spec("b", free_port()));
        fleet.become_wanted(&[a.clone(), b]);
        let before = (stats(&fleet, "a"), stats(&fleet, "b"));
        let (outcome, totals) = fleet.become_wanted(&[spec("a", free_port()), broken("new")]);
        let Outcome::Refused(reason) = outcome else { panic!("{outcome:?}") };
        assert!(reason.starts_with("flow new: ") && reason.contains("fc-none"), "{reason}");
        assert!(totals.is_empty());
        assert!(Arc::ptr_eq(&before.0, &stats(&fleet, "a")) && Arc::ptr_eq(&before.1, &stats(&fleet, "b")));
        assert_eq!(names(&fleet), ["a", "b"]);
        fleet.stop();
    }

    #[tokio::test]
    async fn every_thread_answers() {
        let fleet = fleet();
        let (tell, mut told) = unbounded_channel();
        let answer: Arc<dyn Fn() + Send + Sync> = Arc::new(move || tell.send(()).unwrap());
        fleet.ask_threads(&answer);
        assert_eq!(told.recv().await, Some(()));
        fleet.stop();
    }
}
