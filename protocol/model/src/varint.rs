//! Unsigned numbers in as few bytes as they need: 7 bits per byte, low bits first, the top bit says "more". Updates on
//! the wire, change sets and snapshots are made of them.

/// Appends `value`: 1 to 10 bytes.
#[inline]
pub fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number at the start of `bytes` and its length; `None` when it is cut off, too large or not the shortest
/// form.
#[inline]
pub fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    if let Some(&byte @ 0..0x80) = bytes.first() {
        return Some((byte.into(), 1));
    }
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().take(10).enumerate() {
        let part = u64::from(byte & 0x7f);
        if index == 9 && part > 1 {
            return None;
        }
        value |= part << (7 * index);
        if byte & 0x80 == 0 {
            let shortest = byte != 0 || index == 0;
            return shortest.then_some((value, index + 1));
        }
    }
    None
}

/// A signed number as an unsigned one, small ones small: 0, -1, 1, -2 … become 0, 1, 2, 3 ….
#[inline]
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_numbers_come_back() {
        for value in [0, -1, 1, -2, 63, -64, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
    }

    #[test]
    fn every_length_comes_back() {
        let edges = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1]).chain([u64::MAX]);
        for value in edges {
            let mut bytes = Vec::new();
            write(&mut bytes, value);
            assert_eq!(bytes.len(), (64 - value.leading_zeros() as usize).div_ceil(7).max(1));
            assert_eq!(read(&bytes), Some((value, bytes.len())));
            assert_eq!(read(&bytes[..bytes.len() - 1]), None, "cut off");
            bytes.push(7);
            assert_eq!(read(&bytes), Some((value, bytes.len() - 1)), "what follows is somebody else's");
        }
    }

    #[test]
    fn longer_forms_are_refused() {
        let full = [0xff; 9];
        for bytes in [&[][..], &[0x80, 0], &[0xff, 0x80, 0], &[&full[..], &[2]].concat(), &[0x80; 12]] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
        assert_eq!(read(&[&full[..], &[1]].concat()), Some((u64::MAX, 10)));
    }
}
