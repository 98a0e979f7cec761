//! Testing items against a disc, as many at a time as the processor can.

#![expect(
    clippy::indexing_slicing,
    reason = "places within arrays that have room for whole lanes behind their end"
)]

use std::ops::Range;

use super::{Disc, Found};

/// The most items that are tested at a time. What is scanned has room for so many behind its end.
pub(super) const LANES_MAX: usize = 8;

/// Positions and keys of items, in their order.
#[derive(Clone, Copy)]
pub(super) struct Items<'a> {
    pub places: [&'a [f64]; 3],
    pub keys: &'a [u64],
}

/// What items are tested for.
#[derive(Clone, Copy)]
pub(super) struct Test {
    pub disc: Disc,
    /// Squares of the radii.
    pub inner: f64,
    pub outer: f64,
}

/// Instructions that test several items at a time.
pub(super) trait Lanes: Copy {
    const COUNT: usize;

    /// The items from `at` on: those within the inner radius, and those within the outer one; a bit each.
    fn test<const DEEP: bool, const KEYED: bool>(
        self,
        items: Items<'_>,
        at: usize,
        test: &Test,
    ) -> (u32, u32);

    /// Writes `first` plus the number of each bit to the front of `out`.
    fn put(self, bits: u32, first: u32, out: &mut [u32]);
}

/// Tests the items of lines with the widest instructions of this processor.
pub(super) fn find<const DEEP: bool, const KEYED: bool>(
    items: Items<'_>,
    lines: &[Range<usize>],
    test: &Test,
    found: &mut Found,
) {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(Search::<_, DEEP, KEYED> { lanes: simd, items, lines, test, found });
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(Search::<_, DEEP, KEYED> { lanes: simd, items, lines, test, found });
        }
    }
    lines.iter().for_each(|line| scan::<_, DEEP, KEYED>(One, items, line.clone(), test, found));
}

/// What is compiled anew for each width, down to the last call: a closure would not be.
#[cfg(target_arch = "x86_64")]
struct Search<'a, L, const DEEP: bool, const KEYED: bool> {
    lanes: L,
    items: Items<'a>,
    lines: &'a [Range<usize>],
    test: &'a Test,
    found: &'a mut Found,
}

#[cfg(target_arch = "x86_64")]
impl<L: Lanes, const DEEP: bool, const KEYED: bool> pulp::NullaryFnOnce for Search<'_, L, DEEP, KEYED> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for line in self.lines {
            scan::<_, DEEP, KEYED>(self.lanes, self.items, line.clone(), self.test, self.found);
        }
    }
}

/// Tests the items of a line.
#[inline(always)]
fn scan<L: Lanes, const DEEP: bool, const KEYED: bool>(
    lanes: L,
    items: Items<'_>,
    line: Range<usize>,
    test: &Test,
    found: &mut Found,
) {
    let (mut inside, mut between) = (found.inside_count, found.between_count);
    let mut at = line.start;
    while at < line.end {
        let (inner, outer) = lanes.test::<DEEP, KEYED>(items, at, test);
        let valid = match line.end - at {
            rest if rest < L::COUNT => (1 << rest) - 1,
            _ => u32::MAX,
        };
        // Written always, kept when it fits: no branch to mispredict.
        let (inner, ring) = (inner & valid, outer & !inner & valid);
        lanes.put(inner, at as u32, &mut found.inside[inside..]);
        lanes.put(ring, at as u32, &mut found.between[between..]);
        inside += inner.count_ones() as usize;
        between += ring.count_ones() as usize;
        at += L::COUNT;
    }
    (found.inside_count, found.between_count) = (inside, between);
}

/// One item at a time: any processor.
#[derive(Clone, Copy)]
pub(super) struct One;

impl Lanes for One {
    const COUNT: usize = 1;

    #[inline(always)]
    fn test<const DEEP: bool, const KEYED: bool>(
        self,
        items: Items<'_>,
        at: usize,
        test: &Test,
    ) -> (u32, u32) {
        let apart = |axis: usize| items.places[axis][at] - test.disc.centre[axis];
        let (x, y) = (apart(0), apart(1));
        let mut square = x * x + y * y;
        if DEEP {
            square += apart(2) * apart(2);
        }
        let has_key = !KEYED || items.keys[at] == test.disc.key;
        (u32::from(square <= test.inner && has_key), u32::from(square <= test.outer && has_key))
    }

    #[inline(always)]
    fn put(self, _: u32, first: u32, out: &mut [u32]) {
        out[0] = first;
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::{__m256d, __m256i, __m512d, __m512i, _CMP_LE_OQ};

    use pulp::cast;
    use pulp::x86::{V3, V4};

    use super::{Items, Lanes, Test};

    /// The numbers of the bits of each mask of four, in front.
    const NUMBERS: [[u32; 4]; 16] = {
        let mut numbers = [[0; 4]; 16];
        let mut mask = 0;
        while mask < 16 {
            let (mut lane, mut count) = (0, 0);
            while lane < 4 {
                if mask >> lane & 1 == 1 {
                    numbers[mask][count] = lane as u32;
                    count += 1;
                }
                lane += 1;
            }
            mask += 1;
        }
        numbers
    };

    /// Four doubles: AVX2.
    impl Lanes for V3 {
        const COUNT: usize = 4;

        #[inline(always)]
        fn test<const DEEP: bool, const KEYED: bool>(
            self,
            items: Items<'_>,
            at: usize,
            test: &Test,
        ) -> (u32, u32) {
            let (x, y) = (apart_by_four(self, items, at, test, 0), apart_by_four(self, items, at, test, 1));
            let mut square = self.fma._mm256_fmadd_pd(x, x, self.avx._mm256_mul_pd(y, y));
            if DEEP {
                let z = apart_by_four(self, items, at, test, 2);
                square = self.fma._mm256_fmadd_pd(z, z, square);
            }
            let inner = self.avx._mm256_cmp_pd::<_CMP_LE_OQ>(square, self.avx._mm256_set1_pd(test.inner));
            let outer = self.avx._mm256_cmp_pd::<_CMP_LE_OQ>(square, self.avx._mm256_set1_pd(test.outer));
            let inner = self.avx._mm256_movemask_pd(inner) as u32;
            let outer = self.avx._mm256_movemask_pd(outer) as u32;
            let keyed = match KEYED {
                false => u32::MAX,
                true => {
                    let keys: __m256i = cast(*chunk::<4, u64>(items.keys, at));
                    let wanted = self.avx._mm256_set1_epi64x(test.disc.key as i64);
                    let same: __m256d = cast(self.avx2._mm256_cmpeq_epi64(keys, wanted));
                    self.avx._mm256_movemask_pd(same) as u32
                }
            };
            (inner & keyed, outer & keyed)
        }

        #[inline(always)]
        fn put(self, bits: u32, first: u32, out: &mut [u32]) {
            let [one, two, three, four] = NUMBERS[bits as usize & 15];
            out[..4].copy_from_slice(&[first + one, first + two, first + three, first + four]);
        }
    }

    /// Eight doubles: AVX-512.
    impl Lanes for V4 {
        const COUNT: usize = 8;

        #[inline(always)]
        fn test<const DEEP: bool, const KEYED: bool>(
            self,
            items: Items<'_>,
            at: usize,
            test: &Test,
        ) -> (u32, u32) {
            let (x, y) = (apart_by_eight(self, items, at, test, 0), apart_by_eight(self, items, at, test, 1));
            let mut square = self.avx512f._mm512_fmadd_pd(x, x, self.avx512f._mm512_mul_pd(y, y));
            if DEEP {
                let z = apart_by_eight(self, items, at, test, 2);
                square = self.avx512f._mm512_fmadd_pd(z, z, square);
            }
            let (inner, outer) =
                (self.avx512f._mm512_set1_pd(test.inner), self.avx512f._mm512_set1_pd(test.outer));
            let inner = u32::from(self.avx512f._mm512_cmp_pd_mask::<_CMP_LE_OQ>(square, inner));
            let outer = u32::from(self.avx512f._mm512_cmp_pd_mask::<_CMP_LE_OQ>(square, outer));
            let keyed = match KEYED {
                false => u32::MAX,
                true => {
                    let keys: __m512i = cast(*chunk::<8, u64>(items.keys, at));
                    let wanted = self.avx512f._mm512_set1_epi64(test.disc.key as i64);
                    u32::from(self.avx512f._mm512_cmpeq_epi64_mask(keys, wanted))
                }
            };
            (inner & keyed, outer & keyed)
        }

        #[inline(always)]
        fn put(self, bits: u32, first: u32, out: &mut [u32]) {
            let numbers: __m256i = cast([0_u32, 1, 2, 3, 4, 5, 6, 7]);
            let numbers = self.avx2._mm256_add_epi32(numbers, self.avx._mm256_set1_epi32(first as i32));
            let front: [u32; 8] = cast(self.avx512f._mm256_maskz_compress_epi32(bits as u8, numbers));
            out[..8].copy_from_slice(&front);
        }
    }

    #[inline(always)]
    fn apart_by_four(simd: V3, items: Items<'_>, at: usize, test: &Test, axis: usize) -> __m256d {
        let places = *chunk::<4, f64>(items.places[axis], at);
        simd.avx._mm256_sub_pd(cast(places), simd.avx._mm256_set1_pd(test.disc.centre[axis]))
    }

    #[inline(always)]
    fn apart_by_eight(simd: V4, items: Items<'_>, at: usize, test: &Test, axis: usize) -> __m512d {
        let places = *chunk::<8, f64>(items.places[axis], at);
        simd.avx512f._mm512_sub_pd(cast(places), simd.avx512f._mm512_set1_pd(test.disc.centre[axis]))
    }

    #[inline(always)]
    fn chunk<const N: usize, T>(items: &[T], at: usize) -> &[T; N] {
        match items[at..].first_chunk() {
            Some(chunk) => chunk,
            None => unreachable!("there is room for whole lanes behind the last item"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<L: Lanes>(lanes: L, items: Items<'_>, line: Range<usize>, test: &Test) -> [Vec<u32>; 2] {
        let mut found = Found::default();
        found.begin(line.len());
        scan::<L, true, true>(lanes, items, line, test, &mut found);
        [found.inside().to_vec(), found.between().to_vec()]
    }

    fn place() -> impl Strategy<Value = f64> {
        prop_oneof![
            20 => -40.0..40.0_f64,
            1 => prop::sample::select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX][..]),
        ]
    }

    proptest! {
        /// Whole numbers, whose squares are exact: all widths say the same, at the border too.
        #[test]
        fn all_widths_find_the_same(
            places in prop::collection::vec([place(), place(), place()], 0..60),
            keys in prop::collection::vec(0..3_u64, 60 + LANES_MAX),
            cut in 0.0..1.0_f64,
            radii in [-5..40_i32, 1..40_i32],
        ) {
            let count = places.len();
            let axis = |axis: usize| -> Vec<f64> {
                let whole = places.iter().map(|place: &[f64; 3]| place[axis].round());
                whole.chain([0.0; LANES_MAX]).collect()
            };
            let [x, y, z] = [axis(0), axis(1), axis(2)];
            let items = Items { places: [&x, &y, &z], keys: &keys };
            let [inner, outer] = radii.map(f64::from);
            let disc = Disc { centre: [1.0, -2.0, 3.0], key: 1, radius: outer };
            let inner = inner.min(outer);
            let test = Test { disc, inner: inner * inner.abs(), outer: outer * outer };
            let line = (cut * count as f64) as usize..count;
            let expected = found(One, items, line.clone(), &test);
            let naive = line.clone().filter(|&at| {
                let square = [0, 1, 2].map(|axis: usize| (items.places[axis][at] - disc.centre[axis]).powi(2));
                square.iter().sum::<f64>() <= test.outer && keys[at] == 1
            });
            let mut all: Vec<usize> = expected.iter().flatten().map(|&at| at as usize).collect();
            all.sort_unstable();
            prop_assert_eq!(all, naive.collect::<Vec<_>>());
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    prop_assert_eq!(&found(simd, items, line.clone(), &test), &expected);
                }
                if let Some(simd) = pulp::x86::V4::try_new() {
                    prop_assert_eq!(&found(simd, items, line, &test), &expected);
                }
            }
        }
    }
}
