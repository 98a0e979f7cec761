//! Seeds for the random numbers of calls: unguessable at the start, cheap per call.

/// Gives one seed after another (splitmix64, two lanes with unrelated random states).
pub struct Seeds {
    states: [u64; 2],
}

impl Seeds {
    /// Begins with randomness of the system's.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { states: [getrandom::u64()?, getrandom::u64()?] })
    }

    /// The next seed.
    pub fn next_seed(&mut self) -> u128 {
        let [high, low] = &mut self.states;
        (u128::from(split_mix(high)) << 64) | u128::from(split_mix(low))
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_splitmix64() {
        // The published test vector of splitmix64 for the state 1234567.
        let mut state = 1_234_567;
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_| split_mix(&mut state)), expected);
    }
}
