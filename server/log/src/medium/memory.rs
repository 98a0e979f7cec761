//! Files in memory, with faults on demand: for tests and the simulator.
//!
//! A write reaches the "disk" only with the next sync of its file, a name only with the next sync of the names;
//! [`MemoryMedium::crash`] keeps any part of what was not synced, as a power failure would.

mod disk;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::disk::{Disk, FileState, NameChange, Write, write};
use super::{Medium, MediumFile};

/// What goes wrong next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The write after this many more writes fails, half done.
    Write(usize),
    /// The file sync after this many more syncs fails. What was to be synced is lost, as on a real system, even if
    /// a later sync says that all is well; until a crash it can still be read.
    Sync(usize),
    /// The sync of names after this many more fails.
    SyncNames(usize),
    /// The disk is full after this many more bytes, until the next crash or [`MemoryMedium::heal`].
    Full(usize),
    /// The disk can only be read, until the next crash or [`MemoryMedium::heal`].
    ReadOnly,
}

/// Files in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryMedium {
    disk: Arc<Mutex<Disk>>,
}

impl MemoryMedium {
    /// Lets the given operation fail, once; or from then on, if the fault is a full or read-only disk.
    pub fn inject(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Takes a fault back.
    pub fn heal(&self) {
        self.lock().fault = None;
    }

    /// A power failure: of the writes and changes of names that were not synced, those for which `keep` says so
    /// survive. It is asked about each change of a name, then about writes in pieces of a sector, in order.
    pub fn crash(&self, mut keep: impl FnMut() -> bool) {
        self.lock().crash(&mut keep);
    }

    /// Changes a file's durable bytes behind the log's back.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.lock();
        if let Ok(file) = disk.file(name) {
            change(&mut file.durable);
            file.bytes = file.durable.clone();
            for piece in &file.pending {
                write(&mut file.bytes, piece.position, &piece.bytes);
            }
        }
    }

    /// An independent copy of what can be read, all of it durable.
    pub fn fork(&self) -> Self {
        let disk = self.lock();
        let mut copy = Disk::default();
        for (name, file) in &disk.names {
            let bytes = disk.files.get(*file).map(|file| file.bytes.clone()).unwrap_or_default();
            copy.names.insert(name.clone(), copy.files.len());
            copy.files.push(FileState::new(bytes));
        }
        copy.durable_names = copy.names.clone();
        Self { disk: Arc::new(Mutex::new(copy)) }
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        // The state is plain bytes: valid even if a thread panicked while it held the lock.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for MemoryMedium {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(self.lock().file(name)?.bytes.clone())
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        Ok(self.lock().file(name)?.bytes.len() as u64)
    }

    fn read_at(&self, name: &str, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let mut disk = self.lock();
        let all = &disk.file(name)?.bytes;
        let rest =
            usize::try_from(position).ok().and_then(|position| all.get(position..)).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        if let (Some(to), Some(from)) = (bytes.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn create(&self, name: &str, bytes: usize) -> io::Result<Box<dyn MediumFile>> {
        let mut disk = self.lock();
        disk.check_writable()?;
        let (room, result) = disk.take_room(bytes);
        let file = disk.files.len();
        disk.files.push(FileState::new(vec![0; room]));
        disk.change_names(NameChange::Set { name: name.into(), file });
        result?;
        disk.take_sync()?;
        drop(disk);
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn MediumFile>> {
        let disk = self.lock();
        disk.check_writable()?;
        let file = *disk.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { medium: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.lock();
        disk.check_writable()?;
        let file = *disk.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        disk.change_names(NameChange::Rename { from: from.into(), to: to.into(), file });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.lock();
        disk.check_writable()?;
        disk.file(name)?;
        disk.change_names(NameChange::Remove { name: name.into() });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.lock();
        disk.check_writable()?;
        match disk.fault {
            Some(Fault::SyncNames(0)) => {
                disk.fault = None;
                return Err(io::Error::other("the disk refused to sync the names"));
            }
            Some(Fault::SyncNames(after)) => disk.fault = Some(Fault::SyncNames(after - 1)),
            Some(Fault::Write(_) | Fault::Sync(_) | Fault::Full(_) | Fault::ReadOnly) | None => {}
        }
        disk.sync_names();
        Ok(())
    }
}

/// An open file, by its place in [`Disk::files`]: it stays the same file when names change.
struct MemoryFile {
    medium: MemoryMedium,
    file: usize,
}

impl MediumFile for MemoryFile {
    fn write_at(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.medium.lock();
        let position = usize::try_from(position).map_err(io::Error::other)?;
        let (room, result) = disk.take_room(bytes.len());
        if let Some(file) = disk.files.get_mut(self.file) {
            let bytes = bytes.get(..room).unwrap_or_default().to_vec();
            write(&mut file.bytes, position, &bytes);
            file.pending.push(Write { position, bytes, is_lost: false });
        }
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.medium.lock();
        let result = disk.take_sync();
        let Some(file) = disk.files.get_mut(self.file) else { return result };
        if result.is_err() {
            file.pending.iter_mut().for_each(|piece| piece.is_lost = true);
            return result;
        }
        file.sync();
        Ok(())
    }
}
