//! Numbers that follow from a seed, so that a run can be repeated (splitmix64).

use std::ops::Range;

/// A sequence of numbers; the same seed gives the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Seed(u64);

impl Seed {
    /// The sequence of a seed, for one of its uses.
    pub(crate) fn new(seed: u64, of: u64) -> Self {
        let mut numbers = Self(seed ^ of.wrapping_mul(0xd1b5_4a32_d192_ed03));
        numbers.next();
        numbers
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from the range, which is not empty.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// True once in `of` times.
    pub(crate) fn once_in(&mut self, of: u64) -> bool {
        self.within(0..of) == 0
    }
}
