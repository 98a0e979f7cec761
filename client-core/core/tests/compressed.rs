//! Compressed messages: the client reads them as if they were not, and whatever a server makes up instead has a clear answer and
//! takes no more memory than it may.

use ambit_client_core::{ProtocolError, Session, unpack};
use ambit_wire::ServerMessage;
use ambit_wire::limits::{COMPRESSION_WINDOW_BYTES_MAX, SERVER_MESSAGE_BYTES_MAX};
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

fn pack(message: &[u8]) -> Vec<u8> {
    let block = compress_to_vec(message, CompressionLevel::Fastest);
    ServerMessage::Compressed { length: message.len(), block: &block }.encode()
}

#[track_caller]
fn refused(length: usize, block: &[u8]) -> String {
    let message = ServerMessage::Compressed { length, block }.encode();
    let Err(ProtocolError::Compressed(why)) = unpack(&message) else { panic!("{length} bytes were taken") };
    let mut session = Session::new();
    assert_eq!(session.receive(&message, 0), Err(ProtocolError::Compressed(why.clone())));
    assert!(session.has_failed());
    why
}

fn goodbye(text: &str) -> Vec<u8> {
    ServerMessage::Goodbye { code: 1, message: text }.encode()
}

#[test]
fn a_compressed_message_is_the_message() {
    let plain = goodbye(&"the same again and again ".repeat(100));
    let packed = pack(&plain);
    assert!(packed.len() < plain.len() / 4);
    assert_eq!(*unpack(&packed).unwrap(), *plain);
    assert_eq!(*unpack(&plain).unwrap(), *plain, "what is not compressed stays as it is");
    let mut session = Session::new();
    session.receive(&packed, 0).unwrap();
    assert!(session.goodbye().unwrap().message.starts_with("the same"));
    let statistics = session.statistics();
    assert_eq!((statistics.bytes_received, statistics.messages_received), (packed.len() as u64, 1));
}

#[test]
fn what_is_no_message_is_refused_as_before() {
    for bytes in [&[][..], &[1, 2, 3], &[0; 64]] {
        assert_eq!(*unpack(bytes).unwrap(), *bytes);
        assert!(matches!(Session::new().receive(bytes, 0), Err(ProtocolError::Wire(_))));
    }
    // One in another one.
    let twice = pack(&pack(&goodbye("bye")));
    assert!(matches!(Session::new().receive(&twice, 0), Err(ProtocolError::Compressed(_))));
    // A message that is none.
    let none = pack(&[7; 500]);
    assert!(matches!(Session::new().receive(&none, 0), Err(ProtocolError::Wire(_))));
}

#[test]
fn damaged_frames_are_refused() {
    let plain = goodbye(&"again ".repeat(200));
    let block = compress_to_vec(plain.as_slice(), CompressionLevel::Fastest);
    let length = plain.len();
    assert!(refused(length - 1, &block).contains("more than"));
    assert!(refused(length + 1, &block).contains(&format!("it has {length} of {} bytes", length + 1)));
    refused(length, &[]);
    refused(length, &[0; 100]);
    for end in 0..block.len() {
        refused(length, &block[..end]);
    }
    let mut longer = block.clone();
    longer.extend_from_slice(&block);
    assert!(refused(length, &longer).contains("bytes follow it"));
    refused(2 * length, &longer);
    refused(0, &block);
}

/// The head of a frame whose window has 2^(10 + exponent) bytes.
fn head(exponent: u8) -> Vec<u8> {
    vec![0x28, 0xB5, 0x2F, 0xFD, 0, exponent << 3]
}

/// A block of one byte again and again.
fn run(bytes: u32, is_last: bool) -> [u8; 4] {
    let [a, b, c, _] = (bytes << 3 | 1 << 1 | u32::from(is_last)).to_le_bytes();
    [a, b, c, 0xAB]
}

#[test]
fn a_small_frame_grows_no_further_than_it_says() {
    let many = |exponent: u8, blocks: usize| {
        let mut block = head(exponent);
        (1..=blocks).for_each(|number| block.extend_from_slice(&run(128 << 10, number == blocks)));
        block
    };
    // So much is possible.
    let message = ServerMessage::Compressed { length: 4 << 17, block: &many(10, 4) }.encode();
    assert_eq!(unpack(&message).unwrap().len(), 4 << 17);
    // A gigabyte out of forty thousand bytes.
    assert!(refused(SERVER_MESSAGE_BYTES_MAX, &many(10, 10_000)).contains("more than"));
    assert!(refused(1_000, &many(10, 10_000)).contains("more than"));
    // More than may be remembered.
    let exponent = COMPRESSION_WINDOW_BYTES_MAX.ilog2() as u8 - 10;
    let message = ServerMessage::Compressed { length: 1 << 17, block: &many(exponent, 1) }.encode();
    assert!(unpack(&message).is_ok());
    refused(1 << 17, &many(exponent + 1, 1));
    refused(1 << 17, &many(31, 1));
    // More than a message may have.
    let message = ServerMessage::Compressed { length: SERVER_MESSAGE_BYTES_MAX + 1, block: &many(10, 1) };
    assert!(matches!(Session::new().receive(&message.encode(), 0), Err(ProtocolError::Wire(_))));
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(
        words in prop::collection::vec(0_u8..40, 1..2_000),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in prop::option::of(0_usize..4_000),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut block = compress_to_vec(words.as_slice(), CompressionLevel::Fastest);
        for (place, byte) in &places {
            let place = place.index(block.len());
            block[place] = *byte;
        }
        let length = length.unwrap_or(words.len());
        for block in [block, noise] {
            let message = ServerMessage::Compressed { length, block: &block }.encode();
            if let Ok(bytes) = unpack(&message) {
                prop_assert_eq!(bytes.len(), length);
            }
            let _ = Session::new().receive(&message, 0);
        }
    }
}
