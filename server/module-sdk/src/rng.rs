//! Random numbers that a replay draws again: xoshiro256++ seeded by the call. Not for secrets.

use std::cell::Cell;
use std::ops::{Range, RangeInclusive};

/// A source of random numbers, seeded by the call.
#[derive(Debug)]
pub struct Rng {
    state: Cell<[u64; 4]>,
}

/// A number that can be drawn evenly from a range.
pub trait Uniform: Sized {
    /// A number from `low` up to, not including, `high`; `low` if the range is empty.
    fn draw(rng: &Rng, low: Self, high: Self) -> Self;
}

impl Rng {
    /// The same seed gives the same numbers.
    pub fn new(seed: u128) -> Self {
        let mut mix = (seed as u64) ^ ((seed >> 64) as u64).rotate_left(32);
        // SplitMix64 spreads the seed over the state; the four words are never all zero.
        let state = std::array::from_fn(|_| {
            mix = mix.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let word = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        });
        Self { state: Cell::new(state) }
    }

    /// 64 random bits.
    pub fn next_u64(&self) -> u64 {
        let [a, b, c, d] = self.state.get();
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state.set([a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)]);
        result
    }

    /// 32 random bits.
    pub fn next_u32(&self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A number from 0 up to, not including, 1.
    pub fn next_f32(&self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// A number from 0 up to, not including, 1.
    pub fn next_f64(&self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number of the range; its start if the range is empty.
    pub fn range<T: Uniform>(&self, range: Range<T>) -> T {
        T::draw(self, range.start, range.end)
    }

    /// Like a die: one of `sides`, from the first to the last.
    pub fn roll(&self, sides: RangeInclusive<u32>) -> u32 {
        let (low, high) = sides.into_inner();
        u64::draw(self, low.into(), u64::from(high) + 1) as u32
    }

    /// True with this probability.
    pub fn chance(&self, probability: f32) -> bool {
        self.next_f32() < probability
    }

    /// One of the items; none if there are none.
    pub fn pick<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        items.get(usize::draw(self, 0, items.len()))
    }
}

macro_rules! uniform_integers {
    ($($int:ty as $unsigned:ty),*) => {$(
        impl Uniform for $int {
            fn draw(rng: &Rng, low: Self, high: Self) -> Self {
                if high <= low {
                    return low;
                }
                let span = high.wrapping_sub(low) as $unsigned as u64;
                // The upper half of a 128-bit product: even but for a bias below span / 2^64.
                let offset = (u128::from(rng.next_u64()) * u128::from(span)) >> 64;
                low.wrapping_add(offset as $int)
            }
        }
    )*};
}

uniform_integers! { i8 as u8, i16 as u16, i32 as u32, i64 as u64, u8 as u8, u16 as u16, u32 as u32, u64 as u64, usize as usize }

macro_rules! uniform_floats {
    ($($float:ty: $part:ident),*) => {$(
        impl Uniform for $float {
            fn draw(rng: &Rng, low: Self, high: Self) -> Self {
                // Drawn also from an empty range, so that what is drawn next does not depend on the bounds.
                let drawn = low + (high - low).max(0.0) * rng.$part();
                match drawn < high {
                    true => drawn,
                    // The sum was rounded up to the end.
                    false if low < high => high.next_down(),
                    false => low,
                }
            }
        }
    )*};
}

uniform_floats! { f32: next_f32, f64: next_f64 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_range_and_repeat_with_the_seed() {
        let (rng, twin) = (Rng::new(42), Rng::new(42));
        for _ in 0..1_000 {
            let drawn = rng.range(-5i32..7);
            assert!((-5..7).contains(&drawn));
            assert_eq!(drawn, twin.range(-5i32..7));
            assert!((0.0..1.0).contains(&rng.next_f32()));
            assert!((0.0..1.0).contains(&twin.next_f32()));
        }
        assert_eq!(rng.range(3u8..3), 3);
        assert_eq!(rng.pick::<u8>(&[]), None);
        assert_ne!(Rng::new(1).next_u64(), Rng::new(1 << 64).next_u64());
        let extremes = rng.range(i64::MIN..i64::MAX);
        assert!(extremes < i64::MAX);
    }

    #[test]
    fn the_end_of_a_range_of_floats_is_never_drawn() {
        let rng = Rng::new(1);
        for _ in 0..1_000 {
            assert_eq!(rng.range(1.0f32..1.0f32.next_up()), 1.0);
            assert_eq!(rng.range(1.0f64..1.0f64.next_up()), 1.0);
            assert!((1e8..1e8 + 16.0).contains(&rng.range(1e8f32..1e8 + 16.0)));
            assert!(rng.range(f64::MIN..f64::MAX) < f64::MAX);
        }
        assert_eq!(rng.range(3.0f32..3.0), 3.0);
        assert_eq!(rng.range(3.0f64..2.0), 3.0);
    }

    #[test]
    fn every_side_of_a_die_comes_up_evenly() {
        let rng = Rng::new(7);
        let mut counts = [0; 6];
        for _ in 0..6_000 {
            counts[rng.roll(1..=6) as usize - 1] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }
}
