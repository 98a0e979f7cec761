//! One record: a checked header, then the payload, padded to 8 bytes. It knows nothing of files.

use crate::limits;

/// Bytes of a record's header.
pub(crate) const HEADER_BYTES: usize = 32;

/// One commit as it stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its commit offset: one more than the record's before it.
    pub offset: u64,
    /// The leadership under which it was written; never decreases.
    pub epoch: u32,
    /// What was logged.
    pub payload: &'a [u8],
}

/// A record found at a place of a segment, with what only recovery needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framed<'a> {
    pub record: Record<'a>,
    /// The last offset that was known to be on disk when this record was written.
    pub synced: u64,
    /// Bytes of the whole record.
    pub bytes: usize,
}

/// Bytes of a record with a payload of this length.
pub(crate) fn framed_bytes(payload_bytes: usize) -> usize {
    HEADER_BYTES + payload_bytes.next_multiple_of(8)
}

/// Appends a record whose payload `write` appends; the checksum and the synced offset follow in [`seal`].
pub(crate) fn append(
    out: &mut Vec<u8>,
    offset: u64,
    epoch: u32,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<(), usize> {
    let start = out.len();
    let mut header = [0; HEADER_BYTES];
    put(&mut header, 8, &offset.to_le_bytes());
    put(&mut header, 24, &epoch.to_le_bytes());
    out.extend_from_slice(&header);
    write(out);
    let length = out.len().saturating_sub(start + HEADER_BYTES);
    if length > limits::RECORD_PAYLOAD_BYTES_MAX {
        out.truncate(start);
        return Err(length);
    }
    let length_bytes = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&length_bytes);
    }
    out.resize(start + framed_bytes(length), 0);
    Ok(())
}

/// Bytes of the record at the start of `bytes`, which [`append`] wrote.
pub(crate) fn length_at(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(array(bytes, 4)?);
    Some(framed_bytes(length as usize))
}

/// Fills in the synced offset and the checksum, which starts from the segment's salt, of one whole record.
pub(crate) fn seal(record: &mut [u8], synced: u64, salt: u32) {
    put(record, 16, &synced.to_le_bytes());
    let checksum = crc32c::crc32c_append(salt, record.get(4..).unwrap_or_default());
    put(record, 0, &checksum.to_le_bytes());
}

/// The record at the start of `bytes` of a segment with this salt, or why there is none.
pub(crate) fn parse(bytes: &[u8], salt: u32) -> Result<Framed<'_>, &'static str> {
    let short = "the file ends inside a record's header";
    let checksum = u32::from_le_bytes(array(bytes, 0).ok_or(short)?);
    let length = u32::from_le_bytes(array(bytes, 4).ok_or(short)?) as usize;
    let offset = u64::from_le_bytes(array(bytes, 8).ok_or(short)?);
    let synced = u64::from_le_bytes(array(bytes, 16).ok_or(short)?);
    let epoch = u32::from_le_bytes(array(bytes, 24).ok_or(short)?);
    if length > limits::RECORD_PAYLOAD_BYTES_MAX {
        return Err("the record's length is impossible");
    }
    let end = framed_bytes(length);
    let checked = bytes.get(4..end).ok_or("the file ends inside a record")?;
    if crc32c::crc32c_append(salt, checked) != checksum {
        return Err("the record's checksum does not match");
    }
    let payload = bytes.get(HEADER_BYTES..HEADER_BYTES + length).ok_or(short)?;
    Ok(Framed { record: Record { offset, epoch, payload }, synced, bytes: end })
}

/// Whether the bytes could begin a record with an offset after `offset`; cheap, for scanning.
pub(crate) fn may_follow(bytes: &[u8], offset: u64) -> bool {
    let later = array(bytes, 8).is_some_and(|found| u64::from_le_bytes(found) > offset);
    later && length_at(bytes).is_some_and(|length| length <= bytes.len())
}

pub(crate) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
