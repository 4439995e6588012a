//! Numbers and times as people say them.

use std::time::Duration;

/// `8.0 Mb/s`.
pub fn bit_rate(bits_per_second: f64) -> String {
    let units = [("Gb/s", 1e9), ("Mb/s", 1e6), ("kb/s", 1e3)];
    let unit = units.into_iter().find(|(_, size)| bits_per_second >= *size);
    unit.map_or_else(
        || format!("{bits_per_second:.0} b/s"),
        |(name, size)| format!("{:.1} {name}", bits_per_second / size),
    )
}

/// `3d 4h`, `2h 5m`, `5m 7s`, `7s`: the two greatest units that count.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

/// `850 us`, `1.3 ms`, `2.0 s`.
pub fn latency(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// `12.3 MiB`.
pub fn memory(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_two_greatest_units() {
        let told = [0, 59, 60, 307, 7_500, 273_600].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(told, ["0s", "59s", "1m 0s", "5m 7s", "2h 5m", "3d 4h"]);
    }

    #[test]
    fn numbers_have_their_units() {
        assert_eq!([0.0, 64e3, 8.04e6].map(bit_rate), ["0 b/s", "64.0 kb/s", "8.0 Mb/s"]);
        assert_eq!([0.00085, 0.0013, 2.0].map(latency), ["850 us", "1.3 ms", "2.0 s"]);
        assert_eq!(memory(12_897_484.8), "12.3 MiB");
    }
}
