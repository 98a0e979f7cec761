//! A segment's name and header. Segments are named by their first offset, so a listing is in order.

use crate::record::{array, put};

/// Bytes of a segment's header; the first record follows.
pub(crate) const HEADER_BYTES: usize = 32;

/// A segment that is being zeroed; never holds records, removed on open.
pub(crate) const SPARE_NAME: &str = "spare.tmp";

const MAGIC: [u8; 8] = *b"AMBITLOG";
const VERSION: u32 = 1;
const EXTENSION: &str = ".log";

/// The file name of the segment whose first record has this offset.
pub fn segment_name(first_offset: u64) -> String {
    format!("{first_offset:020}{EXTENSION}")
}

/// The first offset that a segment's name tells; `None` if it is not a segment's name.
pub(crate) fn first_offset_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(EXTENSION)?;
    let offset = digits.parse().ok()?;
    (segment_name(offset) == name).then_some(offset)
}

/// The header of a segment: magic, version, salt, first offset, checksum.
pub(crate) fn header(first_offset: u64, salt: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    put(&mut header, 0, &MAGIC);
    put(&mut header, 8, &VERSION.to_le_bytes());
    put(&mut header, 12, &salt.to_le_bytes());
    put(&mut header, 16, &first_offset.to_le_bytes());
    let checksum = crc32c::crc32c(header.get(..28).unwrap_or_default());
    put(&mut header, 28, &checksum.to_le_bytes());
    header
}

/// Checks a segment's header against its name; returns the salt of its records' checksums.
pub(crate) fn check_header(bytes: &[u8], first_offset: u64) -> Result<u32, String> {
    let Some(found) = array::<HEADER_BYTES>(bytes, 0) else {
        return Err(format!("the file has {} bytes, less than a segment's header", bytes.len()));
    };
    if !found.starts_with(&MAGIC) {
        return Err("the file does not begin like a segment of a log".into());
    }
    let version = array(&found, 8).map(u32::from_le_bytes).unwrap_or_default();
    if version != VERSION {
        return Err(format!("the segment has version {version}; this program reads version {VERSION}"));
    }
    let salt = array(&found, 12).map(u32::from_le_bytes).unwrap_or_default();
    match found == header(first_offset, salt) {
        true => Ok(salt),
        false => Err("the segment's header is damaged or belongs to another file".into()),
    }
}
