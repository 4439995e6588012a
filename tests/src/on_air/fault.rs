//! What is done to a flow in a cluster.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What is done, and undone afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Nothing: what the channel, the instances and this machine do by themselves.
    Nothing,
    /// `kubectl drain` of the node on air.
    Drain,
    /// The node on air loses its power.
    PowerOff,
    /// The cable of the node on air is pulled.
    CutLink,
    /// Kubelet and containerd of the node on air are killed. The instance lives on.
    KillRuntime,
    /// The machine with etcd, API server, scheduler and controller manager loses its power.
    StopControlPlane,
    /// The operator is killed.
    KillOperator,
}

impl Fault {
    /// All, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Drain,
        Self::PowerOff,
        Self::CutLink,
        Self::KillRuntime,
        Self::StopControlPlane,
        Self::KillOperator,
    ];

    /// What it is, and what its undoing is, in the table.
    pub const fn titles(self) -> [&'static str; 2] {
        match self {
            Self::Nothing => ["nothing done", "nothing undone"],
            Self::Drain => ["`kubectl drain`", "uncordoned"],
            Self::PowerOff => ["power off", "power on"],
            Self::CutLink => ["cable pulled", "cable put back"],
            Self::KillRuntime => ["kubelet and containerd killed", "both started"],
            Self::StopControlPlane => ["control plane off", "control plane on"],
            Self::KillOperator => ["operator killed", "operator started"],
        }
    }

    /// Whether Kubernetes gives up the node on air because of it, and makes another instance elsewhere.
    pub(super) const fn costs_the_node(self) -> bool {
        matches!(self, Self::Drain | Self::PowerOff | Self::CutLink | Self::KillRuntime)
    }
}
