//! The kernel's clock discipline.

use std::io;

use libc::{c_int, timex};

/// Bit of the status (`linux/timex.h`).
const STA_UNSYNC: c_int = 0x40;

/// Whether somebody keeps UTC in step (NTP, PTP), and how far off it is at most, in microseconds (adjtimex(2)).
///
/// # Errors
/// When the kernel refuses, which a sandbox may make it do.
pub(crate) fn discipline() -> io::Result<(bool, u64)> {
    // SAFETY: `timex` is made of integers, for which zeros will do; with no modes set the call changes nothing.
    let mut state: timex = unsafe { std::mem::zeroed() };
    // SAFETY: `state` is writable and as large as the kernel expects for the time of the call.
    let result = unsafe { libc::adjtimex(&mut state) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((state.status & STA_UNSYNC == 0, u64::try_from(state.maxerror).unwrap_or_default()))
}
