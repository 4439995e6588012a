//! PCR accuracy (TR 101 290, 2.4; ISO/IEC 13818-1, 2.4.2.2): how far each PCR is from where its place in the stream puts it.
//!
//! In a stream of constant rate, PCRs lie on a straight line over packet numbers. The line is fitted to those of a window
//! that agree with each other; the distance of each from it is its error. Where the rate is not constant there is
//! no such line, and nothing is said; nor where the line goes on beside itself, as it does when packets were lost that
//! no counter tells of (null packets).

use crate::time::Ticks27;

/// PCRs in a window: more than a second of them, at the usual 40 ms.
const WINDOW: usize = 32;
/// PCRs of a window that the next one begins with.
const OVERLAP: usize = 2;
/// Part of its value by which an interval's rate may differ from the median and still count as the same: far above what
/// a bad PCR of a few microseconds makes, far below what a change of rate is.
const SAME_RATE: f64 = 0.005;
/// How far a PCR may be from the first line to take part in the second, in ticks: 20 us.
const INLIER_TICKS: f64 = 540.0;

/// A PCR and the number of its packet in the stream, both counted from the window's first.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    packets: f64,
    ticks: f64,
}

/// Collects the PCRs of one PID, each with the number of its packet in the stream.
#[derive(Debug)]
pub(super) struct AccuracyWindow {
    clocks: [(u64, Ticks27); WINDOW],
    len: usize,
}

impl Default for AccuracyWindow {
    fn default() -> Self {
        Self { clocks: [(0, Ticks27::default()); WINDOW], len: 0 }
    }
}

/// Errors of the PCRs of one window, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accuracy {
    errors_nanos: [i64; WINDOW],
}

impl Accuracy {
    /// The error of each PCR, in order. The first and the last are left out: whether they are wrong or the line ends
    /// there is seen in the windows before and after.
    pub(super) fn errors_nanos(&self) -> &[i64] {
        &self.errors_nanos[1..WINDOW - 1]
    }

    /// The largest error, either way.
    pub(super) fn worst_nanos(&self) -> u64 {
        self.errors_nanos().iter().map(|error| error.unsigned_abs()).max().unwrap_or(0)
    }
}

impl AccuracyWindow {
    /// Forgets all: packets are missing, or the clock has jumped.
    pub(super) fn restart(&mut self) {
        self.len = 0;
    }

    /// Takes the PCR of packet number `packet`. Gives the errors when the window is full, if the rate was constant.
    pub(super) fn push(&mut self, packet: u64, pcr: Ticks27) -> Option<Accuracy> {
        self.clocks[self.len] = (packet, pcr);
        self.len += 1;
        if self.len < WINDOW {
            return None;
        }
        let accuracy = evaluate(&self.points());
        self.clocks.copy_within(WINDOW - OVERLAP.., 0);
        self.len = OVERLAP;
        accuracy
    }

    fn points(&self) -> [Point; WINDOW] {
        let (first, start) = self.clocks[0];
        self.clocks.map(|(packet, pcr)| Point {
            packets: packet.saturating_sub(first) as f64,
            ticks: pcr.signed_since(start) as f64,
        })
    }
}

fn evaluate(points: &[Point; WINDOW]) -> Option<Accuracy> {
    let rate = common_rate(points)?;
    let offsets = points.map(|point| point.ticks - rate * point.packets);
    let common = median(offsets);
    let is_near = |offset: f64| (offset - common).abs() <= INLIER_TICKS;
    let goes_on_beside =
        |pair: &[f64]| !is_near(pair[0]) && !is_near(pair[1]) && (pair[0] - pair[1]).abs() <= INLIER_TICKS;
    if offsets.windows(2).any(goes_on_beside) {
        return None;
    }
    let near = points.iter().zip(offsets).filter(|&(_, offset)| is_near(offset));
    let line = Line::through(near.map(|(point, _)| point))?;
    let error = |point: Point| ((point.ticks - line.at(point.packets)) * 1_000.0 / 27.0).round() as i64;
    Some(Accuracy { errors_nanos: points.map(error) })
}

/// Ticks a packet in most of the intervals; `None` when they differ.
fn common_rate(points: &[Point; WINDOW]) -> Option<f64> {
    let mut rates = [0.0; WINDOW - 1];
    for (rate, pair) in rates.iter_mut().zip(points.windows(2)) {
        *rate = (pair[1].ticks - pair[0].ticks) / (pair[1].packets - pair[0].packets).max(1.0);
    }
    let common = median(rates);
    let other = rates.iter().filter(|rate| (*rate - common).abs() > common.abs() * SAME_RATE).count();
    (common > 0.0 && other * 4 <= rates.len()).then_some(common)
}

/// A line fitted by least squares.
struct Line {
    slope: f64,
    offset: f64,
}

impl Line {
    fn through<'a>(points: impl Iterator<Item = &'a Point> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        let mean = |value: fn(&Point) -> f64| points.clone().map(value).sum::<f64>() / count;
        let (packets, ticks) = (mean(|point| point.packets), mean(|point| point.ticks));
        let spread: f64 = points.clone().map(|point| (point.packets - packets).powi(2)).sum();
        let joint: f64 = points.map(|point| (point.packets - packets) * (point.ticks - ticks)).sum();
        let slope = joint / spread;
        slope.is_finite().then_some(Self { slope, offset: ticks - slope * packets })
    }

    fn at(&self, packets: f64) -> f64 {
        self.offset + self.slope * packets
    }
}

fn median<const N: usize>(mut values: [f64; N]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[N / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The errors of 100 PCRs at 8 Mb/s, a PCR every 200 packets or so, each moved by so many ticks.
    fn errors(moved: impl Fn(usize) -> i64, interval: impl Fn(usize) -> u64) -> Vec<i64> {
        let mut window = AccuracyWindow::default();
        let (mut packet, mut errors) = (1_000, Vec::new());
        for n in 0..100 {
            packet += interval(n);
            let ticks = (packet * 5_076).cast_signed() + moved(n);
            let accuracy = window.push(packet, Ticks27::wrapping(ticks.cast_unsigned()));
            errors.extend(accuracy.iter().flat_map(Accuracy::errors_nanos));
        }
        errors
    }

    #[test]
    fn exact_pcrs_have_no_error_and_each_is_judged_once() {
        let judged = 3 * (WINDOW - OVERLAP);
        assert_eq!(errors(|_| 0, |_| 200), vec![0; judged]);
        assert_eq!(errors(|_| 0, |n| 150 + (n as u64 * 37) % 100), vec![0; judged]);
    }

    #[test]
    fn one_bad_pcr_is_one_error_wherever_it_is() {
        for bad in 0..60 {
            for ticks in [27, -54, 2_700, 270_000] {
                let errors = errors(|n| if n == bad { ticks } else { 0 }, |_| 200);
                let wrong: Vec<_> = (1..).zip(&errors).filter(|(_, error)| error.abs() > 500).map(|(n, _)| n).collect();
                let expected: &[usize] = if bad == 0 { &[] } else { &[bad] };
                assert_eq!(wrong, expected, "{ticks} ticks");
            }
        }
    }

    #[test]
    fn where_packets_were_lost_unseen_there_is_no_error() {
        for lost_at in 1..80 {
            let errors = errors(|n| if n >= lost_at { 7 * 5_076 } else { 0 }, |_| 200);
            assert!(errors.len() >= WINDOW - OVERLAP && errors.iter().all(|error| error.abs() < 500), "{lost_at}");
        }
    }

    #[test]
    fn a_rate_that_changes_all_the_time_is_not_judged() {
        let mut window = AccuracyWindow::default();
        let pushed =
            (0..WINDOW as u64).map(|n| window.push(n * 100 + n * n * 3 % 70, Ticks27::wrapping(n * 1_080_000)));
        assert!(pushed.last().unwrap().is_none());
    }

    proptest! {
        #[test]
        fn any_values_do(points in proptest::collection::vec((any::<u64>(), any::<u64>()), 100)) {
            let mut window = AccuracyWindow::default();
            for (packet, ticks) in points {
                window.push(packet, Ticks27::wrapping(ticks));
            }
        }
    }
}
