//! Removes segments that snapshots have made superfluous.

use std::io;

use crate::advice::advice;
use crate::medium::Medium;
use crate::segment;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Files.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
}

/// Why segments were not removed. Those that were removed before it are gone; the log is whole.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The medium failed.
    #[error("the log could not {action} {file}: {source}; {advice}", advice = advice(source))]
    Medium {
        /// What was tried.
        action: &'static str,
        /// The file, or what was asked for.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A segment's header cannot be read, so nobody knows what is before it.
    #[error(
        "{file} is damaged, so the segments before it are kept: {problem}; run `ambit log verify --data DIR --name DB`"
    )]
    Damaged {
        /// The segment's file name.
        file: String,
        /// What is wrong with its header.
        problem: String,
    },
}

/// Removes the segments that hold only records up to `through`, oldest first, and never the last one. All that happens with
/// a log in use. Names are made durable before: also that of the snapshot, if it is on the same medium, because of
/// which these records are not needed.
pub fn remove_segments(medium: &dyn Medium, through: u64) -> Result<Removed, RemoveError> {
    let names = medium.list().map_err(medium_error("list", "the segments"))?;
    let firsts = segment::first_offsets(&names);
    let mut removed = Removed::default();
    for (first, following) in firsts.iter().zip(firsts.iter().skip(1)) {
        // Records of a segment come before the first offset of the next one; its header tells exactly.
        if *first > through || previous_of(medium, *following)? > through {
            break;
        }
        if removed.files == 0 {
            medium.sync().map_err(medium_error("sync", "the list of segments"))?;
        }
        let name = segment::segment_name(*first);
        let bytes = medium.size(&name).map_err(medium_error("look at", &name))?;
        medium.remove(&name).map_err(medium_error("remove", &name))?;
        // One by one: else a crash could keep an older one and lose a newer one.
        medium.sync().map_err(medium_error("sync", "the list of segments"))?;
        removed.files += 1;
        removed.bytes += bytes;
    }
    Ok(removed)
}

/// The offset of the last record before a segment.
fn previous_of(medium: &dyn Medium, first: u64) -> Result<u64, RemoveError> {
    let file = segment::segment_name(first);
    let mut bytes = [0; segment::HEADER_BYTES];
    let count = medium.read_at(&file, 0, &mut bytes).map_err(medium_error("read", &file))?;
    match segment::Header::decode(bytes.get(..count).unwrap_or_default(), first) {
        Ok(header) => Ok(header.previous),
        Err(problem) => Err(RemoveError::Damaged { file, problem }),
    }
}

fn medium_error(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> RemoveError {
    let file = file.to_owned();
    move |source| RemoveError::Medium { action, file, source }
}
