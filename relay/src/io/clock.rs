//! The clock of this host.

use std::io;
use std::time::Duration;

use crate::sys;

/// How UTC is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discipline {
    /// Whether somebody keeps it in step (NTP, PTP).
    pub is_synchronised: bool,
    /// How far off it is at most, as far as the kernel knows.
    pub most_error: Duration,
}

/// How UTC is kept on this host, now.
///
/// # Errors
/// When the kernel refuses to tell, which a sandbox may make it do.
pub fn discipline() -> io::Result<Discipline> {
    let (is_synchronised, micros) = sys::discipline()?;
    Ok(Discipline { is_synchronised, most_error: Duration::from_micros(micros) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_and_changes_nothing() {
        let (first, second) = (discipline().unwrap(), discipline().unwrap());
        assert_eq!(first.is_synchronised, second.is_synchronised);
    }
}
