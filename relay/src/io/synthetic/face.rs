//! What the card's clock says at a moment.

use super::h264::PICTURES_A_SECOND;

const SECONDS_A_DAY: u64 = 86_400;

/// All that changes on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Face {
    /// YYYYMMDDHHMMSS.
    digits: [u8; 14],
    /// Seconds since the epoch, as the time code has them.
    pub(super) code: u32,
    /// Number of the picture in its second, `0..25`.
    pub(super) picture: u32,
}

impl Face {
    /// What is shown `second` seconds after the epoch and `picture` pictures.
    pub(super) fn at(second: u64, picture: u32) -> Self {
        debug_assert!(picture < PICTURES_A_SECOND);
        let (year, month, day) = civil_date(second / SECONDS_A_DAY);
        let of_day = second % SECONDS_A_DAY;
        let fields = [year / 100, year, month, day, of_day / 3_600, of_day / 60 % 60, of_day % 60];
        let mut digits = [0; 14];
        for (pair, field) in digits.chunks_exact_mut(2).zip(fields) {
            pair.copy_from_slice(&[(field / 10 % 10) as u8, (field % 10) as u8]);
        }
        Self { digits, code: second as u32, picture }
    }

    /// A face that no moment has: the same digit everywhere, and any time code.
    pub(super) const fn uniform(digit: u8, code: u32) -> Self {
        Self { digits: [digit; 14], code, picture: 0 }
    }

    /// `YYYY-MM-DD`.
    pub(super) fn date(&self) -> String {
        let [a, b, c, d, e, f, g, h, ..] = self.digits;
        format!("{a}{b}{c}{d}-{e}{f}-{g}{h}")
    }

    /// `HH:MM:SS`.
    pub(super) fn clock(&self) -> String {
        let [.., a, b, c, d, e, f] = self.digits;
        format!("{a}{b}:{c}{d}:{e}{f}")
    }

    /// `:FF`.
    pub(super) fn picture_number(&self) -> String {
        format!(":{:02}", self.picture)
    }
}

/// Year, month and day of a day since 1970-01-01, by the Gregorian calendar's cycle of 400 years: years are counted from
/// March, so that the leap day is a year's last.
const fn civil_date(day: u64) -> (u64, u64, u64) {
    const DAYS_A_CYCLE: u64 = 146_097;
    const DAYS_TO_EPOCH: u64 = 719_468; // since 0000-03-01
    let days = day + DAYS_TO_EPOCH;
    let (cycle, of_cycle) = (days / DAYS_A_CYCLE, days % DAYS_A_CYCLE);
    let year = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year + 400 * cycle + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_read_as_they_should() {
        for (second, date, clock) in [
            (0, "1970-01-01", "00:00:00"),
            (951_782_399, "2000-02-28", "23:59:59"),
            (951_868_799, "2000-02-29", "23:59:59"),
            (1_763_711_999, "2025-11-21", "07:59:59"),
            (4_107_542_400, "2100-03-01", "00:00:00"),
        ] {
            let face = Face::at(second, 7);
            assert_eq!((face.date().as_str(), face.clock().as_str()), (date, clock));
            assert_eq!(face.picture_number(), ":07");
        }
    }
}
