//! Appends records to the last segment and makes them durable. Runs on whatever thread calls it.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::batch::Batch;
use crate::medium::{Medium, MediumFile};
use crate::{limits, record, segment};

/// How a log is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Bytes of a new segment.
    pub segment_bytes: usize,
    /// Whether a thread zeroes the next segment ahead of time; else that happens when it is needed.
    pub prepare_ahead: bool,
    /// A random number that nobody else knows, which the checksums of new segments start from. Without it, what
    /// a client stores could be made to look like a record of the log.
    pub salt: u32,
}

/// The end of a log, ready for more. [`crate::LogReader`] makes it.
pub struct Log {
    medium: Arc<dyn Medium>,
    options: LogOptions,
    segment: OpenSegment,
    /// Sealed records that are not yet written.
    buffer: Vec<u8>,
    next_offset: u64,
    durable_offset: u64,
    epoch: u32,
    spare: Option<JoinHandle<io::Result<()>>>,
    poison: Option<String>,
}

/// The segment that is being written.
pub(crate) struct OpenSegment {
    pub name: String,
    pub file: Box<dyn MediumFile>,
    /// Where the next write goes.
    pub position: usize,
    /// Where the next segment must begin.
    pub capacity: usize,
    /// What the checksums of its records start from.
    pub salt: u32,
}

/// Why records were not made durable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The medium failed. The log takes nothing more: what is on disk is known again only after a restart.
    #[error("the log could not {action} {file}: {source}; restart the database to recover what is durable")]
    Medium {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: String,
        /// Why it failed.
        source: io::Error,
    },
    /// An earlier operation failed.
    #[error("the log takes no more commits since an earlier failure: {0}")]
    Poisoned(String),
    /// The batch does not continue the log.
    #[error("the log expects offset {expected}, not {actual}")]
    Gap {
        /// The offset that comes next.
        expected: u64,
        /// The batch's first offset.
        actual: u64,
    },
    /// The epoch is older than that of the last record.
    #[error("the log is at epoch {current}; epoch {actual} is over")]
    Epoch {
        /// The epoch of the last record.
        current: u32,
        /// The record's epoch.
        actual: u32,
    },
}

impl Default for LogOptions {
    /// The salt is 0: whoever stores what others send gives one.
    fn default() -> Self {
        Self { segment_bytes: limits::SEGMENT_BYTES_DEFAULT, prepare_ahead: true, salt: 0 }
    }
}

impl Log {
    pub(crate) fn new(
        medium: Arc<dyn Medium>,
        options: LogOptions,
        segment: OpenSegment,
        next_offset: u64,
        epoch: u32,
    ) -> Self {
        let buffer = Vec::with_capacity(2 * limits::WRITE_BYTES_MIN);
        let durable_offset = next_offset.saturating_sub(1);
        let mut log = Self {
            medium,
            options,
            segment,
            buffer,
            next_offset,
            durable_offset,
            epoch,
            spare: None,
            poison: None,
        };
        log.prepare_spare();
        log
    }

    /// The offset that the next record must have.
    pub fn next_offset(&self) -> u64 {
        self.next_offset
    }

    /// The last offset that is on disk; 0 if there is none.
    pub fn durable_offset(&self) -> u64 {
        self.durable_offset
    }

    /// The epoch of the last record.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Takes the batch's records. They are durable only after [`Log::sync`].
    pub fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        self.check_poison()?;
        let mut rest = batch.as_bytes();
        while let Some(length) = record::length_at(rest) {
            let Some((framed, after)) = rest.split_at_checked(length) else { break };
            self.append_framed(framed).inspect_err(|error| self.poison_by(error))?;
            rest = after;
        }
        Ok(())
    }

    /// Writes and syncs everything taken so far; returns the last durable offset.
    pub fn sync(&mut self) -> Result<u64, AppendError> {
        self.check_poison()?;
        if self.durable_offset + 1 < self.next_offset {
            self.sync_segment().inspect_err(|error| self.poison_by(error))?;
        }
        Ok(self.durable_offset)
    }

    fn append_framed(&mut self, framed: &[u8]) -> Result<(), AppendError> {
        let offset = record::array(framed, 8).map(u64::from_le_bytes).unwrap_or_default();
        let epoch = record::array(framed, 24).map(u32::from_le_bytes).unwrap_or_default();
        if offset != self.next_offset {
            return Err(AppendError::Gap { expected: self.next_offset, actual: offset });
        }
        if epoch < self.epoch {
            return Err(AppendError::Epoch { current: self.epoch, actual: epoch });
        }
        let end = self.segment.position + self.buffer.len() + framed.len();
        if end > self.segment.capacity {
            self.roll(framed.len())?;
        }
        let start = self.buffer.len();
        self.buffer.extend_from_slice(framed);
        let sealed = self.buffer.get_mut(start..).unwrap_or_default();
        record::seal(sealed, self.durable_offset, self.segment.salt);
        self.next_offset = offset + 1;
        self.epoch = epoch;
        match self.buffer.len() >= limits::WRITE_BYTES_MIN {
            true => self.write(),
            false => Ok(()),
        }
    }

    fn write(&mut self) -> Result<(), AppendError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let segment = &mut self.segment;
        let written = segment.file.write_at(segment.position as u64, &self.buffer);
        written.map_err(medium_error("write to", &segment.name))?;
        segment.position += self.buffer.len();
        self.buffer.clear();
        Ok(())
    }

    fn sync_segment(&mut self) -> Result<(), AppendError> {
        self.write()?;
        self.segment.file.sync().map_err(medium_error("sync", &self.segment.name))?;
        self.durable_offset = self.next_offset - 1;
        Ok(())
    }

    /// Goes on in a new segment. The old one is synced first, so that only the last segment can have a torn tail.
    fn roll(&mut self, record_bytes: usize) -> Result<(), AppendError> {
        self.sync_segment()?;
        let needed = segment::HEADER_BYTES + record_bytes;
        let prepared = self.spare.take().map(JoinHandle::join);
        let is_prepared = matches!(prepared, Some(Ok(Ok(())))) && needed <= self.options.segment_bytes;
        if !is_prepared {
            let bytes = self.options.segment_bytes.max(needed);
            let created = self.medium.create(segment::SPARE_NAME, bytes);
            created.map_err(medium_error("create", segment::SPARE_NAME))?;
        }
        let capacity = self.options.segment_bytes.max(needed);
        self.segment = name_spare(&*self.medium, self.next_offset, capacity, self.options.salt)?;
        self.prepare_spare();
        Ok(())
    }

    fn prepare_spare(&mut self) {
        if !self.options.prepare_ahead {
            return;
        }
        let medium = Arc::clone(&self.medium);
        let bytes = self.options.segment_bytes;
        let prepare = move || medium.create(segment::SPARE_NAME, bytes).map(drop);
        // Without the thread, or if it fails, the segment is made when it is needed and any error shows then.
        self.spare = std::thread::Builder::new().name("ambit-log-spare".into()).spawn(prepare).ok();
    }

    fn check_poison(&self) -> Result<(), AppendError> {
        match &self.poison {
            Some(reason) => Err(AppendError::Poisoned(reason.clone())),
            None => Ok(()),
        }
    }

    fn poison_by(&mut self, error: &AppendError) {
        match error {
            AppendError::Medium { .. } => self.poison = Some(error.to_string()),
            AppendError::Poisoned(_) | AppendError::Gap { .. } | AppendError::Epoch { .. } => {}
        }
    }
}

impl Drop for Log {
    /// Waits for the thread that prepares the next segment, so that nothing touches the medium any more.
    fn drop(&mut self) {
        if let Some(spare) = self.spare.take() {
            // A spare segment that could not be made is no loss.
            drop(spare.join());
        }
    }
}

/// Makes the zeroed spare file the segment of this offset. Its header is durable before it has its name.
pub(crate) fn name_spare(
    medium: &dyn Medium,
    first_offset: u64,
    capacity: usize,
    salt: u32,
) -> Result<OpenSegment, AppendError> {
    let name = segment::segment_name(first_offset);
    let mut file = medium.open(segment::SPARE_NAME).map_err(medium_error("open", segment::SPARE_NAME))?;
    file.write_at(0, &segment::header(first_offset, salt))
        .map_err(medium_error("write the header of", &name))?;
    file.sync().map_err(medium_error("sync the header of", &name))?;
    medium.rename(segment::SPARE_NAME, &name).map_err(medium_error("name", &name))?;
    medium.sync().map_err(medium_error("sync the directory of", &name))?;
    let file = medium.open(&name).map_err(medium_error("open", &name))?;
    Ok(OpenSegment { name, file, position: segment::HEADER_BYTES, capacity, salt })
}

pub(crate) fn medium_error(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> AppendError {
    let file = file.to_owned();
    move |source| AppendError::Medium { action, file, source }
}
