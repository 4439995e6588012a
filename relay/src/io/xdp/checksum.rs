//! The Internet checksum (RFC 1071).

/// The sum of big-endian 16-bit words, an odd last byte followed by zero; not complemented.
#[inline]
pub(super) fn sum(bytes: &[u8]) -> u64 {
    // Sums of 32-bit words in the machine's order are congruent to those of 16 bits, and their bytes swap as one.
    let (words, rest) = bytes.as_chunks::<4>();
    let native: u64 = words.iter().map(|&word| u64::from(u32::from_ne_bytes(word))).sum();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    u64::from(u16::from_be(fold(native + u64::from(u32::from_ne_bytes(last)))))
}

/// Folds the carries of a sum back into 16 bits.
#[inline]
pub(super) const fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
