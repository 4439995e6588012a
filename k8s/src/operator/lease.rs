//! Who leads, of several operators: the one whose name is in a lease.
//!
//! A lease that is not renewed for its whole time is free. That time is measured by the clock of whoever waits, from when it first saw the
//! lease as it is: clocks of nodes that do not agree make nobody lead too early. A lease is only ever replaced as it was read, so that of two
//! who take it one is refused.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, PostParams};
use kube::{Client, Error};

/// How long a lease is good for that is not renewed.
pub const LEASE_TIME: Duration = Duration::from_secs(15);
/// How often it is renewed, or looked at by those who wait.
pub const RENEW_INTERVAL: Duration = Duration::from_secs(3);
/// Who cannot renew it for so long no longer leads: well before another may.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Name of the lease.
pub const NAME: &str = "flow-operator";

/// What one who takes part in the election knows.
#[derive(Clone, Debug)]
pub struct Candidate {
    name: String,
    /// The lease of another as it was last seen, and since when it has been as it is.
    seen: Option<(LeaseSpec, Instant)>,
    renewed: Option<Instant>,
}

/// What a candidate is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bid {
    /// Write its name into the lease.
    Take,
    /// Another leads.
    Wait,
}

impl Candidate {
    /// A candidate who leads nobody; no other may have the same name.
    pub const fn new(name: String) -> Self {
        Self { name, seen: None, renewed: None }
    }

    /// Whether it leads.
    pub fn leads(&self, now: Instant) -> bool {
        self.renewed.is_some_and(|renewed| now.duration_since(renewed) < RENEW_DEADLINE)
    }

    /// What to do, the lease being as it is.
    pub fn bid(&mut self, lease: Option<&LeaseSpec>, now: Instant) -> Bid {
        let Some(lease) = lease else { return Bid::Take };
        match lease.holder_identity.as_deref() {
            None | Some("") => return Bid::Take,
            Some(holder) if holder == self.name => return Bid::Take,
            Some(_) => self.renewed = None,
        }
        match &self.seen {
            Some((seen, since)) if seen == lease => {
                if now.duration_since(*since) >= LEASE_TIME {
                    Bid::Take
                } else {
                    Bid::Wait
                }
            }
            _ => {
                self.seen = Some((lease.clone(), now));
                Bid::Wait
            }
        }
    }

    /// Its name is in the lease, which it asked for at `asked`.
    pub fn took(&mut self, asked: Instant) {
        (self.seen, self.renewed) = (None, Some(asked));
    }

    fn spec(&self, before: Option<&LeaseSpec>, now: Timestamp) -> LeaseSpec {
        let own_before = before.filter(|before| before.holder_identity.as_deref() == Some(&self.name));
        let changes = before.and_then(|before| before.lease_transitions).unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.name.clone()),
            lease_duration_seconds: i32::try_from(LEASE_TIME.as_secs()).ok(),
            acquire_time: own_before.map_or(Some(MicroTime(now)), |before| before.acquire_time.clone()),
            renew_time: Some(MicroTime(now)),
            lease_transitions: Some(if own_before.is_some() { changes } else { changes + 1 }),
            ..LeaseSpec::default()
        }
    }
}

/// The lease in the cluster.
#[derive(Clone)]
pub struct Leases(Api<Lease>);

impl Leases {
    /// In `namespace`.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self(Api::namespaced(client, namespace))
    }

    /// Takes or renews the lease if that is `candidate`'s to do.
    ///
    /// # Errors
    /// When the API server does not answer, or another was quicker.
    pub async fn attend(&self, candidate: &mut Candidate) -> Result<(), Error> {
        let asked = Instant::now();
        let lease = self.0.get_opt(NAME).await?;
        let before = lease.as_ref().and_then(|lease| lease.spec.as_ref());
        if candidate.bid(before, asked) == Bid::Wait {
            return Ok(());
        }
        let spec = Some(candidate.spec(before, Timestamp::now()));
        match lease {
            None => {
                let metadata = ObjectMeta { name: Some(NAME.to_owned()), ..ObjectMeta::default() };
                self.0.create(&PostParams::default(), &Lease { metadata, spec }).await?;
            }
            Some(lease) => {
                self.0.replace(NAME, &PostParams::default(), &Lease { spec, ..lease }).await?;
            }
        }
        candidate.took(asked);
        Ok(())
    }

    /// Gives the lease back, so that another need not wait until it ends.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn give_back(&self, candidate: &Candidate) -> Result<(), Error> {
        let Some(mut lease) = self.0.get_opt(NAME).await? else { return Ok(()) };
        let own = |spec: &&mut LeaseSpec| spec.holder_identity.as_deref() == Some(&candidate.name);
        let Some(spec) = lease.spec.as_mut().filter(own) else { return Ok(()) };
        spec.holder_identity = Some(String::new());
        self.0.replace(NAME, &PostParams::default(), &lease).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, renewed: i64) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            renew_time: Some(MicroTime(Timestamp::from_second(renewed).unwrap())),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_is_taken_when_it_was_not_renewed_for_its_time_by_the_clock_of_who_waits() {
        let (mut candidate, start) = (Candidate::new("b".to_owned()), Instant::now());
        // A clock that is a year behind makes no difference.
        assert_eq!(candidate.bid(Some(&lease("a", 0)), start), Bid::Wait);
        assert_eq!(candidate.bid(Some(&lease("a", 0)), start + LEASE_TIME / 2), Bid::Wait);
        assert_eq!(candidate.bid(Some(&lease("a", 1)), start + LEASE_TIME), Bid::Wait);
        assert_eq!(candidate.bid(Some(&lease("a", 1)), start + LEASE_TIME * 2), Bid::Take);
    }

    #[test]
    fn a_lease_of_nobody_is_taken_at_once() {
        let mut candidate = Candidate::new("b".to_owned());
        assert_eq!(candidate.bid(None, Instant::now()), Bid::Take);
        assert_eq!(candidate.bid(Some(&lease("", 0)), Instant::now()), Bid::Take);
    }

    #[test]
    fn who_cannot_renew_stops_leading_before_another_may_begin() {
        let (mut candidate, start) = (Candidate::new("a".to_owned()), Instant::now());
        assert!(!candidate.leads(start));
        candidate.took(start);
        assert!(candidate.leads(start + RENEW_INTERVAL));
        assert_eq!(candidate.bid(Some(&lease("a", 0)), start), Bid::Take);
        assert!(!candidate.leads(start + RENEW_DEADLINE) && RENEW_DEADLINE < LEASE_TIME);
    }

    #[test]
    fn who_sees_another_in_the_lease_no_longer_leads() {
        let (mut candidate, start) = (Candidate::new("a".to_owned()), Instant::now());
        candidate.took(start);
        assert_eq!(candidate.bid(Some(&lease("b", 0)), start), Bid::Wait);
        assert!(!candidate.leads(start));
    }
}
