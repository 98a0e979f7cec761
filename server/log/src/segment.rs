//! A segment's name and header. Segments are named by the lowest offset that can be in them, so a listing is in order.

use crate::frame::{array, put};

/// Bytes of a segment's header; the first frame follows.
pub(crate) const HEADER_BYTES: usize = 40;

/// A segment that is being zeroed; never holds records, removed on open.
pub(crate) const SPARE_NAME: &str = "spare.tmp";

const MAGIC: [u8; 8] = *b"AMBITLOG";
const VERSION: u32 = 1;
const EXTENSION: &str = ".log";

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// What the checksums of its frames start from.
    pub salt: u32,
    /// No record in it has a lower offset.
    pub first: u64,
    /// The offset of the last record before it; what a new log goes on from, if there was none.
    pub previous: u64,
    /// The epoch of its records.
    pub epoch: u32,
}

/// The file name of the segment whose records begin at this offset.
pub fn segment_name(first_offset: u64) -> String {
    format!("{first_offset:020}{EXTENSION}")
}

/// The first offset that a segment's name tells; `None` if it is not a segment's name.
pub(crate) fn first_offset_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(EXTENSION)?;
    let offset = digits.parse().ok()?;
    (segment_name(offset) == name).then_some(offset)
}

/// The first offsets of the segments among these names, ascending.
pub(crate) fn first_offsets(names: &[String]) -> Vec<u64> {
    let mut offsets: Vec<u64> = names.iter().filter_map(|name| first_offset_of(name)).collect();
    offsets.sort_unstable();
    offsets
}

impl Header {
    /// The header's bytes: magic, version, salt, first offset, previous offset, epoch, checksum.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 8, &VERSION.to_le_bytes());
        put(&mut bytes, 12, &self.salt.to_le_bytes());
        put(&mut bytes, 16, &self.first.to_le_bytes());
        put(&mut bytes, 24, &self.previous.to_le_bytes());
        put(&mut bytes, 32, &self.epoch.to_le_bytes());
        let checksum = crc32c::crc32c(bytes.get(..36).unwrap_or_default());
        put(&mut bytes, 36, &checksum.to_le_bytes());
        bytes
    }

    /// The header at the start of a segment's bytes, checked against the offset in its name.
    pub fn decode(bytes: &[u8], first: u64) -> Result<Self, String> {
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
        let previous = array(&found, 24).map(u64::from_le_bytes).unwrap_or_default();
        let epoch = array(&found, 32).map(u32::from_le_bytes).unwrap_or_default();
        let header = Self { salt, first, previous, epoch };
        match found == header.encode() && previous < first {
            true => Ok(header),
            false => Err("the segment's header is damaged or belongs to another file".into()),
        }
    }
}
