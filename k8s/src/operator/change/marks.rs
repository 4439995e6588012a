//! Counters of instances between two moments.

use crate::crd::Mark;
use crate::operator::report::FlowReport;
use crate::operator::standing::Standing;

/// What an instance counted since a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// It is not known: it was not heard, or was not there.
    Unknown,
    /// Its counters are less than they were: it was started again.
    Restarted,
    /// So much.
    Counted(Counted),
}

/// What an instance counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// Datagrams that were on air, too.
    pub(super) equal: i64,
    /// Datagrams of which that is not so.
    pub(super) different: i64,
    /// Errors of the first and second priority.
    pub(super) errors: i64,
    /// Transport packets lost.
    pub(super) lost: i64,
}

/// The counters of all instances that are heard, and those before of the others.
pub(super) fn renewed<'a>(before: &[Mark], standings: impl Iterator<Item = &'a Standing>) -> Vec<Mark> {
    let old = |pod: &str| before.iter().find(|mark| mark.pod == pod).cloned();
    let of = |standing: &Standing| match &standing.heard {
        Some(heard) => Some(mark(&standing.pod.name, &heard.flow)),
        None => old(&standing.pod.name),
    };
    standings.filter_map(of).collect()
}

fn mark(pod: &str, flow: &FlowReport) -> Mark {
    let shadow = flow.pair.as_ref().map(|pair| pair.shadow).unwrap_or_default();
    Mark {
        pod: pod.to_owned(),
        equal: number(shadow.equal),
        different: number(shadow.only_on_air.saturating_add(shadow.only_here)),
        errors: number(flow.errors()),
        lost: number(flow.lost()),
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What `standing` counted since `marks`.
pub(super) fn since(marks: &[Mark], standing: &Standing) -> Since {
    let before = marks.iter().find(|mark| mark.pod == standing.pod.name);
    let now = standing.heard.as_ref().map(|heard| mark(&standing.pod.name, &heard.flow));
    let (Some(before), Some(now)) = (before, now) else { return Since::Unknown };
    let counted = Counted {
        equal: now.equal - before.equal,
        different: now.different - before.different,
        errors: now.errors - before.errors,
        lost: now.lost - before.lost,
    };
    let is_less = [counted.equal, counted.different, counted.errors, counted.lost].into_iter().any(|count| count < 0);
    if is_less { Since::Restarted } else { Since::Counted(counted) }
}

impl Since {
    /// What was counted, if that is known.
    pub(super) const fn counted(self) -> Option<Counted> {
        match self {
            Self::Counted(counted) => Some(counted),
            Self::Unknown | Self::Restarted => None,
        }
    }
}
