//! What became of a numbered stream on its way.

use std::collections::HashSet;

/// How what came differs from what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Never came.
    pub lost: usize,
    /// Came for the first time after one with a higher number.
    pub out_of_order: usize,
    /// Came again.
    pub duplicates: usize,
}

impl Order {
    /// Compares `came` with all numbers below `sent`.
    pub fn of(came: &[u32], sent: u32) -> Self {
        let (mut seen, mut order, mut next) = (HashSet::new(), Self::default(), 0);
        for &number in came {
            if !seen.insert(number) {
                order.duplicates += 1;
            } else if number < next {
                order.out_of_order += 1;
            } else {
                next = number + 1;
            }
        }
        order.lost = (0..sent).filter(|number| !seen.contains(number)).count();
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_is_counted_apart() {
        assert_eq!(Order::of(&[0, 1, 2, 3], 4), Order::default());
        let order = Order::of(&[0, 2, 1, 2, 3, 3, 6], 7);
        assert_eq!(order, Order { lost: 2, out_of_order: 1, duplicates: 2 });
    }
}
