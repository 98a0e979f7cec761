//! Bytes read from their start: of a change set's body, of a snapshot's chunk. Never reads outside of them.

use ambit_model::varint;

/// What has been read, and what has not yet.
#[derive(Debug, Clone)]
pub(crate) struct ByteReader<'a> {
    bytes: &'a [u8],
    /// The next byte's position.
    pub(crate) at: usize,
}

/// Why a reader cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The bytes end too early.
    Truncated,
    /// A number has too many bits for its place, or is not in its shortest form.
    Number,
}

impl<'a> ByteReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// What has not been read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let bytes = self.rest().get(..length).ok_or(ReadError::Truncated)?;
        self.at += length;
        Ok(bytes)
    }

    /// The next number (`ambit_model::varint`).
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, ReadError> {
        let rest = self.rest();
        match varint::read(rest) {
            Some((number, length)) => {
                self.at += length;
                Ok(number)
            }
            None if rest.len() < 10 && rest.iter().all(|byte| byte & 0x80 != 0) => Err(ReadError::Truncated),
            None => Err(ReadError::Number),
        }
    }

    /// The next number, of a type with fewer bits.
    #[inline]
    pub(crate) fn small<N: TryFrom<u64>>(&mut self) -> Result<N, ReadError> {
        let start = self.at;
        let number = self.number()?;
        N::try_from(number).map_err(|_| {
            self.at = start;
            ReadError::Number
        })
    }
}
