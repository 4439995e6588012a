//! Units of time: monotonic and UTC nanoseconds, and the 27 MHz clock of MPEG systems.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Step of the times that are no matter of a datagram.
const COARSE_STEP_NANOS: u64 = 10_000_000;

/// A point of the monotonic clock, in nanoseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A point of UTC, in nanoseconds since 1970-01-01T00:00:00Z (POSIX: leap seconds are not counted).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utc(pub u64);

macro_rules! instant_arithmetic {
    ($instant:ty) => {
        impl $instant {
            /// How long after `earlier` this point lies; zero if it lies before.
            pub const fn since(self, earlier: Self) -> Duration {
                Duration::from_nanos(self.0.saturating_sub(earlier.0))
            }
        }

        impl Add<Duration> for $instant {
            type Output = Self;
            fn add(self, span: Duration) -> Self {
                Self(self.0.saturating_add(nanos(span)))
            }
        }

        impl Sub<Duration> for $instant {
            type Output = Self;
            fn sub(self, span: Duration) -> Self {
                Self(self.0.saturating_sub(nanos(span)))
            }
        }
    };
}

impl Time {
    /// This time, if nothing but looking round is to be done then, put off to the next of those that all flows have in common, at
    /// most 10 ms: a thread wakes once for all of them.
    #[must_use]
    pub const fn coarse(self) -> Self {
        match self.0.checked_next_multiple_of(COARSE_STEP_NANOS) {
            Some(nanos) => Self(nanos),
            None => self,
        }
    }
}

instant_arithmetic!(Time);
instant_arithmetic!(Utc);

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// On the monotonic clock.
    pub mono: Time,
    /// In UTC.
    pub utc: Utc,
}

impl Moment {
    /// A UTC of the past or future on the monotonic clock, as the clocks stand at this moment.
    pub fn mono_at(self, utc: Utc) -> Time {
        if utc > self.utc { self.mono + utc.since(self.utc) } else { self.mono - self.utc.since(utc) }
    }

    /// A monotonic time of the past or future in UTC, as the clocks stand at this moment.
    pub fn utc_at(self, mono: Time) -> Utc {
        if mono > self.mono { self.utc + mono.since(self.mono) } else { self.utc - self.mono.since(mono) }
    }
}

/// A value of the 27 MHz system time clock, 0 .. 2^33 * 300 (ISO/IEC 13818-1, 2.4.2.2); it wraps every 26.5 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ticks27(u64);

impl Ticks27 {
    /// Ticks in a second.
    pub const HZ: u64 = 27_000_000;
    /// The value at which the clock starts again at zero.
    pub const MODULUS: u64 = (1 << 33) * 300;

    /// The clock's value after `ticks`, wrapped into its range.
    pub const fn wrapping(ticks: u64) -> Self {
        Self(ticks % Self::MODULUS)
    }

    /// The value as a number, `0..MODULUS`.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This value moved on by `ticks`, wrapped.
    #[must_use]
    pub const fn plus(self, ticks: u64) -> Self {
        Self::wrapping(self.0 + ticks % Self::MODULUS)
    }

    /// The shortest way from `earlier` to this value, in ticks: negative when this value is the earlier one.
    pub const fn signed_since(self, earlier: Self) -> i64 {
        let forward = (self.0 + Self::MODULUS - earlier.0) % Self::MODULUS;
        if forward <= Self::MODULUS / 2 { forward as i64 } else { forward as i64 - Self::MODULUS as i64 }
    }
}

/// Ticks of 27 MHz as nanoseconds, rounded down.
pub const fn ticks_to_nanos(ticks: u64) -> u64 {
    (ticks as u128 * 1_000 / 27) as u64
}

/// Nanoseconds as ticks of 27 MHz, rounded down.
pub const fn nanos_to_ticks(nanos: u64) -> u64 {
    (nanos as u128 * 27 / 1_000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_crosses_the_wrap() {
        let before = Ticks27::wrapping(Ticks27::MODULUS - 5);
        let after = before.plus(12);
        assert_eq!(after.get(), 7);
        assert_eq!(after.signed_since(before), 12);
        assert_eq!(before.signed_since(after), -12);
    }

    #[test]
    fn ticks_and_nanoseconds_agree_on_a_second() {
        assert_eq!(ticks_to_nanos(Ticks27::HZ), 1_000_000_000);
        assert_eq!(nanos_to_ticks(1_000_000_000), Ticks27::HZ);
    }

    #[test]
    fn an_earlier_point_is_not_after_a_later_one() {
        assert_eq!(Time(5).since(Time(9)), Duration::ZERO);
        assert_eq!(Utc(9).since(Utc(5)), Duration::from_nanos(4));
    }
}
