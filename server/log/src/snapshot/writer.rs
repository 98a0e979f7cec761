//! Writes a snapshot under a temporary name, and gives it its own when all of it is on disk.

use std::io;
use std::sync::Arc;

use super::{
    CHUNK_HEADER_BYTES, HEADER_BYTES, checksum_of_header, chunk_checksum, footer, header, is_unfinished,
    snapshot_name, unfinished_name,
};
use crate::advice::advice;
use crate::limits;
use crate::medium::{Medium, MediumFile};

/// Takes the chunks of a snapshot. If it is dropped before it is finished, nothing is left of it.
pub struct SnapshotWriter {
    unfinished: Unfinished,
    offset: u64,
    file: Box<dyn MediumFile>,
    /// Not yet written.
    buffer: Vec<u8>,
    /// Where the buffer goes.
    position: u64,
    unsynced: usize,
    checksum: u32,
    chunks: u64,
    bytes: u64,
}

/// A snapshot that is whole and on disk, but still has no name. If it is dropped, nothing is left of it.
pub struct FinishedSnapshot {
    unfinished: Unfinished,
    offset: u64,
    chunks: u64,
    file_bytes: u64,
}

/// Why a snapshot was not written. The snapshots before it are as they were.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotWriteError {
    /// The medium failed.
    #[error("the snapshot could not {action} {file}: {source}; {advice}", advice = advice(source))]
    Medium {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A chunk exceeds [`limits::SNAPSHOT_CHUNK_BYTES_MAX`].
    #[error("a chunk of {bytes} bytes is too large: at most {max} are possible", max = limits::SNAPSHOT_CHUNK_BYTES_MAX)]
    ChunkTooLarge {
        /// Bytes of the chunk.
        bytes: usize,
    },
}

/// A file that goes when this is dropped, as long as it has its temporary name: a disk may be full because of it.
struct Unfinished {
    medium: Arc<dyn Medium>,
    name: Option<String>,
}

impl SnapshotWriter {
    /// Begins the snapshot of this commit offset. What an earlier program had begun is removed: only one snapshot is
    /// written at a time.
    pub fn create(medium: Arc<dyn Medium>, offset: u64) -> Result<Self, SnapshotWriteError> {
        let names = medium.list().map_err(medium_error("list", "the snapshots"))?;
        for leftover in names.iter().filter(|name| is_unfinished(name)) {
            medium.remove(leftover).map_err(medium_error("remove", leftover))?;
        }
        let name = unfinished_name(offset);
        let unfinished = Unfinished { medium: Arc::clone(&medium), name: Some(name.clone()) };
        let file = medium.create(&name, 0).map_err(medium_error("create", &name))?;
        let mut buffer = Vec::with_capacity(limits::SNAPSHOT_BUFFER_BYTES + HEADER_BYTES);
        let header = header(offset);
        buffer.extend_from_slice(&header);
        let checksum = checksum_of_header(&header);
        let (position, unsynced, chunks, bytes) = (0, 0, 0, 0);
        Ok(Self { unfinished, offset, file, buffer, position, unsynced, checksum, chunks, bytes })
    }

    /// Appends a chunk of at most [`limits::SNAPSHOT_CHUNK_BYTES_MAX`] bytes. One without bytes is left out.
    pub fn chunk(&mut self, bytes: &[u8]) -> Result<(), SnapshotWriteError> {
        if bytes.len() > limits::SNAPSHOT_CHUNK_BYTES_MAX {
            return Err(SnapshotWriteError::ChunkTooLarge { bytes: bytes.len() });
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.checksum = chunk_checksum(self.checksum, bytes);
        let mut header = [0; CHUNK_HEADER_BYTES];
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        crate::frame::put(&mut header, 0, &length.to_le_bytes());
        crate::frame::put(&mut header, 4, &self.checksum.to_le_bytes());
        self.buffer.extend_from_slice(&header);
        self.chunks += 1;
        self.bytes += bytes.len() as u64;
        if self.buffer.len() + bytes.len() <= limits::SNAPSHOT_BUFFER_BYTES {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.write()?;
        // A large chunk is written from where it is.
        self.write_bytes(bytes)
    }

    /// Writes the footer and syncs the file.
    pub fn finish(mut self) -> Result<FinishedSnapshot, SnapshotWriteError> {
        self.buffer.extend_from_slice(&footer(self.checksum, self.chunks, self.bytes));
        self.write()?;
        self.sync()?;
        let Self { unfinished, offset, position, chunks, .. } = self;
        Ok(FinishedSnapshot { unfinished, offset, chunks, file_bytes: position })
    }

    fn write(&mut self) -> Result<(), SnapshotWriteError> {
        let buffer = std::mem::take(&mut self.buffer);
        self.write_bytes(&buffer)?;
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), SnapshotWriteError> {
        let written = self.file.write_at(self.position, bytes);
        written.map_err(medium_error("write", self.unfinished.name()))?;
        self.position += bytes.len() as u64;
        self.unsynced += bytes.len();
        match self.unsynced >= limits::SNAPSHOT_SYNC_BYTES {
            true => self.sync(),
            false => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), SnapshotWriteError> {
        self.unsynced = 0;
        self.file.sync().map_err(medium_error("sync", self.unfinished.name()))
    }
}

impl FinishedSnapshot {
    /// The commit offset.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many chunks it has.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Gives the snapshot its name. When this returns, it is there after a crash.
    pub fn publish(mut self) -> Result<(), SnapshotWriteError> {
        let name = snapshot_name(self.offset);
        let medium = &self.unfinished.medium;
        medium.rename(self.unfinished.name(), &name).map_err(medium_error("name", &name))?;
        let synced = medium.sync().map_err(medium_error("sync the name of", &name));
        self.unfinished.name = None;
        synced
    }

    /// Removes it again.
    pub fn discard(mut self) -> Result<(), SnapshotWriteError> {
        let Some(name) = self.unfinished.name.take() else { return Ok(()) };
        self.unfinished.medium.remove(&name).map_err(medium_error("remove", &name))
    }
}

impl Unfinished {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // If it cannot be removed now, the next snapshot or the next start does it.
            drop(self.medium.remove(name));
        }
    }
}

fn medium_error(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> SnapshotWriteError {
    let file = file.to_owned();
    move |source| SnapshotWriteError::Medium { action, file, source }
}
