//! The two clocks of this host.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::time::{Moment, Time, Utc};

/// Now, on both.
pub(super) fn now() -> Moment {
    Moment { mono: mono(), utc: Utc(nanos(clock_gettime(ClockId::Realtime))) }
}

/// Now, on the monotonic one.
pub(super) fn mono() -> Time {
    Time(nanos(clock_gettime(ClockId::Monotonic)))
}

fn nanos(spec: Timespec) -> u64 {
    spec.tv_sec.cast_unsigned() * 1_000_000_000 + spec.tv_nsec.cast_unsigned()
}
