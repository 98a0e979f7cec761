//! Finds whole frames among bytes that are not all frames. It looks at every byte, and is quick whatever the bytes are.

use crate::frame::{self, Frame, Header};
use crate::limits::{SCAN_DIRECT_BYTES_MAX, SCAN_PREFIX_BYTES, SCAN_ZERO_BYTES};

/// Whether some frame that begins in the first `tail_bytes` of `rest` was written when a record after `last_offset`,
/// which is missing before it, was already synced.
pub(super) fn was_synced(rest: &[u8], tail_bytes: usize, last_offset: u64, salt: u32) -> bool {
    let mut scan = Scan::new(rest, tail_bytes, salt);
    scan.next_frame(|header| header.synced > last_offset).is_some()
}

/// A pass over bytes.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    /// Frames begin before it.
    end: usize,
    salt: u32,
    position: usize,
    /// Checksums of the prefixes of multiples of [`SCAN_PREFIX_BYTES`]; made when first needed.
    prefixes: Vec<u32>,
}

impl<'a> Scan<'a> {
    pub fn new(bytes: &'a [u8], end: usize, salt: u32) -> Self {
        Self { bytes, end, salt, position: 0, prefixes: Vec::new() }
    }

    /// The next whole frame whose header is one of those that are wanted; the next one begins behind it.
    pub fn next_frame(&mut self, is_wanted: impl Fn(&Header) -> bool) -> Option<Frame> {
        while self.position < self.end {
            let candidate = self.bytes.get(self.position..).unwrap_or_default();
            if let Ok(header) = frame::header(candidate)
                && is_wanted(&header)
                && let Ok(frame) = header.check(candidate, self.checksum(candidate, header.bytes))
            {
                self.position += frame.bytes;
                return Some(frame);
            }
            self.position += Self::step(candidate);
        }
        None
    }

    /// Bytes to the next place where a frame can begin, after none began here. Most of a segment may be zeros that were
    /// never written, and a frame's length is not zero.
    fn step(candidate: &[u8]) -> usize {
        if candidate.starts_with(&[0; SCAN_ZERO_BYTES]) { SCAN_ZERO_BYTES - frame::LENGTH_END } else { 1 }
    }

    /// The checksum of a frame of this many bytes at the current position.
    fn checksum(&mut self, candidate: &[u8], frame_bytes: usize) -> u32 {
        if frame_bytes <= SCAN_DIRECT_BYTES_MAX {
            return crc32c::crc32c_append(self.salt, candidate.get(4..frame_bytes).unwrap_or_default());
        }
        let (start, end) = (self.position + 4, self.position + frame_bytes);
        let (before, all) = (self.prefix(start), self.prefix(end));
        // The checksum of bytes `a` then `b` is that of `a`, moved past as many bytes as `b` has, and that of `b`, added
        // (exclusive or). So adding it, and the checksum of everything up to the end, leaves that of `b` behind the salt.
        crc32c::crc32c_combine(before ^ self.salt, all, end - start)
    }

    /// The checksum of the bytes before `end`.
    fn prefix(&mut self, end: usize) -> u32 {
        if self.prefixes.is_empty() {
            let mut checksum = 0;
            self.prefixes.push(checksum);
            for piece in self.bytes.chunks_exact(SCAN_PREFIX_BYTES) {
                checksum = crc32c::crc32c_append(checksum, piece);
                self.prefixes.push(checksum);
            }
        }
        let index = end / SCAN_PREFIX_BYTES;
        let known = self.prefixes.get(index).copied().unwrap_or_default();
        let rest = self.bytes.get(index * SCAN_PREFIX_BYTES..end).unwrap_or_default();
        crc32c::crc32c_append(known, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u64, payload: &[u8], salt: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::begin(&mut bytes, first);
        bytes.push(0);
        crate::varint::put(&mut bytes, payload.len() as u64);
        bytes.extend_from_slice(payload);
        frame::seal(&mut bytes, first - 1, salt);
        bytes
    }

    #[test]
    fn whole_frames_of_any_size_are_found_at_any_byte() {
        // Zeros between, so that frames begin right behind them, and end in them.
        let sizes = [0, 1, 300, SCAN_DIRECT_BYTES_MAX - 30, SCAN_DIRECT_BYTES_MAX + 30, 100_000, 7];
        let mut bytes = Vec::new();
        for (index, size) in sizes.into_iter().enumerate() {
            bytes.resize(bytes.len() + 3 * index, index as u8);
            bytes.resize(bytes.len() + index * (SCAN_ZERO_BYTES - 3), 0);
            let payload: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
            bytes.extend(frame(index as u64 + 5, &payload, 0xABCD_0001));
        }
        for (salt, expected) in [(0xABCD_0001, vec![5, 6, 7, 8, 9, 10, 11]), (0xABCD_0002, vec![])] {
            let mut scan = Scan::new(&bytes, bytes.len(), salt);
            let found: Vec<_> =
                std::iter::from_fn(|| scan.next_frame(|_| true)).map(|frame| frame.first).collect();
            assert_eq!(found, expected);
        }
        assert!(was_synced(&bytes, bytes.len(), 9, 0xABCD_0001));
        assert!(!was_synced(&bytes, bytes.len(), 10, 0xABCD_0001));
    }

    /// A client may plant a header at every place it can: with a checksum each over all the rest, the scan would read a
    /// million times what is there.
    #[test]
    fn planted_headers_cost_no_pass_over_the_rest_each() {
        let mut bytes = Vec::new();
        let size = 4 << 20;
        while bytes.len() < size {
            let mut header = frame(9, &[], 1);
            header.truncate(frame::HEADER_BYTES);
            let length = (size - bytes.len()) as u32 / 2;
            header[4..8].copy_from_slice(&length.to_le_bytes());
            bytes.extend(header);
            bytes.resize(bytes.len() + 1_000, 0xFF);
        }
        let mut scan = Scan::new(&bytes, bytes.len(), 1);
        assert!(scan.next_frame(|header| header.synced > 1).is_none());
    }
}
