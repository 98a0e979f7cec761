//! Cuts a log after a record, so that it is whole up to there. What is cut is set aside in files, never deleted.

use std::sync::Arc;
use std::{fmt, io};

use crate::advice::advice;
use crate::frame;
use crate::limits;
use crate::medium::Medium;
use crate::reader::{LogReader, Place, ReadError, load_segment};
use crate::segment;
use crate::snapshot::{SnapshotListError, snapshot_name, snapshots};

/// A segment that a repair writes anew and that has no name yet; removed on open.
pub(crate) const REPAIR_NAME: &str = "repair.tmp";

const CUT_EXTENSION: &str = "cut";

/// What a repair has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repaired {
    /// The offset of the last record that is kept; what came before the log, if none is.
    pub last_offset: u64,
    /// Files that hold what was cut. Empty if there was nothing after the record.
    pub set_aside: Vec<String>,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { last_offset, set_aside } = self;
        match set_aside.as_slice() {
            [] => write!(f, "nothing had to be cut: the log ends with commit offset {last_offset}"),
            files => write!(
                f,
                "the log ends with commit offset {last_offset} now; what was cut is kept in {}",
                files.join(", ")
            ),
        }
    }
}

/// Why a log was not repaired. Repeating a repair is safe.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The log does not reach that far.
    #[error(
        "the log can be read up to commit offset {last}, not to {to}: repair it to {last} or an offset before it"
    )]
    Beyond {
        /// The offset that was asked for.
        to: u64,
        /// The last offset that can be read.
        last: u64,
    },
    /// The log begins later.
    #[error(
        "the log comes after commit offset {previous}: it cannot be cut after {to}; restore an older backup for that"
    )]
    Before {
        /// The offset that was asked for.
        to: u64,
        /// What came before the log.
        previous: u64,
    },
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The snapshots could not be listed.
    #[error(transparent)]
    Snapshots(#[from] SnapshotListError),
    /// A file could not be changed.
    #[error("the repair could not {action} {file}: {source}; {advice}", advice = advice(source))]
    Medium {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// Cuts everything after record `to`. The server must not run.
///
/// The segment that holds the record is replaced first, so that what a crash leaves is still refused as damaged,
/// and the same repair goes on. If there is no record `to`, the one before it is the last that is kept; to go on then asks
/// for that one, which the error names.
pub fn repair(medium: Arc<dyn Medium>, to: u64) -> Result<Repaired, RepairError> {
    let Cut { place, last_offset } = find(Arc::clone(&medium), to)?;
    let medium = &*medium;
    let mut repaired = Repaired { last_offset, set_aside: Vec::new() };
    let names = list(medium)?;
    if names.iter().any(|name| name == REPAIR_NAME) {
        medium.remove(REPAIR_NAME).map_err(medium_error("remove", REPAIR_NAME))?;
    }
    if let Some(place) = &place {
        repaired.set_aside.extend(replace(medium, place)?);
    }
    let kept = place.map(|place| place.segment);
    let cut = |first: &u64| kept.is_none_or(|kept| *first > kept);
    for first in segment::first_offsets(&names).into_iter().filter(cut) {
        let name = segment::segment_name(first);
        let cut = free_name(medium, &name)?;
        medium.rename(&name, &cut).map_err(medium_error("set aside", &name))?;
        sync_names(medium)?;
        repaired.set_aside.push(cut);
    }
    // Also if there was nothing to do: an earlier repair may have been killed before its last sync.
    sync_names(medium)?;
    Ok(repaired)
}

/// Sets the snapshots after an offset aside, for a log that was cut there: they hold commits that the log no longer has.
/// Returns the names of the files.
pub fn set_aside_snapshots(medium: &dyn Medium, after: u64) -> Result<Vec<String>, RepairError> {
    let listed = snapshots(medium)?;
    let mut set_aside = Vec::new();
    for offset in listed.into_iter().filter(|offset| *offset > after) {
        let name = snapshot_name(offset);
        let cut = free_name(medium, &name)?;
        medium.rename(&name, &cut).map_err(medium_error("set aside", &name))?;
        set_aside.push(cut);
    }
    sync_names(medium)?;
    Ok(set_aside)
}

/// Where a log is to be cut.
struct Cut {
    /// The end of the last record that is kept; `None` if there is no segment or not even the first one's header is good.
    place: Option<Place>,
    last_offset: u64,
}

fn find(medium: Arc<dyn Medium>, to: u64) -> Result<Cut, RepairError> {
    let mut reader = match LogReader::open_whole(medium) {
        Ok(reader) => reader,
        // Not even what comes before the log is known for sure: all of it may be set aside, as the name says.
        Err(ReadError::Damaged(damage)) => {
            return match damage.last_good {
                last if to > last => Err(RepairError::Beyond { to, last }),
                previous if to < previous => Err(RepairError::Before { to, previous }),
                last_offset => Ok(Cut { place: None, last_offset }),
            };
        }
        Err(error) => return Err(error.into()),
    };
    let previous = reader.last_offset();
    if to < previous {
        return Err(RepairError::Before { to, previous });
    }
    let has_segments = reader.report().segments > 0;
    let mut cut = Cut { place: has_segments.then(|| reader.place()), last_offset: previous };
    loop {
        match reader.next_record() {
            Ok(Some(record)) if record.offset <= to => cut.last_offset = record.offset,
            Ok(Some(_)) => return Ok(cut),
            Err(ReadError::Damaged(damage)) if to <= damage.last_good => return Ok(cut),
            Ok(None) if to <= cut.last_offset => return Ok(cut),
            Ok(None) | Err(ReadError::Damaged(_)) => {
                return Err(RepairError::Beyond { to, last: cut.last_offset });
            }
            Err(error) => return Err(error.into()),
        }
        cut.place = Some(reader.place());
    }
}

/// Replaces the segment by one that ends at the place, the whole old one set aside; returns the name of that, or `None`
/// if nothing but zeros came after the place.
fn replace(medium: &dyn Medium, place: &Place) -> Result<Option<String>, RepairError> {
    let name = segment::segment_name(place.segment);
    let mut bytes = Vec::new();
    let header = match load_segment(medium, place.segment, &mut bytes)? {
        Ok(header) => header,
        Err(problem) => {
            let source = io::Error::new(io::ErrorKind::InvalidData, problem);
            return Err(medium_error("read", &name)(source));
        }
    };
    let rest = bytes.get(place.end..).unwrap_or_default();
    if rest.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let cut = free_name(medium, &name)?;
    write_file(medium, &bytes, &cut)?;
    bytes.get_mut(place.end..).unwrap_or_default().fill(0);
    if place.end < place.frame.end {
        // The frame keeps the entries up to the place: it gets another length and checksum.
        let frame = bytes.get_mut(place.frame.start..place.end).unwrap_or_default();
        let synced = frame::array(frame, 16).map(u64::from_le_bytes).unwrap_or_default();
        frame::seal(frame, synced, header.salt);
    }
    write_file(medium, &bytes, &name)?;
    Ok(Some(cut))
}

/// Writes a file that has its name only when it is whole and on disk.
fn write_file(medium: &dyn Medium, bytes: &[u8], name: &str) -> Result<(), RepairError> {
    let mut file = medium.create(REPAIR_NAME, bytes.len()).map_err(medium_error("create", REPAIR_NAME))?;
    for (index, piece) in bytes.chunks(limits::ZERO_CHUNK_BYTES).enumerate() {
        let position = (index * limits::ZERO_CHUNK_BYTES) as u64;
        file.write_at(position, piece).map_err(medium_error("write", REPAIR_NAME))?;
    }
    file.sync().map_err(medium_error("sync", REPAIR_NAME))?;
    medium.rename(REPAIR_NAME, name).map_err(medium_error("name", name))?;
    sync_names(medium)
}

/// A name for a file that is set aside, which no other has.
fn free_name(medium: &dyn Medium, name: &str) -> Result<String, RepairError> {
    let names = list(medium)?;
    let numbered = (2..).map(|number: u64| format!("{name}.{number}.{CUT_EXTENSION}"));
    let mut candidates = std::iter::once(format!("{name}.{CUT_EXTENSION}")).chain(numbered);
    Ok(candidates.find(|candidate| !names.contains(candidate)).unwrap_or_default())
}

fn list(medium: &dyn Medium) -> Result<Vec<String>, RepairError> {
    medium.list().map_err(medium_error("list", "the files"))
}

fn sync_names(medium: &dyn Medium) -> Result<(), RepairError> {
    medium.sync().map_err(medium_error("sync", "the list of files"))
}

fn medium_error(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> RepairError {
    let file = file.to_owned();
    move |source| RepairError::Medium { action, file, source }
}
