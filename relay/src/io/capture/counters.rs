//! What was counted while a capture was read.

use super::sync::Step;

/// Counters since the start of the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transport packets in step.
    pub packets: u64,
    /// Packets with a wrong sync byte between others in step.
    pub bad_syncs: u64,
    /// How often sync was lost.
    pub sync_losses: u64,
    /// Bytes that were no packets: before the first, while sync was lost, and a last packet cut short.
    pub skipped_bytes: u64,
    /// Frames of all kinds in a capture of network traffic.
    pub frames: u64,
    /// Datagrams of the flow, whole ones only.
    pub datagrams: u64,
    /// Datagrams of the flow that were captured in part only (tcpdump's `-s`).
    pub cut_datagrams: u64,
    /// Datagrams of a flow of RTP that have no RTP header.
    pub malformed_datagrams: u64,
    /// Frames that carry a part of a fragmented datagram, of whatever flow. They are left out.
    pub fragments: u64,
    /// Frames whose stamp is before the one of the frame before them.
    pub stamps_back: u64,
    /// Bytes at the end of a capture of network traffic that are no whole frame: the capture was cut short.
    pub cut_bytes: u64,
}

impl Counters {
    /// Counts a step; packets are `stride` bytes apart.
    pub(super) fn count(&mut self, step: Step, stride: usize) {
        match step {
            Step::Run(len) => self.packets += len.div_ceil(stride) as u64,
            Step::Bad(_) => self.bad_syncs += 1,
            Step::Lost => self.sync_losses += 1,
            Step::Skip(len) => self.skipped_bytes += len as u64,
            Step::Found | Step::More => {}
        }
    }
}
