//! Makes a log that was read ready for writing.

use super::report::read_error;
use super::{LogReader, ReadError, RecoveryReport};
use crate::limits;
use crate::medium::Medium;
use crate::open_segment::{OpenSegment, name_spare};
use crate::segment::{self, SPARE_NAME};
use crate::writer::{Log, LogEnd, LogOptions};
use crate::{repair, snapshot};

impl LogReader {
    /// Reads what is left, cuts off a torn tail and makes the log ready for writing.
    pub fn into_log(mut self, options: LogOptions) -> Result<(Log, RecoveryReport), ReadError> {
        while self.next_record()?.is_some() {}
        let segment_bytes = options.segment_bytes.clamp(limits::SEGMENT_BYTES_MIN, limits::SEGMENT_BYTES_MAX);
        let options = LogOptions { segment_bytes, ..options };
        remove_unfinished(&*self.medium)?;
        if let Some(first) = self.given_up.take() {
            self.remove_segment(first)?;
        }
        if self.segments.is_empty() {
            let end = LogEnd { segment: None, last_record: options.next_after, epoch: 0 };
            return Ok((Log::new(self.medium, options, end), self.report));
        }
        if self.report.torn_tail.is_some() && self.last_offset < options.next_after {
            let open = self.begin_behind_gap(&options)?;
            self.report.goes_on_behind = Some(options.next_after);
            let end = LogEnd { segment: Some(open), last_record: options.next_after, epoch: self.epoch };
            return Ok((Log::new(self.medium, options, end), self.report));
        }
        let mut open = self.reopen()?;
        let is_empty = self.last_offset == self.header.previous;
        if is_empty && self.header.first > self.last_offset + 1 {
            open = self.rename_empty(options.segment_bytes)?;
        }
        let end = LogEnd { segment: Some(open), last_record: self.last_offset, epoch: self.epoch };
        Ok((Log::new(self.medium, options, end), self.report))
    }

    /// Opens the last segment for writing, everything behind its records zeroed, and makes durable what was read: after a program
    /// was killed, the records and the segment's name may be known to the operating system alone.
    fn reopen(&mut self) -> Result<OpenSegment, ReadError> {
        let name = segment::segment_name(self.header.first);
        let mut file = self.medium.open(&name).map_err(read_error(&name))?;
        // Written again, not only synced: if a sync has failed before, the system may take its bytes for written.
        let unproven = self.unproven.front().map_or(self.position, |(position, _)| *position);
        let again = self.bytes.get(unproven..self.position).unwrap_or_default();
        file.write_at(unproven as u64, again).map_err(read_error(&name))?;
        // All of the rest, not only the torn tail: zeros that an earlier start has failed to sync read as zeros, until a
        // crash brings back what was there, and that could be a frame.
        let zeros = vec![0; limits::ZERO_CHUNK_BYTES.min(self.bytes.len())];
        for position in (self.position..self.bytes.len()).step_by(limits::ZERO_CHUNK_BYTES) {
            let rest = self.bytes.len() - position;
            let zeros = zeros.get(..rest).unwrap_or(&zeros);
            file.write_at(position as u64, zeros).map_err(read_error(&name))?;
        }
        file.sync().map_err(read_error(&name))?;
        self.medium.sync().map_err(read_error("the list of segments"))?;
        let (position, capacity) = (self.position, self.bytes.len());
        let segment::Header { salt, epoch, .. } = self.header;
        Ok(OpenSegment { name, file, position, capacity, salt, epoch })
    }

    /// What cannot be read may have been records that the snapshot holds, and that the log lacks from now on. So the log goes
    /// on in a new segment, which says that it comes after the snapshot: whoever reads the log without that snapshot is
    /// told that records may be missing, and reads none that was written for the state behind them.
    fn begin_behind_gap(&mut self, options: &LogOptions) -> Result<OpenSegment, ReadError> {
        let created = self.medium.create(SPARE_NAME, options.segment_bytes);
        created.map_err(read_error(SPARE_NAME))?;
        let (salt, epoch, previous) = (options.salt, self.epoch, options.next_after);
        let header = segment::Header { salt, first: previous + 1, previous, epoch };
        let open = name_spare(&*self.medium, header, options.segment_bytes)?;
        // The last segment can have the name of a later record, which is lost: behind the new one it would hide what is in that.
        if self.header.first > header.first {
            self.remove_segment(self.header.first)?;
        }
        Ok(open)
    }

    /// Replaces a last segment without records, whose name was that of a record which a crash has lost: the next one may
    /// have a lower offset.
    fn rename_empty(&mut self, segment_bytes: usize) -> Result<OpenSegment, ReadError> {
        let created = self.medium.create(SPARE_NAME, segment_bytes);
        created.map_err(read_error(SPARE_NAME))?;
        let header = segment::Header { first: self.last_offset + 1, ..self.header };
        let open = name_spare(&*self.medium, header, segment_bytes)?;
        self.remove_segment(self.header.first)?;
        Ok(open)
    }

    /// Removes a segment for good before anything is written that it could hide.
    fn remove_segment(&self, first: u64) -> Result<(), ReadError> {
        let name = segment::segment_name(first);
        self.medium.remove(&name).map_err(read_error(&name))?;
        self.medium.sync().map_err(read_error("the list of segments"))
    }
}

/// Removes what an earlier program had begun and not finished.
fn remove_unfinished(medium: &dyn Medium) -> Result<(), ReadError> {
    let names = medium.list().map_err(read_error("the list of segments"))?;
    for name in names {
        if name == SPARE_NAME || name == repair::REPAIR_NAME || snapshot::is_unfinished(&name) {
            medium.remove(&name).map_err(read_error(&name))?;
        }
    }
    Ok(())
}
