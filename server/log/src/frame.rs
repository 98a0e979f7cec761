//! A frame: records that were written together, behind one header with one checksum. It knows nothing of files.

use std::ops::Range;

use crate::{limits, varint};

/// Bytes of a frame's header; its entries follow.
pub(crate) const HEADER_BYTES: usize = 24;

/// Where a header's length ends; it begins 4 bytes before.
pub(crate) const LENGTH_END: usize = 8;

/// Bytes of the largest entry: the gap, the length and the payload. A frame is that large if it holds nothing else.
const ENTRY_BYTES_MAX: usize = 10 + 5 + limits::RECORD_PAYLOAD_BYTES_MAX;

/// One commit as it stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its commit offset: higher than that of the record before it.
    pub offset: u64,
    /// The leadership under which it was written; never decreases.
    pub epoch: u32,
    /// What was logged.
    pub payload: &'a [u8],
}

/// What stands before a frame's entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    checksum: u32,
    /// The offset of the first record.
    pub first: u64,
    /// The last record that was known to be on disk when this frame was written.
    pub synced: u64,
    /// Bytes of the whole frame.
    pub bytes: usize,
}

/// A whole frame whose checksum and entries were found right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// The offset of the first record.
    pub first: u64,
    /// The offset of the last record.
    pub last: u64,
    /// See [`Header::synced`].
    pub synced: u64,
    /// Records in it.
    pub records: u64,
    /// Bytes of the whole frame.
    pub bytes: usize,
}

/// One entry of a frame.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub offset: u64,
    /// Where its payload stands.
    pub payload: Range<usize>,
}

/// Begins a frame; entries are to be appended, and [`seal`] is to close it.
pub(crate) fn begin(out: &mut Vec<u8>, first: u64) {
    let mut header = [0; HEADER_BYTES];
    put(&mut header, 8, &first.to_le_bytes());
    out.extend_from_slice(&header);
}

/// Fills in the length, the synced record and the checksum, which starts from the segment's salt, of a whole frame.
pub(crate) fn seal(frame: &mut [u8], synced: u64, salt: u32) {
    let length = frame.len().saturating_sub(HEADER_BYTES);
    put(frame, 4, &u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    put(frame, 16, &synced.to_le_bytes());
    let checksum = crc32c::crc32c_append(salt, frame.get(4..).unwrap_or_default());
    put(frame, 0, &checksum.to_le_bytes());
}

/// The header at the start of `bytes`, which hold the whole frame; or why there can be none.
pub(crate) fn header(bytes: &[u8]) -> Result<Header, &'static str> {
    let short = "the file ends inside a frame's header";
    let checksum = u32::from_le_bytes(array(bytes, 0).ok_or(short)?);
    let length = u32::from_le_bytes(array(bytes, 4).ok_or(short)?) as usize;
    let first = u64::from_le_bytes(array(bytes, 8).ok_or(short)?);
    let synced = u64::from_le_bytes(array(bytes, 16).ok_or(short)?);
    if length == 0 || length > ENTRY_BYTES_MAX {
        return Err("the frame's length is impossible");
    }
    if first == 0 || synced >= first {
        return Err("the frame's offsets are impossible");
    }
    let bytes_of_frame = HEADER_BYTES + length;
    if bytes_of_frame > bytes.len() {
        return Err("the file ends inside a frame");
    }
    Ok(Header { checksum, first, synced, bytes: bytes_of_frame })
}

/// The frame at the start of `bytes` of a segment with this salt, or why there is none.
pub(crate) fn parse(bytes: &[u8], salt: u32) -> Result<Frame, &'static str> {
    let header = header(bytes)?;
    let checked = bytes.get(4..header.bytes).unwrap_or_default();
    header.check(bytes, crc32c::crc32c_append(salt, checked))
}

/// The entry at `position`; `previous` is the offset of the record before it.
pub(crate) fn entry_at(bytes: &[u8], position: usize, previous: u64) -> Option<Entry> {
    let (gap, gap_bytes) = varint::read(bytes.get(position..)?)?;
    let offset = previous.checked_add(1)?.checked_add(gap)?;
    let position = position + gap_bytes;
    let (length, length_bytes) = varint::read(bytes.get(position..)?)?;
    let length = usize::try_from(length).ok().filter(|length| *length <= limits::RECORD_PAYLOAD_BYTES_MAX)?;
    let start = position + length_bytes;
    let end = start + length;
    (end <= bytes.len()).then_some(Entry { offset, payload: start..end })
}

impl Header {
    /// The frame at the start of `bytes`, of which everything after the checksum has `checksum`.
    pub fn check(&self, bytes: &[u8], checksum: u32) -> Result<Frame, &'static str> {
        if checksum != self.checksum {
            return Err("the frame's checksum does not match");
        }
        let bytes = bytes.get(..self.bytes).unwrap_or_default();
        let Header { first, synced, .. } = *self;
        let mut last = first - 1;
        let mut records = 0;
        let mut position = HEADER_BYTES;
        while position < bytes.len() {
            let entry = entry_at(bytes, position, last).ok_or("the frame's entries are not valid")?;
            if records == 0 && entry.offset != first {
                return Err("the frame's first entry has another offset than the frame");
            }
            last = entry.offset;
            position = entry.payload.end;
            records += 1;
        }
        Ok(Frame { first, last, synced, records, bytes: bytes.len() })
    }
}

pub(crate) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
