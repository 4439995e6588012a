//! The network between head-end, instances and viewer, and its time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::node::{Bug, Input, Node, Output};
use super::viewer::Viewer;
use crate::pair::machine::Options;
use crate::time::{Moment, Time, Utc};

/// Time between two datagrams: 8 Mb/s.
pub(super) const INTERVAL: Duration = Duration::from_micros(1_316);
/// UTC when the simulation begins.
const EPOCH: u64 = 1_795_000_000_000_000_000;

/// How the network treats what is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Time between two datagrams of the channel.
    pub(super) interval: Duration,
    /// Most that an input datagram is later at one instance than at another.
    pub(super) input_jitter: Duration,
    /// Every other instance receives the channel so much later.
    pub(super) input_lag: Duration,
    /// Most that a datagram takes between instances.
    pub(super) delay: Duration,
    /// One in so many of what instances hear of each other is lost; 0 is none.
    pub(super) lose_one_in: u64,
    /// One in so many comes twice; 0 is none.
    pub(super) double_one_in: u64,
}

pub(super) struct World {
    pub(super) now: Time,
    pub(super) nodes: Vec<Option<Node>>,
    pub(super) viewer: Viewer,
    pub(super) steps: u64,
    weather: Weather,
    bug: Bug,
    random: u64,
    events: BTreeMap<(Time, u64), (usize, Input)>,
    order: u64,
    next_number: u64,
    next_datagram: Time,
    next_port: u16,
    /// When the last input datagram reaches each instance: inputs keep their order.
    input_until: Vec<Time>,
    /// When each instance is to be woken.
    wakes: Vec<Option<Time>>,
}

impl World {
    pub(super) fn new(seed: u64, weather: Weather, bug: Bug) -> Self {
        Self {
            now: Time(0),
            nodes: Vec::new(),
            viewer: Viewer::default(),
            steps: 0,
            weather,
            bug,
            random: seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1,
            events: BTreeMap::new(),
            order: 0,
            next_number: 0,
            next_datagram: Time(0),
            next_port: 40_000,
            input_until: Vec::new(),
            wakes: Vec::new(),
        }
    }

    /// A number below `limit`, drawn.
    pub(super) fn draw(&mut self, limit: u64) -> u64 {
        // xorshift64*
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % limit.max(1)
    }

    /// Starts an instance; gives its place.
    pub(super) fn start(&mut self) -> usize {
        let id = self.draw(u64::MAX);
        self.next_port += 1;
        let address = SocketAddr::from(([10, 0, 0, 1], self.next_port));
        let rank = self.draw(3) as u16;
        let options = Options { rank, ..Options::default() };
        self.nodes.push(Some(Node::new(self.now, id, address, options, self.bug)));
        self.input_until.push(self.now);
        self.wakes.push(None);
        let place = self.nodes.len() - 1;
        self.wake(self.now, place);
        place
    }

    /// Lets `span` pass.
    pub(super) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let event = self.events.first_key_value().map_or(end, |(&(time, _), _)| time);
            if self.next_datagram <= event.min(end) {
                self.emit_datagram();
            } else if event < end {
                self.handle_event();
            } else {
                break;
            }
        }
        self.now = end;
    }

    pub(super) fn moment(&self) -> Moment {
        Moment { mono: self.now, utc: Utc(EPOCH + self.now.0) }
    }

    /// Somebody sends this to all instances from an address of his own.
    pub(super) fn forge(&mut self, forged: &Input) {
        let places: Vec<_> = self.alive().map(|(place, _)| place).collect();
        for place in places {
            self.schedule(self.now, place, forged.clone());
        }
    }

    /// The last datagram that the head-end sent.
    pub(super) fn newest(&self) -> u64 {
        self.next_number.saturating_sub(1)
    }

    pub(super) fn alive(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter_map(|(place, node)| Some((place, node.as_ref()?)))
    }

    pub(super) fn on_air(&self) -> Option<usize> {
        self.alive().find(|(_, node)| node.is_on_air()).map(|(place, _)| place)
    }

    fn emit_datagram(&mut self) {
        self.now = self.next_datagram;
        let number = self.next_number;
        self.next_number += 1;
        self.next_datagram = self.now + self.weather.interval;
        let places: Vec<_> = self.alive().filter(|(_, node)| node.has_input).map(|(place, _)| place).collect();
        for place in places {
            let lag = if place % 2 == 1 { self.weather.input_lag } else { Duration::ZERO };
            let arrival = (self.now + lag + self.jitter(self.weather.input_jitter)).max(self.input_until[place]);
            self.input_until[place] = arrival;
            self.schedule(arrival, place, Input::Channel { number, arrival });
        }
    }

    fn handle_event(&mut self) {
        let Some(((time, _), (place, input))) = self.events.pop_first() else { return };
        self.now = time;
        if matches!(input, Input::Wake) && self.wakes[place].take_if(|wake| *wake == time).is_none() {
            return;
        }
        self.steps += 1;
        self.deliver(place, input);
    }

    pub(super) fn deliver(&mut self, place: usize, input: Input) {
        let now = self.moment();
        let Some(node) = self.nodes[place].as_mut() else { return };
        let (outputs, deadline) = node.take(now, input);
        let (source, has_output, frozen) = (node.address, node.has_output, node.frozen_until);
        for output in outputs {
            if has_output {
                self.spread(place, source, &output);
            }
        }
        let next = deadline.map(|deadline| deadline.max(self.now + Duration::from_micros(10)));
        next.or(frozen).into_iter().for_each(|next| self.wake(next, place));
    }

    /// Wakes an instance then; one that is to be woken before will say anew when.
    fn wake(&mut self, at: Time, place: usize) {
        if self.wakes[place].is_none_or(|wake| wake > at) {
            self.wakes[place] = Some(at);
            self.schedule(at, place, Input::Wake);
        }
    }

    fn spread(&mut self, from: usize, source: SocketAddr, output: &Output) {
        if let Output::Air(number) = *output {
            self.viewer.receive(self.now, number);
        }
        let others: Vec<_> = self
            .alive()
            .filter(|&(place, node)| place != from && node.has_output && !node.is_deaf)
            .map(|(place, _)| place)
            .collect();
        for place in others {
            if self.happens(self.weather.lose_one_in) {
                continue;
            }
            let at = self.now + Duration::from_micros(20) + self.jitter(self.weather.delay);
            let input = match output {
                Output::Air(number) => Input::Air { number: *number, arrival: at, source },
                Output::Said(message) => Input::Said { message: *message, from: source },
            };
            if self.happens(self.weather.double_one_in) {
                self.schedule(at + Duration::from_micros(5), place, input.clone());
            }
            self.schedule(at, place, input);
        }
    }

    fn happens(&mut self, one_in: u64) -> bool {
        one_in > 0 && self.draw(one_in) == 0
    }

    fn jitter(&mut self, most: Duration) -> Duration {
        Duration::from_nanos(self.draw(most.as_nanos() as u64))
    }

    fn schedule(&mut self, at: Time, place: usize, input: Input) {
        self.order += 1;
        self.events.insert((at, self.order), (place, input));
    }
}
