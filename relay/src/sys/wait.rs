//! Waiting for descriptors until a time that is finer than a millisecond.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use libc::{c_int, c_long, epoll_event, timespec};

/// Ready descriptors taken a wait.
const EVENTS: usize = 64;

/// What `epoll_pwait2` fills in, kept between calls.
pub(crate) struct Waiter {
    ready: Vec<epoll_event>,
    /// Whether the kernel (5.11) has `epoll_pwait2`, and lets us use it. Otherwise waits end at whole milliseconds.
    precise: bool,
}

impl Default for Waiter {
    fn default() -> Self {
        Self { ready: Vec::with_capacity(EVENTS), precise: true }
    }
}

impl Waiter {
    /// Waits until a descriptor that `epoll` watches is ready, for `timeout` at most, for ever without one. A wait that was
    /// interrupted is a short one.
    pub(crate) fn wait(&mut self, epoll: BorrowedFd, timeout: Option<Duration>) {
        self.ready.clear();
        let mut filled =
            if self.precise { self.wait_precisely(epoll, timeout) } else { self.wait_roughly(epoll, timeout) };
        if filled < 0 && self.precise && refuses_call(&io::Error::last_os_error()) {
            self.precise = false;
            filled = self.wait_roughly(epoll, timeout);
        }
        // SAFETY: the kernel has filled in that many events, of the capacity that it was given.
        unsafe { self.ready.set_len(usize::try_from(filled).unwrap_or(0)) };
    }

    /// What was ready in the last wait, by the number that it was watched with.
    pub(crate) fn ready(&self) -> impl Iterator<Item = u64> + '_ {
        self.ready.iter().map(|event| event.u64)
    }

    fn wait_precisely(&mut self, epoll: BorrowedFd, timeout: Option<Duration>) -> c_long {
        let timeout = timeout.map(|timeout| timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: there is room for `EVENTS` events, and `timeout` is null or lives until the call returns; without a
        // signal mask its length is not looked at.
        unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                epoll.as_raw_fd(),
                self.ready.as_mut_ptr(),
                EVENTS as c_int,
                timeout,
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        }
    }

    fn wait_roughly(&mut self, epoll: BorrowedFd, timeout: Option<Duration>) -> c_long {
        let millis =
            timeout.map_or(-1, |timeout| c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX));
        // SAFETY: there is room for `EVENTS` events.
        unsafe { libc::epoll_wait(epoll.as_raw_fd(), self.ready.as_mut_ptr(), EVENTS as c_int, millis) }.into()
    }
}

/// Kernels without the call answer ENOSYS, and filters of system calls that do not know it EPERM.
fn refuses_call(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{EventfdFlags, epoll, eventfd};
    use std::os::fd::AsFd;

    #[test]
    fn what_is_ready_is_told_by_its_number_however_it_is_waited_for() {
        let watched = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let ready = eventfd(1, EventfdFlags::CLOEXEC).unwrap();
        epoll::add(&watched, &ready, epoll::EventData::new_u64(77), epoll::EventFlags::IN).unwrap();
        for precise in [true, false] {
            let mut waiter = Waiter { precise, ..Waiter::default() };
            waiter.wait(watched.as_fd(), None);
            assert_eq!(waiter.ready().collect::<Vec<_>>(), [77]);
        }
    }

    #[test]
    fn without_anything_ready_the_wait_ends_by_itself() {
        let watched = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        for precise in [true, false] {
            let mut waiter = Waiter { precise, ..Waiter::default() };
            waiter.wait(watched.as_fd(), Some(Duration::from_micros(10)));
            assert_eq!(waiter.ready().count(), 0);
        }
    }
}
