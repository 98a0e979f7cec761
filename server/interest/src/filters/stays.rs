//! Changed rows that stay in a filter's result, by their numbers among the changed rows of the period: bits, 64 rows to a
//! word, and only words that have any.
//!
//! Rows come in ascending order, and each goes to all its filters before the next one: the word that is being filled lies in
//! the filter itself, so that what is written for many rows and many filters stays in the processor's cache.

use crate::limits;

#[derive(Debug, Default)]
pub(crate) struct Stays {
    /// The word that is being filled, and its number.
    word: u64,
    number: u32,
    /// The words before it.
    full: Vec<(u32, u64)>,
}

impl Stays {
    /// Adds a row; twice is once.
    #[inline]
    pub fn add(&mut self, row: usize) {
        let number = (row / u64::BITS as usize) as u32;
        if number != self.number && self.word != 0 {
            self.full.push((self.number, self.word));
            self.word = 0;
        }
        self.number = number;
        self.word |= 1 << (row % u64::BITS as usize);
    }

    pub fn is_empty(&self) -> bool {
        self.word == 0
    }

    /// Calls `each` with the rows in ascending order.
    #[inline]
    pub fn for_each(&self, mut each: impl FnMut(usize)) {
        for &(number, word) in self.full.iter().chain(&[(self.number, self.word)]) {
            let first = number as usize * u64::BITS as usize;
            let mut rest = word;
            while rest != 0 {
                each(first + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
    }

    pub fn clear(&mut self) {
        self.word = 0;
        self.full.clear();
        if self.full.capacity() > limits::FILTER_STAYS_KEPT {
            self.full = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_and_once() {
        let mut stays = Stays::default();
        assert!(stays.is_empty());
        for rows in [vec![0, 0, 1, 63, 64, 64, 1_000, 1_001], vec![500], vec![]] {
            stays.clear();
            rows.iter().for_each(|&row| stays.add(row));
            let mut expected = rows.clone();
            expected.dedup();
            let mut found = Vec::new();
            stays.for_each(|row| found.push(row));
            assert_eq!((stays.is_empty(), &found), (rows.is_empty(), &expected));
        }
    }
}
