//! Seeds of the calls' random numbers: one secret key per start of the server, one count per call, so that the log holds
//! a byte or two per call and every seed can be told from it.

/// Gives one seed after another (splitmix64, two lanes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seeds {
    /// Whoever starts the server draws it.
    pub(crate) key: u128,
    /// Seeds given out since the key is in use.
    pub(crate) count: u64,
    /// Whether no record has named the key yet.
    pub(crate) is_new: bool,
}

impl Seeds {
    /// Begins with a key that nobody can guess.
    pub fn new(key: u128) -> Self {
        Self { key, count: 0, is_new: true }
    }

    /// Counts one more call; its number.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// The seed of the call of this number.
    #[inline]
    pub fn seed(&self, draw: u64) -> u128 {
        let lane = |state: u64| mix(state.wrapping_add(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        (u128::from(lane((self.key >> 64) as u64)) << 64) | u128::from(lane(self.key as u64))
    }
}

#[inline]
fn mix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_splitmix64() {
        // The published test vector of splitmix64 for the state 1234567.
        let mut seeds = Seeds::new(1_234_567);
        let expected = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        let drawn = expected.map(|_| {
            let draw = seeds.draw();
            seeds.seed(draw) as u64
        });
        assert_eq!(drawn, expected);
    }
}
