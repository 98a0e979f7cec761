//! Appends records to the last segment and makes them durable. Runs on whatever thread calls it.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::advice::advice;
use crate::batch::{Batch, Run};
use crate::medium::Medium;
use crate::open_segment::{OpenSegment, name_spare};
use crate::{frame, limits, segment, varint};

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
    /// New records come after this offset even if the log's last one is older: a snapshot may be newer than the log,
    /// since not every commit is logged.
    pub next_after: u64,
}

/// The end of a log, ready for more. [`crate::LogReader`] makes it.
pub struct Log {
    medium: Arc<dyn Medium>,
    options: LogOptions,
    /// None until the first record of a new log comes.
    segment: Option<OpenSegment>,
    /// Frames that are not yet written. The last one may be open.
    buffer: Vec<u8>,
    /// Where the frame begins that takes more records and is not sealed.
    open_frame: Option<usize>,
    /// The last record taken; what a new log goes on from, if there is none.
    last_record: u64,
    /// The last record that is on disk.
    synced_record: u64,
    /// The last offset that was taken or advanced to.
    reached: u64,
    durable_offset: u64,
    epoch: u32,
    written_bytes: u64,
    spare: Option<JoinHandle<io::Result<()>>>,
    poison: Option<String>,
}

/// Where a log ends, from which writing goes on.
pub(crate) struct LogEnd {
    pub segment: Option<OpenSegment>,
    pub last_record: u64,
    pub epoch: u32,
}

/// Why records were not made durable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The medium failed. The log takes nothing more: what is on disk is known again only after a restart.
    #[error("the log could not {action} {file}: {source}; {advice}", advice = advice(source))]
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
    #[error("the log has reached offset {reached}; offset {actual} cannot follow")]
    Order {
        /// The last offset that was taken or advanced to.
        reached: u64,
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
        Self { segment_bytes: limits::SEGMENT_BYTES_DEFAULT, prepare_ahead: true, salt: 0, next_after: 0 }
    }
}

impl Log {
    pub(crate) fn new(medium: Arc<dyn Medium>, options: LogOptions, end: LogEnd) -> Self {
        let LogEnd { segment, last_record, epoch } = end;
        let reached = last_record.max(options.next_after);
        let mut log = Self {
            medium,
            options,
            segment,
            buffer: Vec::with_capacity(2 * limits::WRITE_BYTES_MIN),
            open_frame: None,
            last_record,
            synced_record: last_record,
            reached,
            durable_offset: reached,
            epoch,
            written_bytes: 0,
            spare: None,
            poison: None,
        };
        log.prepare_spare();
        log
    }

    /// The lowest offset that the next record may have.
    pub fn next_offset(&self) -> u64 {
        self.reached.saturating_add(1)
    }

    /// The last durable offset: every record up to it is on disk. 0 if there is none.
    pub fn durable_offset(&self) -> u64 {
        self.durable_offset
    }

    /// The epoch of the last record.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Bytes written since the log was opened, without zeros.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Takes the batch's records, all or none of them if it does not continue the log. They are durable only after
    /// [`Log::sync`].
    pub fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        self.check_poison()?;
        if batch.is_empty() {
            return Ok(());
        }
        self.check_order(batch)?;
        for (run, entries) in batch.runs() {
            self.append_run(run, entries).inspect_err(|error| self.poison_by(error))?;
        }
        self.reached = batch.last_offset();
        Ok(())
    }

    /// Writes and syncs everything taken so far, if it has records; returns the last durable offset.
    pub fn sync(&mut self) -> Result<u64, AppendError> {
        self.check_poison()?;
        if self.synced_record < self.last_record {
            self.sync_segment().inspect_err(|error| self.poison_by(error))?;
        }
        self.durable_offset = self.reached;
        Ok(self.durable_offset)
    }

    fn check_order(&self, batch: &Batch) -> Result<(), AppendError> {
        let mut epoch = self.epoch;
        for (index, (run, _)) in batch.runs().enumerate() {
            if index == 0 && run.first <= self.reached {
                return Err(AppendError::Order { reached: self.reached, actual: run.first });
            }
            if run.epoch < epoch {
                return Err(AppendError::Epoch { current: epoch, actual: run.epoch });
            }
            epoch = run.epoch;
        }
        match batch.last_offset() < self.reached {
            true => Err(AppendError::Order { reached: self.reached, actual: batch.last_offset() }),
            false => Ok(()),
        }
    }

    /// Puts the entries of a run into the open frame if it has room for them, else into a new one.
    fn append_run(&mut self, run: &Run, entries: &[u8]) -> Result<(), AppendError> {
        let gap = run.first - self.last_record - 1;
        let gap_bytes = varint::length(gap);
        let room = limits::FRAME_BYTES_MAX + frame::HEADER_BYTES;
        let joins = self
            .open_frame
            .is_some_and(|start| self.buffer.len() - start + gap_bytes + entries.len() <= room);
        let needed = entries.len() + if joins { gap_bytes } else { frame::HEADER_BYTES + 1 };
        let has_room = self.segment.as_ref().is_some_and(|segment| {
            run.epoch == segment.epoch && segment.position + self.buffer.len() + needed <= segment.capacity
        });
        if !has_room {
            self.roll(run, frame::HEADER_BYTES + 1 + entries.len())?;
        }
        if joins && has_room {
            varint::put(&mut self.buffer, gap);
        } else {
            self.seal();
            self.open_frame = Some(self.buffer.len());
            frame::begin(&mut self.buffer, run.first);
            varint::put(&mut self.buffer, 0);
        }
        self.buffer.extend_from_slice(entries);
        self.last_record = run.last;
        self.epoch = run.epoch;
        match self.buffer.len() >= limits::WRITE_BYTES_MIN {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// Closes the open frame, if there is one.
    fn seal(&mut self) {
        let Some(segment) = &self.segment else { return };
        if let Some(open) = self.open_frame.take().and_then(|start| self.buffer.get_mut(start..)) {
            frame::seal(open, self.synced_record, segment.salt);
        }
    }

    fn write(&mut self) -> Result<(), AppendError> {
        self.seal();
        let Some(segment) = self.segment.as_mut().filter(|_| !self.buffer.is_empty()) else { return Ok(()) };
        let written = segment.file.write_at(segment.position as u64, &self.buffer);
        written.map_err(medium_error("write to", &segment.name))?;
        segment.position += self.buffer.len();
        self.written_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn sync_segment(&mut self) -> Result<(), AppendError> {
        self.write()?;
        if let Some(segment) = &mut self.segment {
            segment.file.sync().map_err(medium_error("sync", &segment.name))?;
        }
        self.synced_record = self.last_record;
        Ok(())
    }

    /// Goes on in a new segment. The old one is synced first, so that only the last segment can have a torn tail.
    fn roll(&mut self, run: &Run, frame_bytes: usize) -> Result<(), AppendError> {
        self.sync_segment()?;
        let needed = segment::HEADER_BYTES + frame_bytes;
        let prepared = self.spare.take().map(JoinHandle::join);
        let is_prepared = matches!(prepared, Some(Ok(Ok(())))) && needed <= self.options.segment_bytes;
        let capacity = self.options.segment_bytes.max(needed);
        if !is_prepared {
            let created = self.medium.create(segment::SPARE_NAME, capacity);
            created.map_err(medium_error("create", segment::SPARE_NAME))?;
        }
        let salt = self.options.salt;
        let header = segment::Header { salt, first: run.first, previous: self.last_record, epoch: run.epoch };
        self.segment = Some(name_spare(&*self.medium, header, capacity)?);
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
            AppendError::Poisoned(_) | AppendError::Order { .. } | AppendError::Epoch { .. } => {}
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

pub(crate) fn medium_error(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> AppendError {
    let file = file.to_owned();
    move |source| AppendError::Medium { action, file, source }
}
