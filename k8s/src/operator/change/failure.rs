//! Why a change is taken back, in sentences for people.

use thiserror::Error;

/// Why a change is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Failure {
    /// The flow was changed again.
    #[error("the flow was changed again before it had proved itself")]
    Superseded,
    /// It ends as soon as it is started.
    #[error("{0}")]
    Crashing(String),
    /// An instance was started again while it proved itself.
    #[error("{0} ended and was started again; kubectl logs --previous says why")]
    Restarted(String),
    /// It is not ready in time.
    #[error("its instances were not all ready after {seconds} s: {why}")]
    NotReady {
        /// How long it had.
        seconds: u64,
        /// What hindered it.
        why: String,
    },
    /// It makes other datagrams.
    #[error("what {pod} makes is not what is on air: {different} datagrams differ after {equal} equal ones")]
    Differs {
        /// Who.
        pod: String,
        /// How many were not the same.
        different: i64,
        /// How many were.
        equal: i64,
    },
    /// Nobody took the air.
    #[error("the air was not handed over within {seconds} s")]
    NotHandedOver {
        /// How long it had.
        seconds: u64,
    },
    /// It was on air, and is no longer.
    #[error("it went off air again by itself, and an instance of before is on")]
    LostAir,
    /// More errors than the others see.
    #[error("{errors} errors of TR 101 290 priority 1 and 2 on air, where the instances of before count {others}")]
    Errors {
        /// On air.
        errors: i64,
        /// Counted by those of before.
        others: i64,
    },
    /// More loss than the others see.
    #[error("{lost} packets lost on air, where the instances of before lost {others}")]
    Loss {
        /// On air.
        lost: i64,
        /// Lost by those of before.
        others: i64,
    },
}

impl Failure {
    /// The same in one word.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Superseded => "Superseded",
            Self::Crashing(_) => "Crashing",
            Self::Restarted(_) => "Restarted",
            Self::NotReady { .. } => "NotReady",
            Self::Differs { .. } => "Differs",
            Self::NotHandedOver { .. } => "NotHandedOver",
            Self::LostAir => "LostAir",
            Self::Errors { .. } => "Errors",
            Self::Loss { .. } => "Loss",
        }
    }
}
