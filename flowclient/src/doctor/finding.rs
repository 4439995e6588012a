//! What a check found, what that costs, and what mends it.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// How good a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// A flow does not work, or loses datagrams.
    Bad,
    /// It works, but dearer or with less in reserve than it could.
    Warn,
    /// As it should be.
    Ok,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Ok => "ok",
        })
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Finding {
    /// Name of the check: one of a set that only grows.
    pub(super) check: &'static str,
    /// The interface, group or flow that it is about, if it is not the machine.
    pub(super) subject: Option<String>,
    /// How good that is.
    pub(super) verdict: Verdict,
    /// The file, option or question to the kernel that tells.
    pub(super) looked_at: String,
    /// The value, in words.
    pub(super) found: String,
    /// What it costs the channel: datagrams, latency, CPU.
    pub(super) cost: Option<String>,
    /// What mends it, as root and in the network namespace of the flows.
    pub(super) command: Option<String>,
    /// What to do where no command helps.
    pub(super) advice: Option<String>,
}

impl Finding {
    /// That all is well.
    pub(super) fn ok(check: &'static str, looked_at: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            check,
            subject: None,
            verdict: Verdict::Ok,
            looked_at: looked_at.into(),
            found: found.into(),
            cost: None,
            command: None,
            advice: None,
        }
    }

    /// It is about `subject`.
    pub(super) fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// It could be better.
    pub(super) fn warn(self, cost: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, cost: Some(cost.into()), ..self }
    }

    /// It must be better.
    pub(super) fn bad(self, cost: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, cost: Some(cost.into()), ..self }
    }

    /// This command mends it.
    pub(super) fn mended_by(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }

    /// No command mends it, but this would help.
    pub(super) fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// A setting of the kernel below /proc/sys, as `net/core/rmem_max`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting(pub(super) String);

impl Setting {
    /// A setting `name` of the interface (or `all`), for `ipv4` or `ipv6`.
    pub(super) fn of_interface(family: &str, interface: &str, name: &str) -> Self {
        Self(format!("net/{family}/conf/{interface}/{name}"))
    }

    /// Its file.
    pub(super) fn path(&self) -> String {
        format!("/proc/sys/{}", self.0)
    }

    /// Its value, if it is there and a number.
    pub(super) fn read(&self) -> Option<u64> {
        std::fs::read_to_string(self.path()).ok()?.trim().parse().ok()
    }

    /// As an argument of sysctl(8) that sets it.
    pub(super) fn set_to(&self, value: u64) -> String {
        format!("{self}={value}")
    }
}

/// As sysctl(8) takes it: with slashes where a dot would be one of an interface's name.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains('.') { self.0.fmt(f) } else { self.0.replace('/', ".").fmt(f) }
    }
}

/// A count of something, in words: `1 flow`, `2 flows`.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Names of what there is, and then of what is missing: `a, b, no c`.
pub(super) fn present_and_missing(names: &[(&str, bool)]) -> String {
    let present = names.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| (*name).to_owned());
    let missing = names.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| format!("no {name}"));
    present.chain(missing).collect::<Vec<_>>().join(", ")
}

/// The command that gives all these settings their values.
pub(super) fn sysctl(assignments: &[String]) -> String {
    format!("sysctl -w {}", assignments.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_as_sysctl_takes_them() {
        let setting = |interface| Setting::of_interface("ipv4", interface, "rp_filter");
        assert_eq!(setting("in0").set_to(2), "net.ipv4.conf.in0.rp_filter=2");
        assert_eq!(setting("in0.7").set_to(2), "net/ipv4/conf/in0.7/rp_filter=2");
        assert_eq!(sysctl(&[setting("a").set_to(0)]), "sysctl -w net.ipv4.conf.a.rp_filter=0");
    }

    #[test]
    fn the_worst_comes_first() {
        assert!(Verdict::Bad < Verdict::Warn && Verdict::Warn < Verdict::Ok);
    }
}
