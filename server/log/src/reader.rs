//! Reads a log back after a restart, in order, and makes it ready for more.
//!
//! A crash can leave the last group of records half written, in any order of its sectors. So bytes that are no
//! record are a torn tail exactly if nothing proves that they had been synced. The proof is a later segment
//! (a segment is synced before the next one begins) or a later record that names a synced offset at or past
//! the damage.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::medium::Medium;
use crate::record::{self, Record};
use crate::segment::{self, SPARE_NAME};
use crate::writer::{AppendError, Log, LogOptions, OpenSegment, name_spare};

/// Gives the records of a log in order.
pub struct LogReader {
    medium: Arc<dyn Medium>,
    /// First offsets of the segments, ascending.
    segments: Vec<u64>,
    /// Position in `segments` of the one in `bytes`.
    current: usize,
    bytes: Vec<u8>,
    /// What the checksums of the current segment's records start from.
    salt: u32,
    position: usize,
    next_offset: u64,
    epoch: u32,
    report: RecoveryReport,
    is_at_end: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Records read.
    pub records: u64,
    /// Segments read.
    pub segments: usize,
    /// The offset of the first record that the log still holds; 0 if it holds none.
    pub first_offset: u64,
    /// The offset of the last record; 0 if there is none.
    pub last_offset: u64,
    /// What a crash left half written, if anything.
    pub torn_tail: Option<TornTail>,
}

/// The half-written end of a log. It is cut off when the log is opened for writing.
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
    #[error("the log could not read {file}: {source}")]
    Medium {
        /// The file, or what was asked for.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A record that had been synced is damaged, or a segment's header is.
    #[error("the log is damaged in {file} at byte {position}, at commit offset {offset}: {problem}")]
    Damaged {
        /// The segment's file name.
        file: String,
        /// The byte in the file.
        position: usize,
        /// The commit offset that should be there.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// The log could not be made ready for writing.
    #[error(transparent)]
    Prepare(#[from] AppendError),
}

impl LogReader {
    /// Lists the segments. Reads nothing else yet.
    pub fn open(medium: Arc<dyn Medium>) -> Result<Self, ReadError> {
        let names = medium.list().map_err(read_error("the list of segments"))?;
        let mut segments: Vec<u64> = names.iter().filter_map(|name| segment::first_offset_of(name)).collect();
        segments.sort_unstable();
        let next_offset = segments.first().copied().unwrap_or(1);
        let mut reader = Self {
            medium,
            segments,
            current: 0,
            bytes: Vec::new(),
            salt: 0,
            position: 0,
            next_offset,
            epoch: 0,
            report: RecoveryReport::default(),
            is_at_end: false,
        };
        match reader.segments.is_empty() {
            true => reader.is_at_end = true,
            false => reader.load()?,
        }
        Ok(reader)
    }

    /// The next record, or `None` at the end.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        while !self.is_at_end {
            match self.check_next() {
                Ok((offset, epoch, payload, bytes)) => {
                    self.position += bytes;
                    self.next_offset = offset + 1;
                    self.epoch = epoch;
                    self.report.count(offset);
                    let payload = self.bytes.get(payload).unwrap_or_default();
                    return Ok(Some(Record { offset, epoch, payload }));
                }
                Err(problem) => self.end_segment(problem)?,
            }
        }
        Ok(None)
    }

    /// What was found so far; complete when [`LogReader::next_record`] has returned `None`.
    pub fn report(&self) -> &RecoveryReport {
        &self.report
    }

    /// Reads what is left, cuts off a torn tail and makes the log ready for writing.
    pub fn into_log(mut self, options: LogOptions) -> Result<(Log, RecoveryReport), ReadError> {
        while self.next_record()?.is_some() {}
        let options = LogOptions {
            segment_bytes: options.segment_bytes.max(crate::limits::SEGMENT_BYTES_MIN),
            ..options
        };
        let names = self.medium.list().map_err(read_error("the list of segments"))?;
        if names.iter().any(|name| name == SPARE_NAME) {
            self.medium.remove(SPARE_NAME).map_err(read_error(SPARE_NAME))?;
        }
        let open = match self.segments.is_empty() {
            true => {
                let created = self.medium.create(SPARE_NAME, options.segment_bytes);
                created.map_err(read_error(SPARE_NAME))?;
                name_spare(&*self.medium, self.next_offset, options.segment_bytes, options.salt)?
            }
            false => self.reopen()?,
        };
        let log = Log::new(self.medium, options, open, self.next_offset, self.epoch);
        Ok((log, self.report))
    }

    /// Opens the last segment for writing, its torn tail zeroed, and makes durable what was read: after a program
    /// was killed, the records and the segment's name may be known to the operating system alone.
    fn reopen(&mut self) -> Result<OpenSegment, ReadError> {
        let name = self.file_name();
        let mut file = self.medium.open(&name).map_err(read_error(&name))?;
        if let Some(tail) = &self.report.torn_tail {
            let zeros = vec![0; tail.bytes];
            file.write_at(tail.position as u64, &zeros).map_err(read_error(&name))?;
        }
        file.sync().map_err(read_error(&name))?;
        self.medium.sync().map_err(read_error("the list of segments"))?;
        Ok(OpenSegment { name, file, position: self.position, capacity: self.bytes.len(), salt: self.salt })
    }

    /// Reads the current segment and checks its header.
    fn load(&mut self) -> Result<(), ReadError> {
        let name = self.file_name();
        self.bytes = self.medium.read(&name).map_err(read_error(&name))?;
        self.position = segment::HEADER_BYTES;
        self.report.segments += 1;
        let first_offset = self.segments.get(self.current).copied().unwrap_or_default();
        let salt = segment::check_header(&self.bytes, first_offset).map_err(|problem| {
            ReadError::Damaged { file: name, position: 0, offset: first_offset, problem }
        })?;
        self.salt = salt;
        Ok(())
    }

    /// The offset, epoch, payload and length of the record at the current position, or why there is none.
    fn check_next(&self) -> Result<(u64, u32, Range<usize>, usize), String> {
        let framed = record::parse(self.bytes.get(self.position..).unwrap_or_default(), self.salt)?;
        let Record { offset, epoch, payload } = framed.record;
        if offset != self.next_offset {
            return Err(format!("the record there has offset {offset}"));
        }
        if epoch < self.epoch {
            return Err(format!("its epoch {epoch} is older than epoch {} before it", self.epoch));
        }
        let start = self.position + record::HEADER_BYTES;
        Ok((offset, epoch, start..start + payload.len(), framed.bytes))
    }

    /// Goes on in the next segment, or ends, when the current position holds no record.
    fn end_segment(&mut self, problem: String) -> Result<(), ReadError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let tail_bytes = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if let Some(&following) = self.segments.get(self.current + 1) {
            if tail_bytes > 0 {
                return Err(self.damaged(problem));
            }
            if following != self.next_offset {
                return Err(self.damaged(format!("the next segment begins at offset {following}")));
            }
            self.current += 1;
            return self.load();
        }
        if was_synced(rest, tail_bytes, self.next_offset, self.salt) {
            return Err(self.damaged(problem));
        }
        if tail_bytes > 0 {
            let file = self.file_name();
            self.report.torn_tail = Some(TornTail { file, position: self.position, bytes: tail_bytes });
        }
        self.is_at_end = true;
        Ok(())
    }

    fn damaged(&self, problem: String) -> ReadError {
        ReadError::Damaged {
            file: self.file_name(),
            position: self.position,
            offset: self.next_offset,
            problem,
        }
    }

    fn file_name(&self) -> String {
        segment::segment_name(self.segments.get(self.current).copied().unwrap_or(self.next_offset))
    }
}

impl RecoveryReport {
    fn count(&mut self, offset: u64) {
        self.records += 1;
        self.last_offset = offset;
        if self.first_offset == 0 {
            self.first_offset = offset;
        }
    }
}

/// Whether some record that begins in the first `tail_bytes` of `rest` was written when `offset`, which is
/// missing before it, was already synced.
fn was_synced(rest: &[u8], tail_bytes: usize, offset: u64, salt: u32) -> bool {
    (0..tail_bytes).step_by(8).any(|at| {
        let candidate = rest.get(at..).unwrap_or_default();
        record::may_follow(candidate, offset)
            && record::parse(candidate, salt).is_ok_and(|framed| framed.synced >= offset)
    })
}

fn read_error(file: &str) -> impl FnOnce(io::Error) -> ReadError {
    let file = file.to_owned();
    move |source| ReadError::Medium { file, source }
}
