//! Bits written most significant first, with the codes of H.264 (ITU-T H.264, 9.1).

/// Appends bits to bytes.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits not yet in `bytes`, the last written lowest.
    pending: u64,
    pending_len: u32,
}

impl BitWriter {
    /// Starts again, keeping the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.pending, self.pending_len) = (0, 0);
    }

    /// Writes the low `len` bits of `value`, u(n); `len` is at most 32.
    pub(super) fn put(&mut self, value: u32, len: u32) {
        self.pending = self.pending << len | u64::from(value);
        self.pending_len += len;
        while self.pending_len >= 8 {
            self.pending_len -= 8;
            self.bytes.push((self.pending >> self.pending_len) as u8);
        }
    }

    /// Writes one bit.
    pub(super) fn flag(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }

    /// Writes an unsigned Exp-Golomb code, ue(v); `value` is below 2^16.
    pub(super) fn ue(&mut self, value: u32) {
        let len = (value + 1).ilog2();
        self.put(value + 1, 2 * len + 1);
    }

    /// Writes a signed Exp-Golomb code, se(v): 0, 1, -1, 2, -2 ...
    pub(super) fn se(&mut self, value: i32) {
        self.ue(if value > 0 { 2 * value.unsigned_abs() - 1 } else { 2 * value.unsigned_abs() });
    }

    /// Writes zeros up to the next whole byte.
    pub(super) fn align(&mut self) {
        if self.pending_len > 0 {
            self.put(0, 8 - self.pending_len);
        }
    }

    /// The whole bytes written so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_table_9_2_and_9_3() {
        let mut bits = BitWriter::default();
        for value in 0..4 {
            bits.ue(value); // 1 010 011 00100
        }
        bits.se(-1); // 011
        bits.flag(true);
        bits.align();
        assert_eq!(bits.bytes(), [0b1010_0110, 0b0100_0111]);
    }

    #[test]
    fn thirty_two_bits_fit_behind_seven() {
        let mut bits = BitWriter::default();
        bits.put(0x7F, 7);
        bits.put(0x8000_0001, 32);
        bits.align();
        assert_eq!(bits.bytes(), [0xFF, 0, 0, 0, 0b10]);
    }
}
