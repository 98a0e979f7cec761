//! The state of a disk in memory: what a reader sees, what is durable, and what was not synced yet.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Fault;

/// Bytes that a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Disk {
    /// Every file there ever was: one without a name may still be open, or have its name back after a crash. It keeps its
    /// place, and its bytes until it has no name for good.
    pub files: Vec<FileState>,
    /// What a reader sees.
    pub names: BTreeMap<String, usize>,
    /// What is left if everything not synced is lost.
    pub durable_names: BTreeMap<String, usize>,
    /// Not yet synced, in the order of the changes.
    pub pending_names: Vec<NameChange>,
    pub fault: Option<Fault>,
}

#[derive(Debug, Default)]
pub(super) struct FileState {
    /// What a reader sees.
    pub bytes: Vec<u8>,
    /// What is left if everything not synced is lost.
    pub durable: Vec<u8>,
    /// Not yet synced, in the order of the writes.
    pub pending: Vec<Write>,
}

#[derive(Debug)]
pub(super) struct Write {
    pub position: usize,
    pub bytes: Vec<u8>,
    /// A sync of it has failed: no later one makes it durable.
    pub is_lost: bool,
}

#[derive(Debug)]
pub(super) enum NameChange {
    Set { name: String, file: usize },
    Rename { from: String, to: String, file: usize },
    Remove { name: String },
}

impl Disk {
    /// See [`super::MemoryMedium::crash`].
    pub fn crash(&mut self, keep: &mut impl FnMut() -> bool) {
        for change in std::mem::take(&mut self.pending_names) {
            if keep() {
                change.apply(&mut self.durable_names);
            }
        }
        for file in &mut self.files {
            for Write { position, bytes, .. } in std::mem::take(&mut file.pending) {
                for (sector, piece) in bytes.chunks(SECTOR_BYTES).enumerate() {
                    if keep() {
                        write(&mut file.durable, position + sector * SECTOR_BYTES, piece);
                    }
                }
            }
            file.bytes = file.durable.clone();
        }
        self.names = self.durable_names.clone();
        self.fault = None;
        self.forget_nameless();
    }

    /// Makes the names durable.
    pub fn sync_names(&mut self) {
        self.pending_names.clear();
        self.durable_names = self.names.clone();
        self.forget_nameless();
    }

    /// Frees the bytes of files that no name leads to any more. A simulation makes and removes many.
    fn forget_nameless(&mut self) {
        let named: BTreeSet<usize> = self.names.values().copied().collect();
        for (index, file) in self.files.iter_mut().enumerate() {
            if !named.contains(&index) && !file.bytes.is_empty() {
                *file = FileState::default();
            }
        }
    }

    pub fn file(&mut self, name: &str) -> io::Result<&mut FileState> {
        let file = self.names.get(name).copied();
        file.and_then(|file| self.files.get_mut(file)).ok_or(io::ErrorKind::NotFound.into())
    }

    pub fn change_names(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending_names.push(change);
    }

    pub fn check_writable(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault::ReadOnly) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::Write(_) | Fault::Sync(_) | Fault::SyncNames(_) | Fault::Full(_)) | None => Ok(()),
        }
    }

    /// How many of these bytes can be written, and what is said if not all.
    pub fn take_room(&mut self, bytes: usize) -> (usize, io::Result<()>) {
        match self.fault {
            Some(Fault::Full(room)) if room < bytes => {
                self.fault = Some(Fault::Full(0));
                (room, Err(io::ErrorKind::StorageFull.into()))
            }
            Some(Fault::Full(room)) => {
                self.fault = Some(Fault::Full(room - bytes));
                (bytes, Ok(()))
            }
            Some(Fault::Write(0)) => {
                self.fault = None;
                (bytes / 2, Err(io::Error::other("the disk refused the write")))
            }
            Some(Fault::Write(after)) => {
                self.fault = Some(Fault::Write(after - 1));
                (bytes, Ok(()))
            }
            Some(Fault::ReadOnly) => (0, Err(io::ErrorKind::ReadOnlyFilesystem.into())),
            Some(Fault::Sync(_) | Fault::SyncNames(_)) | None => (bytes, Ok(())),
        }
    }

    pub fn take_sync(&mut self) -> io::Result<()> {
        self.check_writable()?;
        match self.fault {
            Some(Fault::Sync(0)) => {
                self.fault = None;
                return Err(io::Error::other("the disk refused the sync"));
            }
            Some(Fault::Sync(after)) => self.fault = Some(Fault::Sync(after - 1)),
            Some(Fault::Write(_) | Fault::SyncNames(_) | Fault::Full(_) | Fault::ReadOnly) | None => {}
        }
        Ok(())
    }
}

impl NameChange {
    pub fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Set { name, file } => {
                names.insert(name.clone(), *file);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Remove { name } => {
                names.remove(name);
            }
        }
    }
}

impl FileState {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { durable: bytes.clone(), bytes, pending: Vec::new() }
    }

    pub fn sync(&mut self) {
        let (mut lost, synced): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|piece| piece.is_lost);
        for piece in &synced {
            write(&mut self.durable, piece.position, &piece.bytes);
            // A crash may still keep what was lost, but not over what came later.
            lost.iter_mut().for_each(|lost| lost.overwrite(piece));
        }
        self.pending = lost;
    }
}

impl Write {
    /// Takes over the bytes of a later write of the same places.
    pub fn overwrite(&mut self, later: &Self) {
        let shared = later.position.max(self.position)
            ..(later.position + later.bytes.len()).min(self.position + self.bytes.len());
        for position in shared {
            let new = later.bytes.get(position - later.position);
            if let (Some(old), Some(new)) = (self.bytes.get_mut(position - self.position), new) {
                *old = *new;
            }
        }
    }
}

pub(super) fn write(file: &mut Vec<u8>, position: usize, bytes: &[u8]) {
    let end = position + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    if let Some(place) = file.get_mut(position..end) {
        place.copy_from_slice(bytes);
    }
}
