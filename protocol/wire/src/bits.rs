//! Bits in bytes, the lowest first, and numbers in as few of them as they are small.

use crate::error::WireError;

/// Bits of a number of 64 at most.
const WORD: u32 = u64::BITS;

/// Appends bits to bytes.
#[derive(Debug)]
pub struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    word: u64,
    count: u32,
}

/// Reads bits.
#[derive(Debug, Clone)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl<'a> BitWriter<'a> {
    /// Begins at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, word: 0, count: 0 }
    }

    /// Appends the lowest `count` bits, at most 64; the others are 0.
    #[inline]
    pub fn put(&mut self, bits: u64, count: u32) {
        debug_assert!(count <= WORD && (count == WORD || bits >> count == 0), "bits beyond their count");
        self.word |= bits << self.count;
        let sum = self.count + count;
        if sum < WORD {
            self.count = sum;
            return;
        }
        self.out.extend_from_slice(&self.word.to_le_bytes());
        // What did not fit; a shift by all bits leaves none.
        self.word = bits.checked_shr(WORD - self.count).unwrap_or(0);
        self.count = sum - WORD;
    }

    /// Appends bits that another writer made: `count` of them, in as many whole words as they take.
    #[inline]
    pub fn append(&mut self, words: &[u8], count: u32) {
        let mut rest = count;
        for word in words.as_chunks::<8>().0 {
            let taken = rest.min(WORD);
            if taken == 0 {
                break;
            }
            self.put(u64::from_le_bytes(*word) & (u64::MAX >> (WORD - taken)), taken);
            rest -= taken;
        }
    }

    /// A number of which small ones are frequent: 0 takes one bit, 1 and 2 three, 3 to 6 five.
    #[inline]
    pub(crate) fn put_small(&mut self, value: u64) {
        let next = value.saturating_add(1);
        let length = next.ilog2();
        self.put((1 << length) - 1, length + 1);
        self.put(next & ((1 << length) - 1), length);
    }

    /// Ends with 0 bits up to a whole byte; returns how many bits were written since the last end.
    pub fn end_byte(self) {
        let bytes = self.word.to_le_bytes();
        self.out.extend_from_slice(bytes.get(..self.count.div_ceil(8) as usize).unwrap_or_default());
    }

    /// Ends with 0 bits up to a whole word, for [`BitWriter::append`].
    pub fn end_word(self) {
        if self.count > 0 {
            self.out.extend_from_slice(&self.word.to_le_bytes());
        }
    }
}

impl<'a> BitReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn truncated(&self) -> WireError {
        WireError::Motion { at: self.at / 8, problem: "it ends inside a row" }
    }

    /// The next bits, up to 56 of them; zeros follow the end.
    #[inline]
    fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(word) => u64::from_le_bytes(*word),
            None => {
                let mut word = [0; 8];
                word.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
                u64::from_le_bytes(word)
            }
        };
        word >> (self.at % 8)
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Result<(), WireError> {
        let at = self.at + count as usize;
        if at > 8 * self.bytes.len() {
            return Err(self.truncated());
        }
        self.at = at;
        Ok(())
    }

    /// A number of `count` bits, at most 56.
    #[inline]
    pub fn take(&mut self, count: u32) -> Result<u64, WireError> {
        debug_assert!(count <= 56, "more bits than are looked at");
        let value = self.peek() & ((1 << count) - 1);
        self.skip(count)?;
        Ok(value)
    }

    /// How many 1 bits come before a 0, which is taken too unless there are `most` of them.
    #[inline]
    pub fn ones(&mut self, most: u32) -> Result<u32, WireError> {
        let ones = self.peek().trailing_ones().min(most);
        self.skip(if ones < most { ones + 1 } else { ones })?;
        Ok(ones)
    }

    #[inline]
    pub fn take_small(&mut self) -> Result<u64, WireError> {
        const LENGTH_MAX: u32 = 40;
        let length = self.ones(LENGTH_MAX)?;
        if length == LENGTH_MAX {
            return Err(WireError::Motion { at: self.at / 8, problem: "a number is too large" });
        }
        Ok((1 << length | self.take(length)?) - 1)
    }

    /// The byte behind the last bit that was taken; the bits before it must be 0.
    pub fn end_byte(&self) -> Result<usize, WireError> {
        let rest = (8 - self.at % 8) % 8;
        if self.peek() & ((1 << rest) - 1) != 0 {
            return Err(WireError::Motion { at: self.at / 8, problem: "bits behind the last row are not 0" });
        }
        Ok(self.at.div_ceil(8))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_come_back(parts in proptest::collection::vec((any::<u64>(), 0..=56_u32), 0..40)) {
            let parts: Vec<_> = parts.into_iter().map(|(bits, count)| (bits & ((1 << count) - 1), count)).collect();
            let (mut direct, mut words) = (Vec::new(), Vec::new());
            let mut writer = BitWriter::new(&mut direct);
            parts.iter().for_each(|&(bits, count)| writer.put(bits, count));
            writer.end_byte();
            let mut writer = BitWriter::new(&mut words);
            parts.iter().for_each(|&(bits, count)| writer.put(bits, count));
            writer.end_word();
            let mut copied = Vec::new();
            let mut writer = BitWriter::new(&mut copied);
            writer.put(5, 3);
            writer.append(&words, parts.iter().map(|(_, count)| count).sum());
            writer.end_byte();
            for (bytes, first) in [(&direct, 0), (&copied, 3)] {
                let mut reader = BitReader::new(bytes);
                prop_assert_eq!(reader.take(first).unwrap(), if first == 3 { 5 } else { 0 });
                for &(bits, count) in &parts {
                    prop_assert_eq!(reader.take(count).unwrap(), bits);
                }
                prop_assert_eq!(reader.end_byte().unwrap(), bytes.len());
                prop_assert!(reader.take(8).is_err(), "nothing follows");
            }
        }

        #[test]
        fn numbers_come_back(values in proptest::collection::vec(0..1_u64 << 39, 0..40)) {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            values.iter().for_each(|&value| writer.put_small(value));
            writer.end_byte();
            let mut reader = BitReader::new(&bytes);
            for &value in &values {
                prop_assert_eq!(reader.take_small().unwrap(), value);
            }
            prop_assert_eq!(reader.end_byte().unwrap(), bytes.len());
        }

        #[test]
        fn any_bytes_give_numbers_or_an_error(bytes: Vec<u8>) {
            let mut reader = BitReader::new(&bytes);
            for _ in 0..=8 * bytes.len() {
                if reader.take_small().is_err() {
                    return Ok(());
                }
            }
            prop_assert!(false, "more numbers than bits");
        }
    }
}
