//! Known losses that gaps seen later are to be explained by.

/// A number that is worth something in this interval and the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Credit {
    before: u64,
    now: u64,
}

impl Credit {
    /// Adds to this interval's.
    pub(super) fn add(&mut self, amount: u64) {
        self.now += amount;
    }

    /// Spends what there is, the older first, up to `wanted`. Returns what it does not cover.
    pub(super) fn spend(&mut self, wanted: u64) -> u64 {
        let old = wanted.min(self.before);
        let new = (wanted - old).min(self.now);
        (self.before, self.now) = (self.before - old, self.now - new);
        wanted - old - new
    }

    /// Ends the interval.
    pub(super) fn age(&mut self) {
        *self = Self { before: self.now, now: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_lasts_to_the_end_of_the_next_interval() {
        let mut credit = Credit::default();
        credit.add(10);
        assert_eq!(credit.spend(4), 0);
        credit.age();
        credit.add(1);
        assert_eq!(credit.spend(8), 1);
        credit.add(5);
        credit.age();
        credit.age();
        assert_eq!(credit.spend(5), 5);
    }
}
