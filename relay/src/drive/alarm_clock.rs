//! Wakes a thread that waits, at its next deadline.
//!
//! A time-out of the wait itself would be armed and disarmed with each datagram. To a virtual machine each of that is an exit to
//! its host, several microseconds: more than it takes to send the datagram on. This one stays armed until it rings.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};

use crate::time::Time;

pub(super) struct AlarmClock {
    timer: OwnedFd,
    /// When it rings, unless that was heard.
    armed: Option<Time>,
}

impl AlarmClock {
    pub(super) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        Ok(Self { timer, armed: None })
    }

    /// Makes sure that it rings by `deadline`, which lies ahead; it may ring before, too.
    pub(super) fn set(&mut self, deadline: Time) {
        if self.armed.is_some_and(|armed| armed <= deadline) {
            return;
        }
        let (seconds, nanos) = (deadline.0 / 1_000_000_000, deadline.0 % 1_000_000_000);
        let at = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: seconds.cast_signed(), tv_nsec: nanos.cast_signed() },
        };
        // No time that is one can be refused.
        if timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &at).is_ok() {
            self.armed = Some(deadline);
        }
    }

    /// It has rung.
    pub(super) const fn heard(&mut self) {
        self.armed = None;
    }
}

impl AsFd for AlarmClock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
