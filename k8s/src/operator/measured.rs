//! What is measured on air, as a status tells it: seldom, and only when it has changed.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::report::FlowReport;
use crate::crd::Measured;

/// How often a measurement that changes all the time is written.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// A change of the bitrate by less than one part in so many is none.
const PARTS: i64 = 10;

/// What to tell, `before` having been told before.
pub fn measured(before: Option<&Measured>, on_air: Option<&FlowReport>, now: Timestamp) -> Option<Measured> {
    let Some(report) = on_air else { return before.cloned() };
    let bits = report.output.bits_per_second.round() as i64;
    let errors = i64::try_from(report.stream.continuity_errors).unwrap_or(i64::MAX);
    let fresh =
        || Measured { bitrate: for_people(bits), bits_per_second: bits, continuity_errors: errors, at: Time(now) };
    let Some(before) = before else { return Some(fresh()) };
    let began_or_ended = (before.bits_per_second == 0) != (bits == 0);
    let has_changed = errors != before.continuity_errors || differs(before.bits_per_second, bits);
    let is_due = now.duration_since(before.at.0) >= LEAST_INTERVAL.try_into().unwrap_or_default();
    Some(if began_or_ended || (has_changed && is_due) { fresh() } else { before.clone() })
}

/// Whether two bitrates are not about the same.
pub fn differs(one: i64, other: i64) -> bool {
    (one - other).abs() * PARTS > one.max(other)
}

/// `8.0 Mb/s`.
fn for_people(bits: i64) -> String {
    let bits = bits as f64;
    let units = [("Gb/s", 1e9), ("Mb/s", 1e6), ("kb/s", 1e3)];
    let unit = units.into_iter().find(|(_, size)| bits >= *size);
    unit.map_or_else(|| format!("{bits} b/s"), |(name, size)| format!("{:.1} {name}", bits / size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(bits: f64, errors: u64) -> FlowReport {
        serde_json::from_value(json!({
            "name": "a", "state": "on air", "on_air": true, "ready": true,
            "stream": {"continuity_errors": errors}, "output": {"bits_per_second": bits},
        }))
        .unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_bitrate_is_told_as_people_say_it() {
        assert_eq!(
            [0, 999, 64_000, 8_012_345, 1_000_000_000].map(for_people),
            ["0 b/s", "999 b/s", "64.0 kb/s", "8.0 Mb/s", "1.0 Gb/s"]
        );
    }

    #[test]
    fn what_changes_little_is_not_told_and_what_changes_much_not_often() {
        let first = measured(None, Some(&report(8e6, 0)), at(0)).unwrap();
        let later = |bits, errors, seconds| measured(Some(&first), Some(&report(bits, errors)), at(seconds)).unwrap();
        assert_eq!(later(8.5e6, 0, 600), first);
        assert_eq!(later(4e6, 0, 59), first);
        assert_eq!(later(4e6, 0, 60).bits_per_second, 4_000_000);
        assert_eq!(later(8e6, 3, 60).continuity_errors, 3);
        assert_eq!(later(0.0, 0, 1).bits_per_second, 0);
        assert_eq!(measured(Some(&first), None, at(600)), Some(first));
    }
}
