//! Numbers of one to ten bytes: seven bits a byte, the lowest first, the high bit says that another byte follows.

/// Bytes that the number takes.
pub(crate) fn length(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends a number.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a number over bytes that are exactly as many as [`length`] says.
pub(crate) fn overwrite(place: &mut [u8], mut value: u64) {
    let last = place.len().saturating_sub(1);
    for (index, byte) in place.iter_mut().enumerate() {
        let more = if index < last { 0x80 } else { 0 };
        *byte = (value & 0x7F) as u8 | more;
        value >>= 7;
    }
}

/// The number at the start of the bytes and how many it takes; `None` if there is none, if it does not fit 64 bits or
/// if it could be written shorter: so that each number has one form.
pub(crate) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((u64::from(first), 1));
    }
    let mut value = u64::from(first & 0x7F);
    for (index, byte) in bytes.iter().enumerate().take(10).skip(1) {
        let part = u64::from(byte & 0x7F);
        let shift = 7 * index as u32;
        if part << shift >> shift != part {
            return None;
        }
        value |= part << shift;
        if *byte < 0x80 {
            return (*byte != 0).then_some((value, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_their_one_form() {
        for shift in 0..64 {
            for value in [1 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = vec![9];
                put(&mut bytes, value);
                assert_eq!(bytes.len(), 1 + length(value), "{value}");
                assert_eq!(read(&bytes[1..]), Some((value, length(value))), "{value}");
                let mut place = vec![0; length(value)];
                overwrite(&mut place, value);
                assert_eq!(place, bytes[1..], "{value}");
                bytes.pop();
                assert_eq!(read(&bytes[1..]), None, "{value} without its end");
            }
        }
        assert_eq!(read(&[0x80, 0]), None, "zero in two bytes");
        assert_eq!(read(&[0xFF; 12]), None, "no end");
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]), None, "65 bits");
    }
}
