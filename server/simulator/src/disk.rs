//! A disk as bad as real ones: what is not synced may be lost, torn at sectors or stored out of order, names last only
//! after a sync of their own, and syncs, writes and reads fail.
//!
//! After a failed sync the system drops what it could not write and goes on showing it, as real kernels do. The disk
//! leaves out time: how long an operation takes is the world's business.

mod faults;
mod file;
mod state;

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambit_log::{Medium, MediumFile};

use crate::random::Random;
pub use faults::DiskFaults;
use file::File;
use state::{Flip, State};

/// A disk. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
}

impl Disk {
    pub(crate) fn new(random: Random, faults: DiskFaults) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(random, faults))) }
    }

    /// Lets the power fail after so many more operations. Every operation from then on fails.
    pub(crate) fn cut_power_after(&self, operations: u64) {
        self.lock().power_left = Some(operations);
    }

    pub(crate) fn is_off(&self) -> bool {
        self.lock().is_off
    }

    /// Turns the power off, if it is not, and on again. Tells of a bit that flipped.
    pub(crate) fn lose_power(&self) -> Option<Flip> {
        self.lock().lose_power()
    }

    /// Nothing reaches the disk any more: the program has ended, or the power.
    pub(crate) fn halt(&self) {
        self.lock().is_off = true;
    }

    /// Another program begins. Nothing is lost.
    pub(crate) fn resume(&self) {
        let mut state = self.lock();
        state.is_off = false;
        state.power_left = None;
    }

    /// Sets the rates of faults from here on.
    pub(crate) fn set_faults(&self, faults: DiskFaults) {
        self.lock().faults = faults;
    }

    /// A disk of its own with the same bytes, without faults.
    pub(crate) fn fork(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.lock().fork())) }
    }

    /// The files in which a bit that flipped is still wrong.
    pub(crate) fn decayed(&self) -> Vec<String> {
        self.lock().decayed()
    }

    /// All files as programs see them, by name.
    pub(crate) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.lock();
        let content = |(name, file): (&String, &u64)| {
            (name.clone(), state.files.get(file).map(|file| file.seen.clone()).unwrap_or_default())
        };
        state.names.iter().map(content).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is plain bytes: valid even if a thread panicked while it held the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Refuses a change of a disk that has no room for `more` bytes.
    fn check_writable(&self, more: usize) -> io::Result<()> {
        match self.has_room(more) {
            false => Err(ErrorKind::StorageFull.into()),
            true => Ok(()),
        }
    }

    fn fails(&mut self, rate: impl Fn(&DiskFaults) -> u64) -> bool {
        let rate = rate(&self.faults);
        self.random.one_in(rate)
    }
}

impl Medium for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.lock();
        state.begin()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut state = self.lock();
        state.begin()?;
        if state.fails(|faults| faults.failing_read) {
            return Err(io::Error::other("the disk could not read a sector"));
        }
        let id = state.file_of(name)?;
        Ok(state.files.get(&id).map(|file| file.seen.clone()).unwrap_or_default())
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        let mut state = self.lock();
        state.begin()?;
        let id = state.file_of(name)?;
        Ok(state.files.get(&id).map_or(0, |file| file.seen.len() as u64))
    }

    fn read_at(&self, name: &str, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let mut state = self.lock();
        state.begin()?;
        if state.fails(|faults| faults.failing_read) {
            return Err(io::Error::other("the disk could not read a sector"));
        }
        let id = state.file_of(name)?;
        let seen = state.files.get(&id).map(|file| file.seen.as_slice()).unwrap_or_default();
        let position = usize::try_from(position).map_err(io::Error::other)?;
        let rest = seen.get(position..).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        for (place, byte) in bytes.iter_mut().zip(rest) {
            *place = *byte;
        }
        Ok(count)
    }

    fn create(&self, name: &str, bytes: usize) -> io::Result<Box<dyn MediumFile>> {
        let mut state = self.lock();
        state.begin()?;
        state.check_writable(bytes)?;
        let file = state.add(name, File::zeros(bytes));
        Ok(Box::new(DiskFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>> {
        let mut state = self.lock();
        state.begin()?;
        let file = state.file_of(name)?;
        Ok(Box::new(DiskFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.begin()?;
        let file = state.file_of(from)?;
        state.change_names(vec![(from.to_owned(), None), (to.to_owned(), Some(file))]);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.begin()?;
        state.file_of(name)?;
        state.change_names(vec![(name.to_owned(), None)]);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.begin()?;
        if state.fails(|faults| faults.failing_name_sync) {
            return Err(io::Error::other("the disk could not sync the names"));
        }
        state.sync_names();
        Ok(())
    }
}

/// An open file. It stays the same file when its name changes.
struct DiskFile {
    disk: Disk,
    file: u64,
}

impl MediumFile for DiskFile {
    fn write_at(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.lock();
        let was_off = state.is_off;
        let result = state.begin();
        if was_off {
            return result;
        }
        let position = usize::try_from(position).map_err(io::Error::other)?;
        let held = state.files.get(&self.file).map_or(0, |file| file.seen.len());
        if result.is_ok() {
            state.check_writable((position + bytes.len()).saturating_sub(held))?;
        }
        // The power may fail, or the disk, in the middle of a write.
        let is_half_done = result.is_err() || state.fails(|faults| faults.failing_write);
        let done = match is_half_done {
            true => state.random.index(bytes.len() + 1),
            false => bytes.len(),
        };
        if let Some(file) = state.files.get_mut(&self.file) {
            file.write(position, bytes.get(..done).unwrap_or_default());
        }
        result?;
        match is_half_done {
            true => Err(io::Error::other("the disk could not write a sector")),
            false => Ok(()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.begin()?;
        let fails = state.fails(|faults| faults.failing_sync);
        let State { files, random, .. } = &mut *state;
        let Some(file) = files.get_mut(&self.file) else { return Ok(()) };
        // A sync of nothing has nothing to fail with.
        if fails && !file.is_clean() {
            file.sync_in_vain(random);
            return Err(io::Error::other("the disk could not sync a file"));
        }
        file.sync();
        Ok(())
    }
}
