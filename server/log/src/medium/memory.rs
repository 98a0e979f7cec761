//! Segments in memory, with faults on demand: for tests and the simulator.
//!
//! A write reaches the "disk" only with the next sync; [`MemoryMedium::crash`] keeps any part of what was not
//! synced, as a power failure would.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Medium, MediumFile};

/// What goes wrong next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The write after this many more writes fails, half done.
    Write(usize),
    /// The file sync after this many more syncs fails.
    Sync(usize),
}

/// Files in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryMedium {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<String, Vec<u8>>,
    /// Not yet synced: file, position, bytes; in the order of the writes.
    pending: Vec<(String, usize, Vec<u8>)>,
    fault: Option<Fault>,
}

impl MemoryMedium {
    /// Lets the given operation fail, once.
    pub fn inject(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// A power failure: of the writes that were not synced, those for which `keep` says so survive. They are
    /// asked about in pieces of 512 bytes (a sector), in order.
    pub fn crash(&self, mut keep: impl FnMut() -> bool) {
        let mut disk = self.lock();
        let pending = std::mem::take(&mut disk.pending);
        for (name, position, bytes) in pending {
            for (sector, piece) in bytes.chunks(512).enumerate() {
                if keep()
                    && let Some(file) = disk.files.get_mut(&name)
                {
                    write(file, position + sector * 512, piece);
                }
            }
        }
        disk.fault = None;
    }

    /// Changes a file's durable bytes behind the log's back.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(file) = self.lock().files.get_mut(name) {
            change(file);
        }
    }

    /// An independent copy of the durable state.
    pub fn fork(&self) -> Self {
        let disk = Disk { files: self.lock().files.clone(), ..Disk::default() };
        Self { disk: Arc::new(Mutex::new(disk)) }
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        // The state is plain bytes: valid even if a thread panicked while it held the lock.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for MemoryMedium {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let disk = self.lock();
        let mut bytes = disk.files.get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        for (_, position, piece) in disk.pending.iter().filter(|(file, ..)| file == name) {
            write(&mut bytes, *position, piece);
        }
        Ok(bytes)
    }

    fn create(&self, name: &str, bytes: usize) -> io::Result<Box<dyn MediumFile>> {
        self.lock().files.insert(name.into(), vec![0; bytes]);
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>> {
        if !self.lock().files.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Box::new(MemoryFile { medium: self.clone(), name: name.into() }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.lock();
        let bytes = disk.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.files.insert(to.into(), bytes);
        for (file, ..) in disk.pending.iter_mut().filter(|(file, ..)| file == from) {
            *file = to.into();
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.lock().files.remove(name).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

struct MemoryFile {
    medium: MemoryMedium,
    name: String,
}

impl MediumFile for MemoryFile {
    fn write_at(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.medium.lock();
        let position = usize::try_from(position).map_err(io::Error::other)?;
        match disk.fault {
            Some(Fault::Write(0)) => {
                disk.fault = None;
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
                disk.pending.push((self.name.clone(), position, half));
                return Err(io::Error::other("the disk refused the write"));
            }
            Some(Fault::Write(after)) => disk.fault = Some(Fault::Write(after - 1)),
            Some(Fault::Sync(_)) | None => {}
        }
        disk.pending.push((self.name.clone(), position, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.medium.lock();
        match disk.fault {
            Some(Fault::Sync(0)) => {
                disk.fault = None;
                return Err(io::Error::other("the disk refused the sync"));
            }
            Some(Fault::Sync(after)) => disk.fault = Some(Fault::Sync(after - 1)),
            Some(Fault::Write(_)) | None => {}
        }
        let (synced, pending): (Vec<_>, Vec<_>) =
            std::mem::take(&mut disk.pending).into_iter().partition(|(file, ..)| *file == self.name);
        disk.pending = pending;
        for (name, position, bytes) in synced {
            if let Some(file) = disk.files.get_mut(&name) {
                write(file, position, &bytes);
            }
        }
        Ok(())
    }
}

fn write(file: &mut Vec<u8>, position: usize, bytes: &[u8]) {
    let end = position + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    if let Some(place) = file.get_mut(position..end) {
        place.copy_from_slice(bytes);
    }
}
