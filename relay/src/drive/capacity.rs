//! How much a thread can hold.

use std::{fs, io};

use crate::mem::{FRAME_LEN, Pool};

/// Bytes in a slot: the longest run that the kernel joins (64 KiB), behind the rest of a packet from the one before.
const SLOT_LEN: usize = 65_536 + 1_024;
/// Slots a thread at least: 140 MB of address space, of which only what is used becomes memory.
const LEAST_SLOTS: u64 = 2_048;
/// Slots a thread at most: 1,700 channels of 8 Mb/s, each held back for 100 ms.
const MOST_SLOTS: u64 = 131_072;
/// Frames a thread, for AF_XDP. They become memory with the first interface.
const FRAMES: u32 = 16_384;
/// Bytes of memory that each interface used by AF_XDP locks: those of a thread's frames.
pub const XDP_LOCKED_BYTES: usize = FRAMES as usize * FRAME_LEN;
/// Part of the host's memory that a thread reserves addresses for.
const SHARE: u64 = 4;

/// A thread's pool, as large as the host lets it be: paced channels wait in it, one datagram a slot.
///
/// # Errors
/// When the kernel has no huge pages, and they are wanted.
pub(super) fn pool(huge_pages: bool) -> io::Result<Pool> {
    let slots = slots(rustix::system::sysinfo().totalram, commits_what_is_reserved());
    let pool = Pool::with_frames(slots as u32, SLOT_LEN, FRAMES);
    if huge_pages {
        pool.prefer_huge_pages()?;
    }
    Ok(pool)
}

fn slots(memory_bytes: u64, commits: bool) -> u64 {
    if commits {
        return LEAST_SLOTS;
    }
    (memory_bytes / SHARE / SLOT_LEN as u64).clamp(LEAST_SLOTS, MOST_SLOTS)
}

/// Whether the kernel counts reserved memory as used (proc_sys_vm(5): overcommit_memory).
fn commits_what_is_reserved() -> bool {
    fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| mode.trim() == "2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_host_holds_more_within_limits() {
        const GIB: u64 = 1 << 30;
        assert_eq!(slots(GIB / 4, false), LEAST_SLOTS);
        assert!((4_000..5_000).contains(&slots(GIB + GIB / 8, false)));
        assert_eq!(slots(1_000 * GIB, false), MOST_SLOTS);
        assert_eq!(slots(1_000 * GIB, true), LEAST_SLOTS);
    }
}
