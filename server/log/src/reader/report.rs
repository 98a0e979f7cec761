//! What reading a log has found, or why it cannot be read.

use std::io;

use super::damage::Damage;
use crate::advice::advice;
use crate::writer::AppendError;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Records given.
    pub records: u64,
    /// Segments read.
    pub segments: usize,
    /// The offset of the first record given; 0 if there is none.
    pub first_offset: u64,
    /// The offset of the last record given; 0 if there is none.
    pub last_offset: u64,
    /// What a crash left half written, if anything.
    pub torn_tail: Option<TornTail>,
    /// The offset of the snapshot behind which the log goes on, if the torn tail may have held records that only the snapshot
    /// has now: the tail is kept then.
    pub goes_on_behind: Option<u64>,
}

/// The half-written end of a log. It is cut off when the log is opened for writing, unless a snapshot is newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment's file name.
    pub file: String,
    /// Where the tail begins.
    pub position: usize,
    /// Bytes from there to the last one that is not zero.
    pub bytes: usize,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The medium failed.
    #[error("the log could not read {file}: {source}; {advice}", advice = advice(source))]
    Medium {
        /// The file, or what was asked for.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A record that had been synced is damaged, or a segment's header is.
    #[error("{0}")]
    Damaged(Damage),
    /// Records that are needed were in segments that are not there.
    #[error(
        "the log begins with commit offset {first}, but the commits after offset {after} are needed and some are missing: \
         restore the segments before it, or a snapshot, from a backup"
    )]
    Missing {
        /// The lowest offset that the log's first segment can hold.
        first: u64,
        /// The offset after which records were asked for.
        after: u64,
    },
    /// Reading has failed before.
    #[error("the log could not be read before: open it again")]
    Broken,
    /// The log could not be made ready for writing.
    #[error(transparent)]
    Prepare(#[from] AppendError),
}

impl RecoveryReport {
    pub(super) fn count(&mut self, offset: u64) {
        self.records += 1;
        self.last_offset = offset;
        if self.first_offset == 0 {
            self.first_offset = offset;
        }
    }
}

pub(crate) fn read_error(file: &str) -> impl FnOnce(io::Error) -> ReadError {
    let file = file.to_owned();
    move |source| ReadError::Medium { file, source }
}
