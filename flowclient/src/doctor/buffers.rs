//! The receive buffer: what holds the datagrams while the process is kept from running.

use relay::io::udp::grantable_receive_buffer;

use super::finding::{Finding, Setting, sysctl};
use super::needs::Needs;
use crate::human;

const CHECK: &str = "receive-buffer";
/// The largest that the kernel can grant, a byte less than the largest that a flow may want.
const MOST_BYTES: usize = (i32::MAX / 2) as usize;
/// A pause that any busy host makes, and one that is a fault of its own, in milliseconds.
const USUAL_PAUSE_MILLIS: u64 = 100;
const LONGEST_PAUSE_MILLIS: u64 = 1_000;

/// What the kernel grants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buffers {
    /// Bytes granted when the wanted ones are asked for.
    granted_bytes: usize,
}

impl Buffers {
    /// Asks the kernel.
    pub(super) fn read(needs: &Needs) -> Option<Self> {
        let granted_bytes = grantable_receive_buffer(needs.buffer_bytes).ok()?;
        Some(Self { granted_bytes })
    }

    /// Whether the buffer outlasts a pause.
    pub(super) fn finding(self, needs: &Needs) -> Finding {
        let limit = Setting("net/core/rmem_max".to_owned());
        let (granted, wanted) = (self.granted_bytes, needs.buffer_bytes.min(MOST_BYTES));
        let found = format!("{} granted of {} wanted", human::bytes(granted as u64), human::bytes(wanted as u64));
        let finding = Finding::ok(CHECK, format!("SO_RCVBUF, {limit}"), found);
        if granted >= wanted {
            return finding;
        }
        let pause_millis = (granted as u64).saturating_mul(8_000) / needs.buffer_bitrate.max(1);
        let cost = format!(
            "at {} datagrams are lost when the process is kept waiting for more than {pause_millis} ms",
            human::bit_rate(needs.buffer_bitrate as f64)
        );
        let judged = match pause_millis {
            0..USUAL_PAUSE_MILLIS => finding.bad(cost),
            USUAL_PAUSE_MILLIS..LONGEST_PAUSE_MILLIS => finding.warn(cost),
            _ => finding,
        };
        judged.mended_by(sysctl(&[limit.set_to(wanted as u64)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn finding(granted_bytes: usize, buffer_bitrate: u64) -> Finding {
        let needs = Needs { buffer_bytes: 8 << 20, buffer_bitrate, ..Needs::default() };
        Buffers { granted_bytes }.finding(&needs)
    }

    #[test]
    fn a_buffer_granted_in_full_or_for_long_enough_is_ok() {
        assert_eq!(finding(8 << 20, 1_000_000_000).verdict, Verdict::Ok);
        assert_eq!(finding(4 << 20, 8_000_000).verdict, Verdict::Ok);
    }

    #[test]
    fn a_smaller_one_is_as_bad_as_the_pause_that_it_outlasts() {
        let (slow, fast) = (finding(212_992, 8_000_000), finding(212_992, 100_000_000));
        assert_eq!((slow.verdict, fast.verdict), (Verdict::Warn, Verdict::Bad));
        assert!(slow.cost.unwrap().contains("more than 212 ms"));
        assert_eq!(fast.command.unwrap(), "sysctl -w net.core.rmem_max=8388608");
    }
}
