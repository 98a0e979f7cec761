//! Reads a log back after a restart, in order.
//!
//! A segment that is not the last ends with the record that the next one names as the one before it. In the last one, a
//! crash can leave the last group of frames half written, in any order of its sectors. So bytes that are no frame are a torn
//! tail exactly if nothing proves that they had been synced. The proof is a later segment (a segment is synced before the next
//! one begins) or a later frame that names a synced record past the damage.

mod damage;
mod prepare;
mod report;
mod scan;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::frame::{self, Entry, Frame, Record};
use crate::limits;
use crate::medium::Medium;
use crate::segment;

pub use damage::{Damage, Readable};
use report::read_error;
pub use report::{ReadError, RecoveryReport, TornTail};

/// Gives the records of a log in order.
pub struct LogReader {
    medium: Arc<dyn Medium>,
    /// First offsets of the segments, ascending.
    segments: Vec<u64>,
    /// A segment behind them that the log has given up; see [`LogReader::set_given_up_aside`].
    given_up: Option<u64>,
    /// Position in `segments` of the one in `bytes`.
    current: usize,
    bytes: Vec<u8>,
    header: segment::Header,
    /// The last record of the current segment, as the next one says; `None` if there is none or its header is damaged.
    last_of_segment: Option<u64>,
    /// The frame that is being read.
    frame: Range<usize>,
    /// Of the next entry; of the next frame, if the current one has no more.
    position: usize,
    /// The record before the next entry, as the frame counts.
    previous: u64,
    /// The last record read; what came before the first segment read, if there is none.
    last_offset: u64,
    epoch: u32,
    /// Records up to this one are not given.
    after: u64,
    /// Frames of the current segment that no later frame proves to be on disk: where they begin and their last record.
    unproven: VecDeque<(usize, u64)>,
    report: RecoveryReport,
    is_at_end: bool,
    /// Whether reading has failed.
    is_broken: bool,
}

/// Where a record ends, for who cuts a log there.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The first offset in the segment's name.
    pub segment: u64,
    /// The frame that holds the record.
    pub frame: Range<usize>,
    /// The end of the record's entry.
    pub end: usize,
}

impl LogReader {
    /// A reader of the records after this offset. Segments before the one that holds the first of them are not read:
    /// they may be gone.
    pub fn open(medium: Arc<dyn Medium>, after: u64) -> Result<Self, ReadError> {
        let mut reader = Self::new(medium, after)?;
        reader.current =
            reader.segments.partition_point(|first| first.saturating_sub(1) <= after).saturating_sub(1);
        if let Some(following) = reader.segments.get(reader.current + 1).copied()
            && reader.previous_of(following)?.is_some_and(|previous| previous <= after)
        {
            reader.current += 1;
        }
        match reader.begin() {
            // The segment before knows after which record the damage is; it shows when that one has been read.
            Err(ReadError::Damaged(_)) if reader.current > 0 => {
                reader.current -= 1;
                reader.begin()?;
            }
            begun => begun?,
        }
        match reader.last_offset > after {
            true => Err(ReadError::Missing { first: reader.header.first, after }),
            false => Ok(reader),
        }
    }

    /// A reader of everything that is there.
    pub(crate) fn open_whole(medium: Arc<dyn Medium>) -> Result<Self, ReadError> {
        let mut reader = Self::new(medium, 0)?;
        reader.begin()?;
        Ok(reader)
    }

    /// The next record, or `None` at the end. After an error there is nothing more.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        if self.is_broken {
            return Err(ReadError::Broken);
        }
        let entry = self.next_entry().inspect_err(|_| self.is_broken = true)?;
        Ok(entry.map(|Entry { offset, payload }| {
            let payload = self.bytes.get(payload).unwrap_or_default();
            Record { offset, epoch: self.epoch, payload }
        }))
    }

    /// What was found so far; complete when [`LogReader::next_record`] has returned `None`.
    pub fn report(&self) -> &RecoveryReport {
        &self.report
    }

    /// Where the last record ends that was read.
    pub(crate) fn place(&self) -> Place {
        Place { segment: self.header.first, frame: self.frame.clone(), end: self.position }
    }

    /// The last record read; what came before the first segment, if there is none.
    pub(crate) fn last_offset(&self) -> u64 {
        self.last_offset
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        while !self.is_at_end {
            if self.position >= self.frame.end {
                // Whatever stands behind the last record, none is missing.
                if self.last_of_segment == Some(self.last_offset) {
                    self.go_on()?;
                    continue;
                }
                match self.check_frame() {
                    Ok(frame) => self.begin_frame(frame),
                    Err(problem) => self.end_segment(problem)?,
                }
                continue;
            }
            let Some(entry) = frame::entry_at(&self.bytes, self.position, self.previous) else {
                return Err(self.damaged("the frame's entries are not valid".into()));
            };
            self.position = entry.payload.end;
            self.previous = entry.offset;
            self.last_offset = entry.offset;
            if entry.offset > self.after {
                self.report.count(entry.offset);
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn new(medium: Arc<dyn Medium>, after: u64) -> Result<Self, ReadError> {
        let names = medium.list().map_err(read_error("the list of segments"))?;
        let segments = segment::first_offsets(&names);
        let mut reader = Self {
            medium,
            segments,
            given_up: None,
            current: 0,
            bytes: Vec::new(),
            header: segment::Header::default(),
            last_of_segment: None,
            frame: 0..0,
            position: 0,
            previous: 0,
            last_offset: 0,
            epoch: 0,
            after,
            unproven: VecDeque::new(),
            report: RecoveryReport::default(),
            is_at_end: false,
            is_broken: false,
        };
        reader.set_given_up_aside()?;
        Ok(reader)
    }

    /// The log goes on behind a gap in a segment that can be named before the last one, which is removed next. A crash
    /// between the two leaves both. They show it: of segments that follow each other, the later one comes after as late a
    /// record or a later one.
    fn set_given_up_aside(&mut self) -> Result<(), ReadError> {
        if let [.., before, last] = *self.segments
            && let (Some(before), Some(previous)) = (self.previous_of(before)?, self.previous_of(last)?)
            && before > previous
        {
            self.given_up = self.segments.pop();
        }
        Ok(())
    }

    /// Loads the current segment, the first one that is read, and goes on from what it says came before it.
    fn begin(&mut self) -> Result<(), ReadError> {
        if self.segments.is_empty() {
            self.is_at_end = true;
            return Ok(());
        }
        // Until the header is known, no record is.
        self.last_offset = self.segments.get(self.current).map_or(0, |first| first.saturating_sub(1));
        self.load()?;
        self.last_offset = self.header.previous;
        Ok(())
    }

    /// What a segment's header says came before it; `None` if it is damaged, which shows when it is read.
    fn previous_of(&self, first: u64) -> Result<Option<u64>, ReadError> {
        let name = segment::segment_name(first);
        let mut bytes = [0; segment::HEADER_BYTES];
        let count = self.medium.read_at(&name, 0, &mut bytes).map_err(read_error(&name))?;
        let header = segment::Header::decode(bytes.get(..count).unwrap_or_default(), first);
        Ok(header.ok().map(|header| header.previous))
    }

    /// Reads the current segment and checks its header.
    fn load(&mut self) -> Result<(), ReadError> {
        self.frame = 0..0;
        self.position = 0;
        self.unproven.clear();
        self.report.segments += 1;
        let first = self.segments.get(self.current).copied().unwrap_or_default();
        let loaded = load_segment(&*self.medium, first, &mut self.bytes)?;
        self.header = loaded.map_err(|problem| self.damaged(problem))?;
        if self.header.epoch < self.epoch {
            let problem = format!("its epoch {} is older than epoch {}", self.header.epoch, self.epoch);
            return Err(self.damaged(problem));
        }
        self.epoch = self.header.epoch;
        let following = self.segments.get(self.current + 1).copied();
        self.last_of_segment = following.map_or(Ok(None), |following| self.previous_of(following))?;
        self.position = segment::HEADER_BYTES;
        Ok(())
    }

    /// The frame at the current position, or why there is none.
    fn check_frame(&self) -> Result<Frame, String> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let frame = frame::parse(rest, self.header.salt)?;
        if frame.first <= self.last_offset || frame.first < self.header.first {
            return Err(format!("the frame there begins with offset {}", frame.first));
        }
        if self.last_of_segment.is_some_and(|last| frame.last > last) {
            return Err(format!(
                "the frame there ends with offset {}, which the next segment does not know",
                frame.last
            ));
        }
        Ok(frame)
    }

    fn begin_frame(&mut self, frame: Frame) {
        self.frame = self.position..self.position + frame.bytes;
        while self.unproven.front().is_some_and(|(_, last)| *last <= frame.synced) {
            self.unproven.pop_front();
        }
        self.unproven.push_back((self.position, frame.last));
        self.position += frame::HEADER_BYTES;
        self.previous = frame.first - 1;
    }

    /// Goes on in the next segment.
    fn go_on(&mut self) -> Result<(), ReadError> {
        self.current += 1;
        self.load()
    }

    /// Ends, or finds damage, when the current position holds no frame.
    fn end_segment(&mut self, problem: String) -> Result<(), ReadError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let tail_bytes = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if let Some(&following) = self.segments.get(self.current + 1) {
            return match self.last_of_segment {
                Some(last) if tail_bytes == 0 => {
                    let name = segment::segment_name(following);
                    Err(self.damaged(format!("{name} follows, which comes after commit offset {last}")))
                }
                // The damage is in the next one's header.
                None if tail_bytes == 0 => self.go_on(),
                Some(_) | None => Err(self.damaged(problem)),
            };
        }
        if scan::was_synced(rest, tail_bytes, self.last_offset, self.header.salt) {
            return Err(self.damaged(problem));
        }
        if tail_bytes > 0 {
            let file = segment::segment_name(self.header.first);
            self.report.torn_tail = Some(TornTail { file, position: self.position, bytes: tail_bytes });
        }
        self.is_at_end = true;
        Ok(())
    }

    /// The error of damage at the current position, with what can be read after it.
    fn damaged(&self, problem: String) -> ReadError {
        let mut readable = Readable::default();
        let later = self.segments.get(self.current + 1..).unwrap_or_default();
        if self.position > 0 {
            readable.scan(&self.bytes, self.position, self.last_offset, self.header.salt);
        }
        let mut bytes = Vec::new();
        for first in later {
            // A segment that cannot be read has nothing that can be read; the first problem is the one to tell.
            if let Ok(Ok(header)) = load_segment(&*self.medium, *first, &mut bytes) {
                readable.scan(&bytes, segment::HEADER_BYTES, self.last_offset, header.salt);
            }
        }
        let first = self.segments.get(self.current).copied().unwrap_or_default();
        ReadError::Damaged(Damage {
            file: segment::segment_name(first),
            position: self.position,
            last_good: self.last_offset,
            problem,
            readable,
        })
    }
}

/// Reads a whole segment into `bytes`; returns its header, or what is wrong with it.
pub(crate) fn load_segment(
    medium: &dyn Medium,
    first: u64,
    bytes: &mut Vec<u8>,
) -> Result<Result<segment::Header, String>, ReadError> {
    let name = segment::segment_name(first);
    let size = medium.size(&name).map_err(read_error(&name))?;
    let size = match usize::try_from(size) {
        Ok(size) if size <= limits::SEGMENT_BYTES_MAX => size,
        Ok(_) | Err(_) => return Ok(Err(format!("the file has {size} bytes, more than any segment"))),
    };
    bytes.resize(size, 0);
    let count = medium.read_at(&name, 0, bytes).map_err(read_error(&name))?;
    bytes.truncate(count);
    Ok(segment::Header::decode(bytes, first))
}
