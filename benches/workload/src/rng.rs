//! The generator: splitmix64, one for every row, so that rows can be made in any order.

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

const fn finish(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The first output of a splitmix64 whose state is `x`.
pub const fn mix(x: u64) -> u64 {
    finish(x.wrapping_add(GAMMA))
}

/// A splitmix64.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The generator with this state.
    pub const fn new(state: u64) -> Self {
        Self { state }
    }

    /// The generator of row `index` of a stream.
    pub const fn at(seed: u64, stream: u64, index: u64) -> Self {
        Self::new(mix(mix(seed.wrapping_add(stream.wrapping_mul(GAMMA))).wrapping_add(index)))
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        finish(self.state)
    }

    /// A number below `n`; `n` must not be 0, whose answer is 0.
    pub const fn below(&mut self, n: u64) -> u64 {
        ((self.next_u64() as u128 * n as u128) >> 64) as u64
    }
}
