//! What must hold whatever happens, and that it is noticed when it does not.

use std::time::Duration;

use super::faults::{ALL, Fault, on_air};
use super::node::Bug;
use super::world::{INTERVAL, Weather, World};

const FAIR: Weather = Weather {
    interval: INTERVAL,
    input_jitter: Duration::from_micros(300),
    input_lag: Duration::ZERO,
    delay: Duration::from_micros(100),
    lose_one_in: 0,
    double_one_in: 0,
};
/// Messages overtake the stream.
const SLOW: Weather = Weather { delay: Duration::from_millis(1), ..FAIR };
const ROUGH: Weather = Weather {
    input_jitter: Duration::from_millis(3),
    delay: Duration::from_micros(800),
    lose_one_in: 100,
    double_one_in: 100,
    ..FAIR
};
/// A channel of 1 Mb/s.
const SPARSE: Weather = Weather { interval: Duration::from_micros(10_528), ..FAIR };
/// A channel of 80 Mb/s.
const DENSE: Weather = Weather { interval: Duration::from_micros(132), ..FAIR };
/// Some instances receive the channel on a longer way.
const LAGGING: Weather = Weather { input_lag: Duration::from_millis(30), ..FAIR };

/// Nothing lost, nothing out of order, and the newest on its way.
fn assert_whole(world: &World, story: &str) {
    assert_eq!(world.viewer.lost(), [0; 0], "{story}: lost");
    assert_eq!(world.viewer.late, 0, "{story}: out of order");
    let behind = world.newest() - world.viewer.newest().unwrap();
    assert!(behind < 20, "{story}: {behind} datagrams behind");
}

#[test]
fn a_lone_instance_is_on_air() {
    let world = on_air(1, 1, FAIR, Bug::None);
    assert_whole(&world, "alone");
    assert!(world.on_air().is_some());
}

#[test]
fn of_a_hundred_started_at_once_one_is_on_air() {
    let world = on_air(1, 100, FAIR, Bug::None);
    assert_whole(&world, "a hundred");
    assert_eq!(world.alive().filter(|(_, node)| node.is_on_air()).count(), 1);
}

#[test]
fn each_fault_alone_loses_nothing_and_the_gap_is_short() {
    for fault in ALL {
        for seed in 0..8 {
            let mut world = on_air(seed, 2, FAIR, Bug::None);
            let before = world.viewer.duplicates();
            world.viewer.longest_gap = Duration::ZERO;
            world.suffer(fault);
            let story = format!("{fault:?}, seed {seed}");
            assert_whole(&world, &story);
            let (gap, doubled) = (world.viewer.longest_gap, world.viewer.duplicates() - before);
            assert!(gap < fault.longest_gap(), "{story}: gap {gap:?}");
            assert!(doubled <= fault.most_duplicates(), "{story}: {doubled} duplicates");
        }
    }
}

#[test]
fn neither_the_bitrate_nor_a_longer_way_matters() {
    for weather in [SPARSE, DENSE, LAGGING] {
        for fault in ALL {
            let mut world = on_air(5, 3, weather, Bug::None);
            world.viewer.longest_gap = Duration::ZERO;
            world.suffer(fault);
            assert_eq!((world.viewer.lost(), world.viewer.late), (Vec::new(), 0), "{fault:?}, {weather:?}");
            let most = 2 * weather.interval + 3 * weather.input_lag + fault.longest_gap() + Duration::from_millis(8);
            let gap = world.viewer.longest_gap;
            assert!(gap < most, "{fault:?}, {weather:?}: gap {gap:?}");
        }
    }
}

#[test]
fn a_hand_over_doubles_nothing_and_makes_no_gap() {
    for seed in 0..20 {
        let mut world = on_air(seed, 2, if seed % 2 == 0 { FAIR } else { SLOW }, Bug::None);
        let before = world.viewer.duplicates();
        world.viewer.longest_gap = Duration::ZERO;
        world.suffer(Fault::HandOver);
        assert_whole(&world, "hand-over");
        assert_eq!(world.viewer.duplicates(), before, "seed {seed}");
        assert!(world.viewer.longest_gap <= 4 * INTERVAL, "seed {seed}: {:?}", world.viewer.longest_gap);
    }
}

#[test]
fn a_standby_is_ready_for_as_long_as_it_has_what_is_on_air() {
    for weather in [FAIR, SPARSE, DENSE, LAGGING] {
        let mut world = on_air(3, 2, weather, Bug::None);
        let standby = world.standby().unwrap();
        let is_ready = |world: &World| {
            let now = world.moment().mono;
            world.alive().any(|(place, node)| place == standby && node.machine.standing(now).ready)
        };
        assert!(is_ready(&world), "{weather:?}");
        world.change(standby, |node| node.has_input = false);
        world.run(Duration::from_millis(150) + weather.input_lag);
        assert!(!is_ready(&world), "{weather:?}, without input");
        world.change(standby, |node| node.has_input = true);
        world.run(Duration::from_millis(200));
        assert!(is_ready(&world), "{weather:?}, with input again");
    }
}

/// Faults in rough weather, one after the other, until so many steps are done: nothing is lost, somebody is on air after each,
/// and none doubles more than `most_duplicates`.
fn suffer_in_rough_weather(faults: &[Fault], least_steps: u64, most_duplicates: u64) {
    let mut steps = 0;
    for seed in 0.. {
        let mut world = on_air(seed, 2 + seed as usize % 4, ROUGH, Bug::None);
        for _ in 0..12 {
            let fault = faults[world.draw(faults.len() as u64) as usize];
            let before = world.viewer.duplicates();
            world.suffer(fault);
            assert_eq!(world.viewer.lost(), [0; 0], "seed {seed}, {fault:?}");
            assert!(world.on_air().is_some(), "seed {seed}, {fault:?}: nobody on air");
            let doubled = world.viewer.duplicates() - before;
            assert!(doubled <= most_duplicates, "seed {seed}, {fault:?}: {doubled} duplicates");
        }
        steps += world.steps;
        if steps > least_steps {
            break;
        }
    }
}

#[test]
fn two_million_steps_of_rough_weather_lose_nothing() {
    let natural: Vec<_> = ALL.into_iter().filter(|&fault| fault != Fault::Forgery).collect();
    suffer_in_rough_weather(&natural, 2_000_000, 100);
}

/// Without a key a forger can have two on air for the time that a deaf instance is given, and again with each message; he
/// cannot take the channel off the air.
#[test]
fn a_million_steps_with_forgers_lose_nothing() {
    suffer_in_rough_weather(&ALL, 1_000_000, 1_500);
}

/// Whether some fault is noticed with a bug planted.
fn is_noticed(bug: Bug) -> bool {
    ALL.into_iter().any(|fault| {
        (0..8).any(|seed| {
            let mut world = on_air(seed, 2, SLOW, bug);
            let before = world.viewer.duplicates();
            world.suffer(fault);
            let doubled = world.viewer.duplicates() - before > fault.most_duplicates();
            doubled || !world.viewer.lost().is_empty() || world.viewer.late > 0
        })
    })
}

#[test]
fn planted_bugs_are_noticed() {
    for bug in [Bug::IgnoresPlace, Bug::SendsBacklog, Bug::StartsWithTheNext] {
        assert!(is_noticed(bug), "{bug:?}");
    }
    assert!(!is_noticed(Bug::None));
}
