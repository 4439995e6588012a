//! How the datagrams of a paced flow are released: who keeps their times, and how well.

use std::time::Duration;

use nix::net::if_::if_indextoname;

use crate::event::EventKind;
use crate::io::qdisc;
use crate::io::udp::Tx;
use crate::spec::{FlowSpec, Pace};
use crate::stage::punctuality::{Change, Punctuality};
use crate::stage::queue::Queue;
use crate::stage::release::{Release, Tier};
use crate::stats::Counters;
use crate::time::Time;

/// Interval at which it is looked whether the kernel can keep the times: somebody may change the queueing discipline, and
/// one that does not keep them would let datagrams leave in bursts.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// Discipline that keeps the times, and the one that only hands out to one of those for each queue of the interface.
const KEEPER: &str = "fq";
const MULTIQUEUE: &str = "mq";
/// What a virtual interface has by default. With a queue, a veth delivers on whichever processor took from it, so that
/// datagrams can overtake each other: that is not to be recommended.
const NO_QUEUE: &str = "noqueue";

/// The release of a paced flow.
pub(super) struct Pacing {
    release: Release,
    punctuality: Punctuality,
    /// Whether other instances rely on when this one sends, and on what it has sent.
    is_paired: bool,
    next_probe: Time,
    /// Who keeps the times, and why none better, as last said.
    told: Option<(Tier, Option<String>)>,
    /// Whether the last datagrams leave, all at once.
    is_ending: bool,
}

impl Pacing {
    /// `None` for a flow whose datagrams leave as they arrive.
    pub(super) fn of(spec: &FlowSpec) -> Option<Self> {
        (spec.pace != Pace::Arrival).then(|| Self {
            release: Release::default(),
            punctuality: Punctuality::default(),
            is_paired: spec.pair.is_some() || spec.leg.is_some(),
            next_probe: Time::default(),
            told: None,
            is_ending: false,
        })
    }

    /// Up to which release time the datagrams of `queue` are to be sent now.
    pub(super) fn horizon(&mut self, now: Time, queue: &Queue) -> Option<Time> {
        self.release.horizon(now, queue)
    }

    /// When to look again if the first datagram leaves at `next`.
    pub(super) fn wake(&self, next: Time) -> Time {
        self.release.wake(next)
    }

    /// What is sent from now on leaves before its time, as it must.
    pub(super) const fn end(&mut self) {
        self.is_ending = true;
    }

    /// Takes note of a datagram that was sent at `done` and whose release time is `release`.
    pub(super) fn sent(&mut self, release: Time, done: Time, counters: &mut Counters, say: &mut impl FnMut(EventKind)) {
        if self.is_ending {
            return;
        }
        self.release.hand_over(done, release);
        let early = if self.release.tier() == Tier::Timer { release.since(done) } else { Duration::ZERO };
        let error = done.since(release).max(early);
        counters.observe_release(error);
        if let Some(change) = self.punctuality.observe(done, error) {
            counters.pacing_degraded_gauge = u64::from(self.punctuality.is_degraded());
            say(match change {
                Change::Degraded { unpunctual, of } => EventKind::PacingDegraded { unpunctual, of },
                Change::Restored => EventKind::PacingRestored,
            });
        }
    }

    /// Whether [`Self::probe`] is due.
    pub(super) fn wants_probe(&self, now: Time) -> bool {
        self.next_probe <= now
    }

    /// An output was opened anew: it may be another interface.
    pub(super) const fn probe_soon(&mut self) {
        self.next_probe = Time(0);
    }

    /// Finds out who can keep the times, has him do it, and says so if that is news. What leaves `by_xdp` passes the kernel's
    /// queues by, and would leave as soon as it is sent.
    pub(super) fn probe<'a>(
        &mut self,
        now: Time,
        sockets: impl Iterator<Item = &'a mut Tx>,
        by_xdp: bool,
        counters: &mut Counters,
        say: &mut impl FnMut(EventKind),
    ) {
        self.next_probe = now + PROBE_INTERVAL;
        let (tier, reason) = match self.hand_to_kernel(sockets, by_xdp) {
            Ok(()) => (Tier::Fq, None),
            Err(reason) => (Tier::Timer, Some(reason)),
        };
        counters.pacing_tier_gauge = 1 + Tier::ALL.iter().position(|&each| each == tier).unwrap_or(0) as u64;
        self.release.change(tier);
        let found = (tier, reason);
        if self.told.as_ref() != Some(&found) {
            let (tier, reason) = self.told.insert(found).clone();
            say(EventKind::Paced { tier, reason });
        }
    }

    fn hand_to_kernel<'a>(&self, sockets: impl Iterator<Item = &'a mut Tx>, by_xdp: bool) -> Result<(), String> {
        if self.is_paired {
            return Err("what the kernel has ahead cannot be called back, and the flow has other instances".to_owned());
        }
        let mut sockets: Vec<_> = sockets.collect();
        let able = match by_xdp {
            true => Err("what leaves by AF_XDP passes no queue in which the kernel could keep times".to_owned()),
            false => sockets.iter().try_for_each(|tx| can_keep(tx)),
        };
        for tx in &mut sockets {
            tx.keep_departures(able.is_ok()).map_err(|error| format!("the kernel takes no times: {error}"))?;
        }
        able
    }
}

fn can_keep(tx: &Tx) -> Result<(), String> {
    let output = tx.output();
    let index =
        tx.interface_index().ok_or_else(|| format!("the interface of {output} is not known; name it with ?iface="))?;
    let found = qdisc::disciplines(index)
        .map_err(|error| format!("the kernel does not tell its queueing disciplines: {error}"))?;
    if found.contains(KEEPER) && found.iter().all(|kind| kind == KEEPER || kind == MULTIQUEUE) {
        return Ok(());
    }
    let name = if_indextoname(index).map_or_else(|_| index.to_string(), |name| name.to_string_lossy().into_owned());
    if found.contains(NO_QUEUE) {
        return Err(format!("{name} has no queue of its own, in which the kernel could keep times"));
    }
    let found = found.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!(
        "{name} has the queueing discipline {found}, which keeps no times; tc qdisc replace dev {name} root fq would"
    ))
}
