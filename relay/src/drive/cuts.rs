//! A flow's stream, cut where another instance cuts it.

use crate::flow::Flow;
use crate::mem::Pool;
use crate::pair::recut::Recut;

/// Cuts the stream as the other does, if the datagram at `place` of the queue, which is new, shows where that is; so many were
/// `equal` on both.
pub(super) fn follow_made(recut: &mut Recut, equal: u64, place: usize, pool: &Pool, flow: &mut Flow) {
    let Some((datagram, spans)) = flow.queue().get(place) else { return };
    let cut = recut.made(datagram.first_packet, spans.map(|span| pool.bytes(span)), equal);
    cut.into_iter().for_each(|packet| flow.cut_before(packet));
}

/// The same by the `payload` of a datagram that was heard of the other.
pub(super) fn follow_heard(recut: &mut Recut, equal: u64, payload: &[u8], flow: &mut Flow) {
    let cut = recut.heard(payload, equal);
    cut.into_iter().for_each(|packet| flow.cut_before(packet));
}
