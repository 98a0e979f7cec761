//! Reads a snapshot's chunks in order, each checked before it is given.

use std::io;
use std::sync::Arc;

use super::{
    CHUNK_HEADER_BYTES, FOOTER_BYTES, HEADER_BYTES, MAGIC, VERSION, checksum_of_header, chunk_checksum,
    footer, header, snapshot_name,
};
use crate::advice::advice;
use crate::frame::array;
use crate::limits;
use crate::medium::Medium;

/// Gives the chunks of a snapshot.
pub struct SnapshotReader {
    medium: Arc<dyn Medium>,
    name: String,
    offset: u64,
    file_bytes: u64,
    /// Where the buffer begins in the file.
    position: u64,
    buffer: Vec<u8>,
    /// How many of its bytes were used.
    used: usize,
    checksum: u32,
    chunks: u64,
    bytes: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Chunks,
    End,
    /// An error was returned: nothing that follows can be trusted.
    Broken,
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotReadError {
    /// The medium failed.
    #[error("the snapshot could not read {file}: {source}; {advice}", advice = advice(source))]
    Medium {
        /// The file.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The file is not what was written.
    #[error(
        "the snapshot {file} is damaged at byte {position}: {problem}; an older snapshot or a backup is needed"
    )]
    Damaged {
        /// The file.
        file: String,
        /// The byte in the file.
        position: u64,
        /// What is wrong.
        problem: &'static str,
    },
}

impl SnapshotReader {
    /// Opens the snapshot of this commit offset and checks its header.
    pub fn open(medium: Arc<dyn Medium>, offset: u64) -> Result<Self, SnapshotReadError> {
        let name = snapshot_name(offset);
        let size = medium.size(&name);
        let file_bytes = size.map_err(|source| SnapshotReadError::Medium { file: name.clone(), source })?;
        let mut reader = Self {
            medium,
            name,
            offset,
            file_bytes,
            position: 0,
            buffer: Vec::new(),
            used: 0,
            checksum: 0,
            chunks: 0,
            bytes: 0,
            state: State::Chunks,
        };
        reader.read_header()?;
        Ok(reader)
    }

    /// The commit offset.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Replaces `chunk` by the next one and returns whether there was one. `false` means that all chunks that were written
    /// were given: what was read is not to be used before.
    pub fn next_chunk(&mut self, chunk: &mut Vec<u8>) -> Result<bool, SnapshotReadError> {
        chunk.clear();
        match self.state {
            State::End => return Ok(false),
            State::Broken => return Err(self.damaged("it could not be read before")),
            State::Chunks => self.state = State::Broken,
        }
        let Some(start) = self.take::<CHUNK_HEADER_BYTES>()? else {
            return Err(self.damaged("it ends before its footer"));
        };
        let length = array(&start, 0).map(u32::from_le_bytes).unwrap_or_default() as usize;
        if length == 0 {
            self.read_footer(start)?;
            self.state = State::End;
            return Ok(false);
        }
        if length > limits::SNAPSHOT_CHUNK_BYTES_MAX {
            return Err(self.damaged("a chunk's length is impossible"));
        }
        if length as u64 > self.rest() {
            return Err(self.damaged("it ends inside a chunk"));
        }
        let position = self.at();
        self.take_chunk(length, chunk)?;
        self.checksum = chunk_checksum(self.checksum, chunk);
        if array(&start, 4).map(u32::from_le_bytes) != Some(self.checksum) {
            chunk.clear();
            return Err(self.damaged_at(position, "a chunk's checksum does not match"));
        }
        self.chunks += 1;
        self.bytes += length as u64;
        self.state = State::Chunks;
        Ok(true)
    }

    fn read_header(&mut self) -> Result<(), SnapshotReadError> {
        let Some(found) = self.take::<HEADER_BYTES>()? else {
            return Err(self.damaged_at(0, "it has fewer bytes than a header"));
        };
        if !found.starts_with(&MAGIC) {
            return Err(self.damaged_at(0, "it does not begin like a snapshot"));
        }
        if array(&found, 8).map(u32::from_le_bytes) != Some(VERSION) {
            return Err(self.damaged_at(8, "it has a version that this program does not read"));
        }
        if found != header(self.offset) {
            return Err(self.damaged_at(0, "its header is damaged or belongs to another file"));
        }
        self.checksum = checksum_of_header(&found);
        Ok(())
    }

    fn read_footer(&mut self, start: [u8; CHUNK_HEADER_BYTES]) -> Result<(), SnapshotReadError> {
        let position = self.at() - CHUNK_HEADER_BYTES as u64;
        let Some(counts) = self.take::<{ FOOTER_BYTES - CHUNK_HEADER_BYTES }>()? else {
            return Err(self.damaged("it ends inside its footer"));
        };
        let expected = footer(self.checksum, self.chunks, self.bytes);
        if !expected.starts_with(&start) || !expected.ends_with(&counts) {
            return Err(self.damaged_at(position, "its footer does not match its chunks"));
        }
        match self.rest() {
            0 => Ok(()),
            _ => Err(self.damaged("something follows its footer")),
        }
    }

    /// The next bytes; `None` if the file ends before.
    fn take<const N: usize>(&mut self) -> Result<Option<[u8; N]>, SnapshotReadError> {
        if self.buffer.len() - self.used < N {
            self.fill()?;
        }
        let bytes = array(&self.buffer, self.used);
        if bytes.is_some() {
            self.used += N;
        }
        Ok(bytes)
    }

    /// Puts the next `length` bytes, which the file has, into `chunk`, which is empty: what is in the buffer, then the
    /// rest straight from the file.
    fn take_chunk(&mut self, length: usize, chunk: &mut Vec<u8>) -> Result<(), SnapshotReadError> {
        if self.buffer.len() - self.used < length && length <= limits::SNAPSHOT_BUFFER_BYTES / 2 {
            self.fill()?;
        }
        let buffered = self.buffer.get(self.used..).unwrap_or_default();
        let buffered = buffered.get(..length).unwrap_or(buffered);
        chunk.extend_from_slice(buffered);
        self.used += chunk.len();
        let begin = chunk.len();
        if begin == length {
            return Ok(());
        }
        let at = self.at();
        chunk.resize(length, 0);
        let count = self.read_at(at, chunk.get_mut(begin..).unwrap_or_default())?;
        self.buffer.clear();
        self.used = 0;
        self.position = at + count as u64;
        match begin + count == length {
            true => Ok(()),
            false => Err(self.damaged("it ends inside a chunk")),
        }
    }

    /// Fills the buffer, what is left in it first.
    fn fill(&mut self) -> Result<(), SnapshotReadError> {
        self.position = self.at();
        self.buffer.drain(..self.used.min(self.buffer.len()));
        self.used = 0;
        let begin = self.buffer.len();
        let mut buffer = std::mem::take(&mut self.buffer);
        let wanted = self.rest().min(limits::SNAPSHOT_BUFFER_BYTES as u64);
        buffer.resize(begin.max(usize::try_from(wanted).unwrap_or(begin)), 0);
        let count =
            self.read_at(self.position + begin as u64, buffer.get_mut(begin..).unwrap_or_default())?;
        buffer.truncate(begin + count);
        self.buffer = buffer;
        Ok(())
    }

    fn read_at(&self, position: u64, bytes: &mut [u8]) -> Result<usize, SnapshotReadError> {
        let read = self.medium.read_at(&self.name, position, bytes);
        read.map_err(|source| SnapshotReadError::Medium { file: self.name.clone(), source })
    }

    /// The place in the file of the next byte that is not used.
    fn at(&self) -> u64 {
        self.position + self.used as u64
    }

    /// Bytes of the file that are not used.
    fn rest(&self) -> u64 {
        self.file_bytes.saturating_sub(self.at())
    }

    fn damaged(&self, problem: &'static str) -> SnapshotReadError {
        self.damaged_at(self.at(), problem)
    }

    fn damaged_at(&self, position: u64, problem: &'static str) -> SnapshotReadError {
        SnapshotReadError::Damaged { file: self.name.clone(), position, problem }
    }
}
