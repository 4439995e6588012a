//! When each packet of a round is sent.

use super::clock::{Clock, Point};
use super::plan::Plan;

/// The moments of a round's packets: straight lines between the PCRs, and over the seam one from the last PCR to the
/// first of the next round. Takes 16 bytes a PCR: an hour with 25 PCR a second takes 1.4 MB.
pub(super) struct Timeline {
    points: Vec<Point>,
}

impl Timeline {
    /// The timeline of `plan`; its first packet is at 0, the first of the next round at `plan.ticks`.
    pub(super) fn new(clock: Clock, plan: Plan) -> Self {
        let seam = plan.seam(&clock);
        let mut points = clock.into_points();
        let lead_ticks = points.first().map_or(0, |first| seam.ticks_for(first.packet));
        points.iter_mut().for_each(|point| point.ticks += lead_ticks);
        if points.first().is_some_and(|first| first.packet > 0) {
            points.insert(0, Point { packet: 0, ticks: 0 });
        }
        points.push(Point { packet: plan.slots, ticks: plan.ticks });
        points.shrink_to_fit();
        Self { points }
    }

    /// The number of the first of `steps` equal steps of `packets_a_step` that starts at or after `ticks`; `steps` if
    /// none does.
    pub(super) fn step_at(&self, ticks: u64, packets_a_step: u64, steps: u64) -> u64 {
        let (mut low, mut high) = (0, steps);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ticks_at(middle * packets_a_step) < ticks {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// When packet number `slot` is sent, in ticks of 27 MHz from the start of the round.
    pub(super) fn ticks_at(&self, slot: u64) -> u64 {
        let after = self.points.partition_point(|point| point.packet <= slot);
        match (self.points[..after].last(), self.points.get(after)) {
            (Some(from), Some(to)) => {
                let way = u128::from(slot - from.packet) * u128::from(to.ticks - from.ticks);
                from.ticks + (way / u128::from(to.packet - from.packet)) as u64
            }
            (Some(end), None) => end.ticks,
            (None, _) => 0,
        }
    }
}
