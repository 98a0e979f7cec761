//! The header before every call's arguments: who calls, when, and the seed of the call's random numbers.

use ambit_model::{ConnectionId, Duration, Identity, Timestamp};

/// What a reducer knows about its call besides the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallHeader {
    /// Who calls. The database's own identity for init and ticks.
    pub sender: Identity,
    /// The caller's connection; all zeros if the call came from none.
    pub connection: ConnectionId,
    /// The moment of the call, the same for everything that happens in it.
    pub timestamp: Timestamp,
    /// For ticks exactly the declared interval; zero otherwise.
    pub dt: Duration,
    /// Seeds the call's random numbers, so that a replay draws the same.
    pub seed: u128,
}

/// The bytes before the arguments are not a call header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallHeaderError {
    /// Fewer than [`CallHeader::BYTES`] bytes.
    #[error("a call header has {expected} bytes, got {0}", expected = CallHeader::BYTES)]
    TooShort(usize),
    /// The reserved bytes are not zero.
    #[error("the reserved bytes of a call header are not zero")]
    Reserved,
}

const SENDER: usize = 0;
const CONNECTION: usize = 32;
const TIMESTAMP: usize = 48;
const DT: usize = 56;
const SEED: usize = 64;
const RESERVED: usize = 80;

impl CallHeader {
    /// Bytes of the header. The arguments follow, aligned to 8.
    pub const BYTES: usize = 96;

    /// The header's bytes.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut put = |at: usize, part: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + part.len()) {
                place.copy_from_slice(part);
            }
        };
        put(SENDER, &self.sender.0);
        put(CONNECTION, &self.connection.0);
        put(TIMESTAMP, &self.timestamp.0.to_le_bytes());
        put(DT, &self.dt.0.to_le_bytes());
        put(SEED, &self.seed.to_le_bytes());
        bytes
    }

    /// The header at the start of `bytes`, and the arguments that follow it.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), CallHeaderError> {
        let (header, arguments) =
            bytes.split_first_chunk::<{ Self::BYTES }>().ok_or(CallHeaderError::TooShort(bytes.len()))?;
        if header.iter().skip(RESERVED).any(|&byte| byte != 0) {
            return Err(CallHeaderError::Reserved);
        }
        let header = Self {
            sender: Identity(part(header, SENDER)),
            connection: ConnectionId(part(header, CONNECTION)),
            timestamp: Timestamp(i64::from_le_bytes(part(header, TIMESTAMP))),
            dt: Duration(i64::from_le_bytes(part(header, DT))),
            seed: u128::from_le_bytes(part(header, SEED)),
        };
        Ok((header, arguments))
    }
}

fn part<const N: usize>(header: &[u8; CallHeader::BYTES], at: usize) -> [u8; N] {
    header.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives() {
        let header = CallHeader {
            sender: Identity(std::array::from_fn(|index| index as u8 + 1)),
            connection: ConnectionId([7; 16]),
            timestamp: Timestamp(-5),
            dt: Duration(50_000),
            seed: u128::MAX - 3,
        };
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(b"arguments");
        assert_eq!(CallHeader::decode(&bytes), Ok((header, b"arguments".as_slice())));
        assert_eq!(CallHeader::decode(&bytes[..95]), Err(CallHeaderError::TooShort(95)));
        bytes[95] = 1;
        assert_eq!(CallHeader::decode(&bytes), Err(CallHeaderError::Reserved));
    }
}
