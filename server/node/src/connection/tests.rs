//! Messages that wait until they are compressed or durable, and what is sent meanwhile.

use std::io::Read;
use std::net::TcpListener;

use ambit_wire::UpdateHeader;

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

fn header(offset: u64) -> UpdateHeader {
    UpdateHeader { offset, durable_offset: 7, ..UpdateHeader::default() }
}

fn held(offset: u64, blocks: Vec<u8>) -> HeldUpdate {
    HeldUpdate { header: header(offset), blocks, after: Vec::new() }
}

#[tokio::test]
async fn updates_wait_until_they_are_durable_and_nothing_else_does() {
    let (connection, there) = connection(true);
    assert!(connection.hold(held(5, vec![5])), "the first is to be listed");
    let followed = HeldUpdate { after: vec![vec![7]], ..held(6, vec![6]) };
    assert!(!connection.hold(followed) && !connection.hold(held(9, large())));
    assert!(connection.release(4));
    assert!(connection.send(vec![1]));
    assert!(connection.release(7), "the last one is left");
    assert_eq!(connection.durable_told.load(Ordering::Acquire), 7);
    assert!(connection.send(vec![2]));
    let told = [header(5).encode_with(&[&[5]]), vec![1], header(6).encode_with(&[&[6]]), vec![7], vec![2]];
    // In another order: what waits for the disk does not hold up what need not.
    let expected =
        [&told[1], &told[0], &told[2], &told[3], &told[4]].map(|message| frame(message.clone())).concat();
    assert!(rest(connection, there).await == expected);
}

/// Refusals used to go out at once: a subscription failed, and then an older update said that it had begun.
#[tokio::test]
async fn what_comes_after_an_update_waits_with_it() {
    let (connection, there) = connection(true);
    connection.hold(held(5, vec![5]));
    connection.hold(HeldUpdate { after: vec![vec![66], vec![67]], ..held(6, vec![6]) });
    assert!(!connection.release(6));
    let [first, second] = [5_u8, 6]
        .map(|offset| UpdateHeader { durable_offset: 6, ..header(offset.into()) }.encode_with(&[&[offset]]));
    let expected = [first, second, vec![66], vec![67]].map(frame).concat();
    assert!(rest(connection, there).await == expected);
}

/// When the clients of a server let too much wait together, each may let less wait, whatever it waits for.
#[tokio::test]
async fn less_may_wait_to_be_durable_when_all_wait_for_much() {
    let (connection, _there) = connection(false);
    connection.server_outgoing.change(0, limits::SERVER_OUTGOING_BYTES_MAX);
    connection.hold(held(1, vec![0; limits::OUTGOING_BYTES_WHEN_CROWDED_MAX]));
    assert!(!connection.is_closing());
    connection.hold(held(2, vec![0]));
    assert!(connection.is_closing());
}

#[tokio::test]
async fn a_client_for_whom_too_much_waits_to_be_durable_is_let_go() {
    let (connection, there) = connection(false);
    // One may be as large as it is.
    connection.hold(held(1, vec![0; limits::OUTGOING_BYTES_MAX]));
    assert!(!connection.is_closing());
    connection.hold(held(2, vec![0]));
    assert!(connection.is_closing() && !connection.was_too_slow());
    assert!(!connection.release(2), "nobody looks at it again");
    let told = rest(connection, there).await;
    let text = b"wait to be durable";
    assert!(told.windows(text.len()).any(|window| window == text) && told.len() < 1_000);
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
