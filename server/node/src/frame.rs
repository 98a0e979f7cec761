//! WebSocket frames that the server writes (RFC 6455, section 5.2): never masked, never in fragments.
//!
//! Reading is tungstenite's work. Writing is done here, so that the engine and the follower can put a message into a
//! socket with one system call and without a lock on the reading side.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// A frame and its place in the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    header: [u8; 10],
    header_bytes: usize,
    payload: Bytes,
    /// Whether it goes out only after its message was compressed.
    pub is_raw: bool,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A message.
    Binary,
    /// The last frame.
    Close,
    /// Asks for a pong.
    Ping,
}

/// Bytes of a control frame's payload (RFC 6455, section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

impl Frame {
    /// A whole message as one frame.
    pub fn new(opcode: Opcode, payload: Vec<u8>) -> Self {
        let first = 0x80
            | match opcode {
                Opcode::Binary => 0x2,
                Opcode::Close => 0x8,
                Opcode::Ping => 0x9,
            };
        let (header, header_bytes) = header(first, payload.len());
        Self { header, header_bytes, payload: payload.into(), is_raw: false }
    }

    /// The closing frame. The Goodbye before it says the whole reason.
    pub fn close(reason: &str) -> Self {
        let mut payload = u16::from(CloseCode::Normal).to_be_bytes().to_vec();
        let end = reason.floor_char_boundary(CONTROL_BYTES_MAX - payload.len());
        payload.extend_from_slice(reason.get(..end).unwrap_or_default().as_bytes());
        Self::new(Opcode::Close, payload)
    }

    /// Bytes that are one or more frames already: tungstenite's answers to pings and closes.
    pub fn encoded(bytes: &[u8]) -> Self {
        Self { header: [0; 10], header_bytes: 0, payload: bytes.to_vec().into(), is_raw: false }
    }

    /// All its bytes, in order.
    pub fn parts(&self) -> [&[u8]; 2] {
        [self.header.get(..self.header_bytes).unwrap_or_default(), &self.payload]
    }

    /// The message that it carries.
    pub fn payload(&self) -> Bytes {
        self.payload.clone()
    }

    /// Bytes of header and payload.
    pub fn len(&self) -> usize {
        self.header_bytes + self.payload.len()
    }
}

fn header(first: u8, payload_bytes: usize) -> ([u8; 10], usize) {
    let [a, b, c, d, e, f, g, h] = (payload_bytes as u64).to_be_bytes();
    match payload_bytes {
        0..126 => ([first, h, 0, 0, 0, 0, 0, 0, 0, 0], 2),
        126..65_536 => ([first, 126, g, h, 0, 0, 0, 0, 0, 0], 4),
        _ => ([first, 127, a, b, c, d, e, f, g, h], 10),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

    use super::*;

    #[test]
    fn tungstenite_reads_every_length() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let frame = Frame::new(Opcode::Binary, vec![7; length]);
            let bytes = frame.parts().concat();
            assert_eq!(bytes.len(), frame.len());
            let mut cursor = Cursor::new(&bytes);
            let (header, payload_bytes) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert_eq!(payload_bytes, length as u64);
            assert_eq!(cursor.position() as usize + length, bytes.len());
            assert!(header.is_final && header.mask.is_none());
            assert_eq!(header.opcode, OpCode::Data(Data::Binary));
        }
    }

    #[test]
    fn a_close_frame_stays_small_and_whole() {
        let frame = Frame::close(&"ö".repeat(100));
        assert!(frame.len() <= 2 + CONTROL_BYTES_MAX);
        assert!(std::str::from_utf8(&frame.parts().concat()[4..]).is_ok());
    }
}
