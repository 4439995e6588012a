//! Several instances in a simulated network: each has its own losses and delays.

use std::collections::{BTreeMap, HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

const INTERVAL: Duration = Duration::from_micros(1_300);
/// When the channel begins.
const START: Time = Time(1_000_000_000);
/// Datagrams of the channel in a run.
const DATAGRAMS: u64 = 3_000;
/// Nothing is lost from this datagram on.
const LAST_LOSS: u64 = 2_500;
/// Datagrams after the last loss in which the numbers may still meet. Most do within 60; in one world of several hundred, where each host has lost a
/// fifth or more of its own, it takes longer than 150.
const MEETING: u64 = 480;

/// How an instance and its ways are.
#[derive(Clone, Debug)]
struct Host {
    /// The datagram at which it begins.
    begins: u64,
    input_delay: Duration,
    /// What it sends takes so long, wherever it goes.
    output_delay: Duration,
    losses: Vec<u64>,
    /// Whether it notices that something was lost.
    notices: bool,
    /// The datagram at which it is frozen, and for how long.
    freeze: Option<(u64, Duration)>,
}

struct Instance {
    numbers: LegNumbers,
    /// What waits: its place among those made, and which datagram of the channel it is.
    queue: VecDeque<(u64, u64)>,
    last: Option<u64>,
    sent: Vec<(u64, u16)>,
    /// Datagrams of other legs that came while it was frozen and that it has not heard yet.
    unheard: usize,
}

enum Event {
    Input { host: usize, datagram: u64 },
    Heard { host: usize, leg: usize, datagram: u64, sequence: u16, arrival: Time },
    Look { host: usize },
}

#[derive(Default)]
struct World {
    instances: Vec<Option<Instance>>,
    events: BTreeMap<(Time, u64), Event>,
    count: u64,
    /// What a receiver of all legs takes: the first datagram with each number.
    merged: BTreeMap<u16, u64>,
}

/// Some datagrams are all alike.
fn content(datagram: u64) -> Fingerprint {
    let is_null = datagram % 7 == 3 || (50..53).contains(&(datagram % 100));
    Fingerprint(if is_null { 0 } else { datagram + 1 })
}

fn stamp(sequence: u16) -> Stamp {
    Stamp { sequence, timestamp: 0 }
}

impl World {
    fn run(hosts: &[Host]) -> Self {
        let mut world = Self { instances: hosts.iter().map(|_| None).collect(), ..Self::default() };
        for (host, datagram) in (0..hosts.len()).flat_map(|host| (0..DATAGRAMS).map(move |number| (host, number))) {
            let Host { begins, input_delay, losses, .. } = &hosts[host];
            let at = START + INTERVAL * datagram as u32 + *input_delay;
            if datagram == *begins {
                world.at(at, Event::Look { host });
            }
            if datagram >= *begins && !losses.contains(&datagram) {
                world.at(at, Event::Input { host, datagram });
            }
        }
        while let Some(((now, _), event)) = world.events.pop_first() {
            world.take(now, event, hosts);
        }
        world
    }

    fn at(&mut self, time: Time, event: Event) {
        self.count += 1;
        self.events.insert((time, self.count), event);
    }

    fn take(&mut self, now: Time, event: Event, hosts: &[Host]) {
        let (Event::Look { host } | Event::Input { host, .. } | Event::Heard { host, .. }) = event;
        let is_to_viewer = matches!(event, Event::Heard { host, leg, .. } if host == leg);
        match thawed_at(now, &hosts[host]).filter(|_| !is_to_viewer) {
            Some(thawed) => self.take_when_thawed(thawed, event),
            None => self.take_now(now, event, hosts),
        }
    }

    /// It reads its input first then, and hears the others afterwards: that is the worst order.
    fn take_when_thawed(&mut self, thawed: Time, event: Event) {
        let is_heard = matches!(event, Event::Heard { .. });
        if let Event::Heard { host, .. } = event
            && let Some(instance) = &mut self.instances[host]
        {
            instance.unheard += 1;
        }
        self.at(thawed + Duration::from_nanos(u64::from(is_heard)), event);
    }

    fn take_now(&mut self, now: Time, event: Event, hosts: &[Host]) {
        match event {
            Event::Look { host } => {
                self.instances[host].get_or_insert_with(|| Instance::new(now, host, hosts.len()));
                self.turn(now, host, hosts);
            }
            Event::Input { host, datagram } => {
                let Some(instance) = &mut self.instances[host] else { return };
                instance.make(now, datagram, hosts[host].notices);
                self.turn(now, host, hosts);
            }
            Event::Heard { host, leg, datagram, sequence, arrival } => {
                if leg == host {
                    self.merged.entry(sequence).or_insert(datagram);
                } else if let Some(instance) = &mut self.instances[host] {
                    instance.unheard -= usize::from(arrival < now);
                    instance.numbers.heard(arrival, leg, content(datagram), stamp(sequence));
                    self.turn(now, host, hosts);
                }
            }
        }
    }

    fn turn(&mut self, now: Time, host: usize, hosts: &[Host]) {
        let Some(instance) = &mut self.instances[host] else { return };
        let (sent, look) = instance.turn(now);
        for (datagram, sequence) in sent {
            for other in 0..hosts.len() {
                let arrival = now + hosts[host].output_delay;
                self.at(arrival, Event::Heard { host: other, leg: host, datagram, sequence, arrival });
            }
        }
        // Who has not listened yet may be late already.
        look.into_iter().for_each(|time| self.at(time.max(now + Duration::from_micros(1)), Event::Look { host }));
    }

    fn sent(&self, host: usize) -> &[(u64, u16)] {
        self.instances[host].as_ref().map_or(&[], |instance| &instance.sent)
    }
}

impl Instance {
    fn new(now: Time, own: usize, legs: usize) -> Self {
        Self {
            numbers: LegNumbers::new(now, own, legs),
            queue: VecDeque::new(),
            last: None,
            sent: Vec::new(),
            unheard: 0,
        }
    }

    fn make(&mut self, now: Time, datagram: u64, notices: bool) {
        let is_after_loss = notices && self.last.is_some_and(|last| last + 1 != datagram);
        self.last = Some(datagram);
        self.queue.push_back((self.numbers.count(), datagram));
        self.numbers.made(Made { now, release: now, fingerprint: content(datagram), sequence: None, is_after_loss });
    }

    fn turn(&mut self, now: Time) -> (Vec<(u64, u16)>, Option<Time>) {
        if self.unheard == 0 {
            self.numbers.listened(now);
        }
        let look = self.numbers.poll();
        if self.numbers.is_joining() {
            self.queue.clear();
        }
        if !self.numbers.may_send() {
            return (Vec::new(), look);
        }
        let sent: Vec<_> =
            self.queue.drain(..).map(|(index, datagram)| (datagram, self.numbers.number(index))).collect();
        self.sent.extend(&sent);
        (sent, look)
    }
}

fn host(longest_delay_ms: u64) -> impl Strategy<Value = Host> {
    let delay = move || (0..=longest_delay_ms).prop_map(Duration::from_millis);
    let losses = proptest::collection::vec((0..LAST_LOSS, 1_u64..20), 0..60);
    (0_u64..1_000, delay(), delay(), losses, any::<bool>()).prop_map(
        |(begins, input_delay, output_delay, losses, notices)| {
            let losses = losses.into_iter().flat_map(|(first, count)| first..(first + count).min(LAST_LOSS)).collect();
            Host { begins, input_delay, output_delay, losses, notices, freeze: None }
        },
    )
}

/// When the host that is frozen goes on; nothing if it is not.
fn thawed_at(now: Time, host: &Host) -> Option<Time> {
    let (datagram, span) = host.freeze?;
    let frozen = START + INTERVAL * datagram as u32;
    (now >= frozen && now < frozen + span).then_some(frozen + span)
}

/// How often the numbers of a leg went back.
fn steps_back(sent: &[(u64, u16)]) -> usize {
    sent.windows(2).filter(|pair| pair[1].1.wrapping_sub(pair[0].1).cast_signed() <= 0).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn after_the_last_loss_all_legs_have_the_same_number_for_the_same_datagram(
        hosts in proptest::collection::vec(host(20), 2..=3),
    ) {
        let world = World::run(&hosts);
        let mut numbers = HashMap::new();
        for host in 0..hosts.len() {
            let sent = world.sent(host);
            // Twice is rare: who lost something may take what another has sent for what it lost, though it is still to come.
            prop_assert!(steps_back(sent) <= 3, "leg {host} went back {} times", steps_back(sent));
            prop_assert_eq!(sent.last().map(|last| last.0), Some(DATAGRAMS - 1));
            for &(datagram, number) in sent.iter().filter(|sent| sent.0 >= LAST_LOSS + MEETING) {
                let known = *numbers.entry(datagram).or_insert(number);
                prop_assert_eq!(number, known, "datagram {} on leg {}", datagram, host);
            }
        }
    }

    #[test]
    fn what_one_has_lost_and_notices_the_other_gives_to_a_receiver_that_merges(
        mut hosts in proptest::collection::vec(host(3), 2),
    ) {
        // Nothing is lost at both, nor before both are on air.
        let (begun, late) = (1_500, 2_000);
        hosts[0].losses.retain(|&lost| lost >= begun && lost < late);
        hosts[1].losses.retain(|&lost| lost >= late + 20);
        hosts.iter_mut().for_each(|host| host.notices = true);
        let world = World::run(&hosts);
        let merged: Vec<u64> = world.merged.values().copied().filter(|&datagram| datagram >= begun).collect();
        let wrong = merged.iter().zip(begun..).find(|&(&merged, datagram)| merged != datagram);
        prop_assert_eq!((wrong, merged.len() as u64), (None, DATAGRAMS - begun));
    }
}

fn steady(begins: u64) -> Host {
    let delay = Duration::from_millis(1);
    Host { begins, input_delay: delay, output_delay: delay, losses: Vec::new(), notices: true, freeze: None }
}

#[test]
fn an_instance_alone_begins_when_it_has_listened_and_never_waits_again() {
    let losses = (1_000..1_010).collect();
    let world = World::run(&[Host { losses, ..steady(0) }]);
    let listened = LISTEN.as_nanos().div_ceil(INTERVAL.as_nanos()) as u64;
    let made = (listened..DATAGRAMS).filter(|datagram| !(1_000..1_010).contains(datagram));
    assert_eq!(world.sent(0).iter().map(|sent| sent.0).collect::<Vec<_>>(), made.collect::<Vec<_>>());
    assert_eq!(steps_back(world.sent(0)), 0);
}

#[test]
fn a_newcomer_begins_with_the_number_on_air() {
    let world = World::run(&[steady(0), steady(1_000)]);
    let of_first: HashMap<u64, u16> = world.sent(0).iter().copied().collect();
    assert!(world.sent(1).len() > 1_700, "{} sent", world.sent(1).len());
    assert!(world.sent(1).iter().all(|(datagram, number)| of_first[datagram] == *number));
}

#[test]
fn an_input_that_was_away_for_long_comes_back_with_the_number_on_air() {
    let losses = (1_000..1_900).collect();
    let world = World::run(&[Host { losses, ..steady(0) }, steady(0)]);
    let of_second: HashMap<u64, u16> = world.sent(1).iter().copied().collect();
    let back: Vec<_> = world.sent(0).iter().filter(|sent| sent.0 >= 1_900).collect();
    assert!(back.len() > 1_000 && back.iter().all(|(datagram, number)| of_second[datagram] == *number));
}

#[test]
fn what_an_input_numbers_is_not_touched() {
    let mut numbers = LegNumbers::new(Time(0), 1, 2);
    for number in 0_u16..100 {
        let (now, fingerprint) = (Time(u64::from(number)), Fingerprint(u64::from(number)));
        numbers.heard(now, 0, fingerprint, stamp(number + 7));
        numbers.listened(now);
        let made = Made { now, release: now, fingerprint, sequence: Some(number), is_after_loss: number == 50 };
        assert_eq!(numbers.made(made), number);
        assert!(numbers.may_send());
        assert_eq!(numbers.timestamp(fingerprint), None);
    }
    let stand = numbers.stand(0);
    assert_eq!((stand.equal, stand.unequal, stand.agrees, stand.is_heard), (0, 100, false, true));
}

#[test]
fn the_timestamp_of_another_leg_is_found_whichever_came_first() {
    let mut numbers = LegNumbers::new(Time(0), 1, 2);
    let now = Time(1);
    let made =
        |number| Made { now, release: now, fingerprint: Fingerprint(number), sequence: None, is_after_loss: false };
    let heard = Stamp { sequence: 7, timestamp: 90_000 };
    assert_eq!(numbers.heard(now, 0, Fingerprint(1), heard), None);
    numbers.made(made(1));
    numbers.made(made(2));
    assert_eq!([1, 2].map(|number| numbers.timestamp(Fingerprint(number))), [Some(90_000), None]);
    assert_eq!(numbers.heard(now, 0, Fingerprint(2), heard), Some(1));
}

#[test]
fn those_that_counted_apart_follow_the_lowest_leg() {
    let follow = |own: usize, leg: usize| {
        let mut numbers = LegNumbers::new(Time(0), own, 2);
        let (start, later) = (Time(0) + LISTEN, Time(0) + LISTEN + FRESH_PATIENCE);
        numbers.made(made_at(start, 0));
        numbers.listened(later);
        numbers.poll();
        assert!(numbers.may_send());
        for number in 1..9 {
            numbers.made(made_at(later, number));
            numbers.heard(later, leg, Fingerprint(number), stamp(30_000 + number as u16));
        }
        numbers.number(8)
    };
    assert_eq!((follow(0, 1), follow(1, 0)), (8, 30_008));
}

fn made_at(time: Time, number: u64) -> Made {
    Made { now: time, release: time, fingerprint: Fingerprint(number), sequence: None, is_after_loss: false }
}

#[test]
fn a_newcomer_that_heard_nobody_since_nothing_came_in_begins_with_the_number_on_air() {
    for on_air in [5_000, 40_000, 64_000] {
        let mut numbers = LegNumbers::new(Time(0), 0, 2);
        let start = Time(0) + 3 * LISTEN;
        numbers.listened(start);
        numbers.poll();
        for number in 0..3 {
            let now = start + INTERVAL * number as u32;
            numbers.made(made_at(now, number));
            numbers.listened(now);
            numbers.poll();
            assert!(!numbers.may_send(), "nobody was asked yet");
            numbers.heard(now, 1, Fingerprint(number), stamp(on_air + number as u16));
        }
        assert_eq!((numbers.number(0), numbers.may_send()), (on_air, true));
    }
}

/// Longer than a leg is silent that is not there.
const FREEZE: Duration = Duration::from_millis(1_050);

#[test]
fn who_wakes_from_a_freeze_with_a_loss_goes_on_with_the_number_on_air() {
    let losses = (1_400..1_450).collect();
    let world = World::run(&[steady(0), Host { losses, freeze: Some((1_000, FREEZE)), ..steady(0) }]);
    let of_first: HashMap<u64, u16> = world.sent(0).iter().copied().collect();
    let unlike: Vec<_> = world.sent(1).iter().filter(|(datagram, number)| of_first[datagram] != *number).collect();
    assert_eq!((unlike.first(), unlike.len()), (None, 0));
}

#[test]
fn a_newcomer_that_does_not_get_to_run_begins_with_the_number_on_air() {
    let frozen = Host { freeze: Some((1_001, FREEZE)), ..steady(1_000) };
    let world = World::run(&[steady(0), frozen]);
    let of_first: HashMap<u64, u16> = world.sent(0).iter().copied().collect();
    assert!(world.sent(1).iter().all(|(datagram, number)| of_first[datagram] == *number));
}
