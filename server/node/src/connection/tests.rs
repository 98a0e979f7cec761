//! Messages that wait until they are compressed, and what is sent meanwhile.

use std::io::Read;
use std::net::TcpListener;

use super::*;
use crate::compression::compress;
use crate::limits::COMPRESSED_BYTES_MIN;

/// A connection, and the other end of its socket.
fn connection(takes_compressed: bool) -> (Connection, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (there, _) = listener.accept().unwrap();
    here.set_nonblocking(true).unwrap();
    let (_, outgoing) = tokio::net::TcpStream::from_std(here).unwrap().into_split();
    let client = (Identity::default(), ConnectionId::default(), takes_compressed);
    (Connection::new(1, client, Arc::new(outgoing), Arc::default()), there)
}

/// What the other end is sent until the connection ends, after what waits for the socket.
async fn rest(connection: Connection, mut there: std::net::TcpStream) -> Vec<u8> {
    while connection.has_waiting() {
        connection.write_waiting().await.unwrap();
    }
    drop(connection);
    let mut bytes = Vec::new();
    there.read_to_end(&mut bytes).unwrap();
    bytes
}

fn frame(message: Vec<u8>) -> Vec<u8> {
    Frame::new(Opcode::Binary, message).parts().concat()
}

fn large() -> Vec<u8> {
    vec![7; COMPRESSED_BYTES_MIN]
}

#[tokio::test]
async fn what_comes_later_waits_for_what_is_compressed() {
    let (connection, there) = connection(true);
    assert!(connection.send_large(large()) && connection.send(vec![1]) && connection.send_large(large()));
    assert!(!connection.has_waiting(), "there is nothing to be written yet");
    assert_eq!(connection.raw().as_deref(), Some(&*large()));
    let packed = compress(&large()).unwrap();
    assert!(packed.len() < COMPRESSED_BYTES_MIN / 10);
    connection.packed(Some(packed.clone()));
    while connection.has_waiting() {
        connection.write_waiting().await.unwrap();
    }
    assert!(connection.raw().is_some());
    // The second one does not gain by it.
    connection.packed(None);
    assert_eq!(connection.raw(), None);
    connection.send(vec![2]);
    let expected = [frame(packed), frame(vec![1]), frame(large()), frame(vec![2])].concat();
    assert!(rest(connection, there).await == expected);
}

#[tokio::test]
async fn only_large_messages_are_compressed_and_only_for_those_who_take_that() {
    for (takes_compressed, message) in [(false, large()), (true, vec![7; COMPRESSED_BYTES_MIN - 1])] {
        let (connection, there) = connection(takes_compressed);
        assert!(connection.send_large(message.clone()));
        assert_eq!(connection.raw(), None);
        assert!(rest(connection, there).await == frame(message));
    }
}

#[tokio::test]
async fn a_goodbye_does_not_wait_for_what_is_compressed() {
    let (connection, there) = connection(true);
    connection.send_large(large());
    connection.send(vec![1]);
    connection.goodbye(goodbye::SHUTDOWN, "the end");
    assert_eq!(connection.raw(), None);
    // It was on its way to be compressed.
    connection.packed(compress(&large()));
    let last = ServerMessage::Goodbye { code: goodbye::SHUTDOWN, message: "the end" }.encode();
    let expected = [frame(last), Frame::close("the end").parts().concat()].concat();
    assert!(rest(connection, there).await == expected);
}

#[tokio::test]
async fn what_was_not_compressed_in_time_goes_out_as_it_is() {
    let (connection, there) = connection(true);
    connection.send_large(large());
    connection.send(vec![1]);
    connection.give_up_compression();
    assert!(rest(connection, there).await == [frame(large()), frame(vec![1])].concat());
}

#[tokio::test]
async fn a_message_that_is_being_compressed_makes_nobody_slow() {
    let (connection, there) = connection(true);
    connection.send_large(vec![7; limits::OUTGOING_BYTES_MAX + 1]);
    assert!(connection.send(vec![1]));
    assert!(!connection.was_too_slow());
    connection.packed(compress(&vec![7; limits::OUTGOING_BYTES_MAX + 1]));
    assert!(rest(connection, there).await.ends_with(&frame(vec![1])));
}

#[test]
fn what_does_not_become_smaller_stays() {
    let mut random = 1_u64;
    let noise = (0..COMPRESSED_BYTES_MIN).map(|_| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 56) as u8
    });
    assert_eq!(compress(&noise.collect::<Vec<u8>>()), None);
}
