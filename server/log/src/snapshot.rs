//! Snapshot files: chunks of bytes with checksums, which have their name only when they are whole and on disk.
//!
//! What the chunks mean is not known here (docs/formats/snapshot.md).

mod reader;
mod writer;

use std::io;

use crate::advice::advice;
use crate::frame::{array, put};
use crate::medium::Medium;

pub use reader::{SnapshotReadError, SnapshotReader};
pub use writer::{FinishedSnapshot, SnapshotWriteError, SnapshotWriter};

/// Bytes of a snapshot's header.
const HEADER_BYTES: usize = 24;
/// Bytes before each chunk: its length and its checksum.
const CHUNK_HEADER_BYTES: usize = 8;
/// Bytes of the footer: a length of zero, its checksum, how many chunks and how many bytes there are in them.
const FOOTER_BYTES: usize = 24;

const MAGIC: [u8; 8] = *b"AMBITSNP";
const VERSION: u32 = 1;
const EXTENSION: &str = ".snapshot";
const UNFINISHED_EXTENSION: &str = ".tmp";

/// Why snapshots were not listed or removed.
#[derive(Debug, thiserror::Error)]
#[error("could not {action} {file}: {source}; {advice}", advice = advice(source))]
pub struct SnapshotListError {
    /// What was tried.
    pub action: &'static str,
    /// The file, or what was asked for.
    pub file: String,
    /// Why it failed.
    pub source: io::Error,
}

/// The file name of the snapshot of this commit offset.
pub fn snapshot_name(offset: u64) -> String {
    format!("{offset:020}{EXTENSION}")
}

/// The offsets of the snapshots, ascending. They have been whole once; whether they still are shows when they are read.
pub fn snapshots(medium: &dyn Medium) -> Result<Vec<u64>, SnapshotListError> {
    let names = medium.list().map_err(list_error("list", "the snapshots"))?;
    let mut offsets: Vec<u64> = names.iter().filter_map(|name| offset_of(name)).collect();
    offsets.sort_unstable();
    Ok(offsets)
}

/// Removes all snapshots but those of these offsets, oldest first; returns how many. Names are made durable before, so
/// that those that are kept are there after a crash, and after.
pub fn remove_snapshots(medium: &dyn Medium, keep: &[u64]) -> Result<usize, SnapshotListError> {
    let mut removed = 0;
    for offset in snapshots(medium)?.into_iter().filter(|offset| !keep.contains(offset)) {
        if removed == 0 {
            medium.sync().map_err(list_error("sync the names of", "the snapshots"))?;
        }
        let name = snapshot_name(offset);
        medium.remove(&name).map_err(list_error("remove", &name))?;
        removed += 1;
    }
    if removed > 0 {
        medium.sync().map_err(list_error("sync the names of", "the snapshots"))?;
    }
    Ok(removed)
}

/// Whether this is the name of a snapshot that is being written.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(UNFINISHED_EXTENSION).is_some_and(|name| offset_of(name).is_some())
}

fn offset_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(EXTENSION)?;
    let offset = digits.parse().ok()?;
    (snapshot_name(offset) == name).then_some(offset)
}

fn unfinished_name(offset: u64) -> String {
    format!("{}{UNFINISHED_EXTENSION}", snapshot_name(offset))
}

/// Magic, version, offset, checksum.
fn header(offset: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    put(&mut bytes, 0, &MAGIC);
    put(&mut bytes, 8, &VERSION.to_le_bytes());
    put(&mut bytes, 12, &offset.to_le_bytes());
    let checksum = crc32c::crc32c(bytes.get(..20).unwrap_or_default());
    put(&mut bytes, 20, &checksum.to_le_bytes());
    bytes
}

/// What the checksum of the first chunk goes on from.
fn checksum_of_header(header: &[u8; HEADER_BYTES]) -> u32 {
    array(header, 20).map(u32::from_le_bytes).unwrap_or_default()
}

/// The checksum of a chunk: that of its length and bytes, going on from the checksum of what was before it.
fn chunk_checksum(before: u32, chunk: &[u8]) -> u32 {
    let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
    crc32c::crc32c_append(crc32c::crc32c_append(before, &length.to_le_bytes()), chunk)
}

/// The footer after the last chunk, whose checksum is `before`.
fn footer(before: u32, chunks: u64, bytes: u64) -> [u8; FOOTER_BYTES] {
    let mut footer = [0; FOOTER_BYTES];
    put(&mut footer, 8, &chunks.to_le_bytes());
    put(&mut footer, 16, &bytes.to_le_bytes());
    let length = footer.first_chunk::<4>().copied().unwrap_or_default();
    let counts = footer.get(8..).unwrap_or_default();
    let checksum = crc32c::crc32c_append(crc32c::crc32c_append(before, &length), counts);
    put(&mut footer, 4, &checksum.to_le_bytes());
    footer
}

fn list_error(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> SnapshotListError {
    let file = file.to_owned();
    move |source| SnapshotListError { action, file, source }
}
