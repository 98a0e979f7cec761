//! The bytes of one file: what the medium stores, what the running system sees, and the writes in between.

use crate::random::Random;

/// What a disk writes whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;

#[derive(Debug, Clone, Default)]
pub(super) struct File {
    /// Survives a power failure.
    pub stored: Vec<u8>,
    /// What programs read.
    pub seen: Vec<u8>,
    /// Written since the last sync, in order: ranges of sectors' parts with their bytes.
    unsynced: Vec<(usize, Vec<u8>)>,
}

/// Which of the unsynced sectors a power failure leaves on the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survivors {
    All,
    Nothing,
    /// Each with this chance in percent, on its own: a later write may survive an earlier one.
    Percent(u64),
    /// The first so many percent, in the order of the writes.
    Earlier(u64),
}

impl File {
    pub(super) fn zeros(bytes: usize) -> Self {
        Self { stored: vec![0; bytes], seen: vec![0; bytes], unsynced: Vec::new() }
    }

    pub(super) fn write(&mut self, position: usize, bytes: &[u8]) {
        put(&mut self.seen, position, bytes);
        let mut at = 0;
        while at < bytes.len() {
            let place = position + at;
            let length = (SECTOR_BYTES - place % SECTOR_BYTES).min(bytes.len() - at);
            let piece = bytes.get(at..at + length).unwrap_or_default();
            self.unsynced.push((place, piece.to_vec()));
            at += length;
        }
    }

    pub(super) fn sync(&mut self) {
        for (place, piece) in self.unsynced.drain(..) {
            put(&mut self.stored, place, &piece);
        }
    }

    /// A sync that fails: some sectors are stored, and none is written again by a later sync.
    pub(super) fn sync_in_vain(&mut self, random: &mut Random) {
        let survivors = draw_survivors(random);
        self.settle(survivors, random);
    }

    /// After the power failure only what is stored is seen.
    pub(super) fn lose_power(&mut self, survivors: Survivors, random: &mut Random) {
        self.settle(survivors, random);
        self.seen.clone_from(&self.stored);
    }

    pub(super) fn is_clean(&self) -> bool {
        self.unsynced.is_empty()
    }

    fn settle(&mut self, survivors: Survivors, random: &mut Random) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let count = unsynced.len();
        for (number, (place, piece)) in unsynced.into_iter().enumerate() {
            let survives = match survivors {
                Survivors::All => true,
                Survivors::Nothing => false,
                Survivors::Percent(percent) => random.percent(percent),
                Survivors::Earlier(percent) => number as u64 * 100 < percent * count as u64,
            };
            if survives {
                put(&mut self.stored, place, &piece);
            }
        }
    }

    /// Flips a stored bit, if the file has that byte; the byte from then on.
    pub(super) fn flip(&mut self, position: usize, bit: u32) -> Option<u8> {
        let byte = self.stored.get_mut(position)?;
        *byte ^= 1 << (bit % 8);
        let flipped = *byte;
        self.seen.clone_from(&self.stored);
        Some(flipped)
    }
}

pub(super) fn draw_survivors(random: &mut Random) -> Survivors {
    match random.below(6) {
        0 => Survivors::All,
        1 => Survivors::Nothing,
        2 | 3 => Survivors::Earlier(random.below(101)),
        _ => Survivors::Percent(random.between(5, 95) as u64),
    }
}

fn put(bytes: &mut Vec<u8>, position: usize, piece: &[u8]) {
    let end = position + piece.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(position..end) {
        place.copy_from_slice(piece);
    }
}
