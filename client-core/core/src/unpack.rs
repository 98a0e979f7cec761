//! Messages that the server has compressed.

use std::borrow::Cow;

use ambit_wire::ServerMessage;
use ambit_wire::limits::COMPRESSION_WINDOW_BYTES_MAX;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::error::ProtocolError;
use crate::limits::UNPACKED_STEP_BYTES;

/// The message that a server's message is: another one if it is a compressed one, which grows no further than it says itself and
/// the wire allows. What is no message at all comes back as it is.
pub fn unpack(message: &[u8]) -> Result<Cow<'_, [u8]>, ProtocolError> {
    match ServerMessage::decode(message) {
        Ok(ServerMessage::Compressed { length, block }) => decode(block, length).map(Cow::Owned),
        Ok(_) | Err(_) => Ok(Cow::Borrowed(message)),
    }
}

/// The `length` bytes of one zstd frame. Memory is taken as they come, not as many as are announced.
fn decode(mut block: &[u8], length: usize) -> Result<Vec<u8>, ProtocolError> {
    let damaged = |error: &dyn std::fmt::Display| ProtocolError::Compressed(error.to_string());
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(COMPRESSION_WINDOW_BYTES_MAX as u64);
    decoder.init(&mut block).map_err(|error| damaged(&error))?;
    let mut bytes = Vec::new();
    while !decoder.is_finished() {
        let step = BlockDecodingStrategy::UptoBytes(UNPACKED_STEP_BYTES);
        decoder.decode_blocks(&mut block, step).map_err(|error| damaged(&error))?;
        decoder.collect_to_writer(&mut bytes).map_err(|error| damaged(&error))?;
        if bytes.len() > length {
            return Err(damaged(&format!("it has more than the {length} bytes that it announces")));
        }
    }
    decoder.collect_to_writer(&mut bytes).map_err(|error| damaged(&error))?;
    match (bytes.len() == length, block) {
        (true, []) => Ok(bytes),
        (true, rest) => Err(damaged(&format!("{} bytes follow it", rest.len()))),
        (false, _) => Err(damaged(&format!("it has {} of {length} bytes", bytes.len()))),
    }
}
