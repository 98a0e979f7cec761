//! All files and names of a disk, and what a power failure leaves of them.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::faults::DiskFaults;
use super::file::{File, draw_survivors};
use crate::random::Random;

#[derive(Debug)]
pub(super) struct State {
    pub files: BTreeMap<u64, File>,
    /// As running programs see them.
    pub names: BTreeMap<String, u64>,
    stored_names: BTreeMap<String, u64>,
    /// Not yet synced, in order; each takes place whole or not at all.
    name_changes: Vec<Vec<(String, Option<u64>)>>,
    next_file: u64,
    pub random: Random,
    pub faults: DiskFaults,
    /// Operations until the power fails.
    pub power_left: Option<u64>,
    pub is_off: bool,
    flips: Vec<Flip>,
}

/// A stored bit that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flip {
    pub name: String,
    pub position: usize,
    file: u64,
    /// The byte with the flipped bit.
    byte: u8,
}

impl State {
    pub(super) fn new(random: Random, faults: DiskFaults) -> Self {
        Self {
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            stored_names: BTreeMap::new(),
            name_changes: Vec::new(),
            next_file: 0,
            random,
            faults,
            power_left: None,
            is_off: false,
            flips: Vec::new(),
        }
    }

    /// An operation begins; an error if the power is off or fails now.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        match self.power_left {
            Some(0) => self.is_off = true,
            Some(left) => self.power_left = Some(left - 1),
            None => {}
        }
        match self.is_off {
            true => Err(io::Error::other("the power is off")),
            false => Ok(()),
        }
    }

    pub(super) fn file_of(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn add(&mut self, name: &str, file: File) -> u64 {
        let id = self.next_file;
        self.next_file += 1;
        self.files.insert(id, file);
        self.change_names(vec![(name.to_owned(), Some(id))]);
        id
    }

    pub(super) fn change_names(&mut self, change: Vec<(String, Option<u64>)>) {
        apply(&mut self.names, &change);
        self.name_changes.push(change);
    }

    pub(super) fn sync_names(&mut self) {
        self.name_changes.clear();
        self.stored_names.clone_from(&self.names);
    }

    /// Whether `more` bytes fit beside those of all named files.
    pub(super) fn has_room(&self, more: usize) -> bool {
        let used = || self.names.values().filter_map(|file| self.files.get(file)).map(|file| file.seen.len());
        self.faults.capacity == 0 || used().sum::<usize>() as u64 + more as u64 <= self.faults.capacity
    }

    /// Of what was not synced, some survives: whole sectors of the files, and the first of the changes of names.
    pub(super) fn lose_power(&mut self) -> Option<Flip> {
        let changes = std::mem::take(&mut self.name_changes);
        let kept = self.random.index(changes.len() + 1);
        for change in changes.iter().take(kept) {
            apply(&mut self.stored_names, change);
        }
        self.names.clone_from(&self.stored_names);
        let names = &self.names;
        self.files.retain(|id, _| names.values().any(|named| named == id));
        let survivors = draw_survivors(&mut self.random);
        for file in self.files.values_mut() {
            file.lose_power(survivors, &mut self.random);
        }
        self.power_left = None;
        self.is_off = false;
        let flips = self.faults.flipped_bit;
        self.random.one_in(flips).then(|| self.flip()).flatten()
    }

    /// Flips one bit of one file, near its first or last bytes more often than elsewhere.
    fn flip(&mut self) -> Option<Flip> {
        let place = self.random.index(self.names.len());
        let (name, id) = self.names.iter().nth(place).map(|(name, id)| (name.clone(), *id))?;
        let known: Vec<usize> =
            self.flips.iter().filter(|flip| flip.file == id).map(|flip| flip.position).collect();
        let file = self.files.get_mut(&id)?;
        let written = file.stored.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let position = match self.random.below(6) {
            0 => self.random.index(file.stored.len()),
            1 => self.random.index(written.min(64)),
            _ => self.random.index(written),
        };
        let bit = self.random.below(8) as u32;
        // Two flips of one bit would heal it.
        if known.contains(&position) {
            return None;
        }
        let byte = file.flip(position, bit)?;
        let flip = Flip { name, position, file: id, byte };
        self.flips.push(flip.clone());
        Some(flip)
    }

    /// The files in which a flipped bit still is as it fell.
    pub(super) fn decayed(&self) -> Vec<String> {
        let holds = |file: u64| {
            let mut flips = self.flips.iter().filter(|flip| flip.file == file);
            let stored = self.files.get(&file).map(|file| file.stored.as_slice()).unwrap_or_default();
            flips.any(|flip| stored.get(flip.position) == Some(&flip.byte))
        };
        self.names.iter().filter(|(_, file)| holds(**file)).map(|(name, _)| name.clone()).collect()
    }

    /// A disk of its own with the same bytes and without faults.
    pub(super) fn fork(&self) -> Self {
        Self {
            files: self.files.clone(),
            names: self.names.clone(),
            stored_names: self.stored_names.clone(),
            name_changes: self.name_changes.clone(),
            next_file: self.next_file,
            ..Self::new(Random::new(0), DiskFaults::default())
        }
    }
}

fn apply(names: &mut BTreeMap<String, u64>, change: &[(String, Option<u64>)]) {
    for (name, file) in change {
        match file {
            Some(file) => names.insert(name.clone(), *file),
            None => names.remove(name),
        };
    }
}
