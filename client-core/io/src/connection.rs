//! The IO side of one connection: from the address to the last byte.

use std::pin::pin;
use std::sync::Arc;

use ambit_client_core::{Outbox, unpack};
use ambit_wire::limits::SERVER_MESSAGE_BYTES_MAX;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout_at};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::heard::{Heard, LastHeard};
use crate::limits;
use crate::link::Link;
use crate::options::{Options, Target};
use crate::state::{ConnectionState, DisconnectReason};

type Socket = WebSocketStream<Heard<TcpStream>>;

/// Runs a connection until it is over; its last state says why.
pub(crate) async fn run(link: Arc<Link>, options: Options) {
    let reason = tokio::select! {
        reason = connect_and_serve(&link, &options) => reason,
        reason = close_in_time(&link) => reason,
    };
    link.set_state(ConnectionState::Disconnected { reason });
}

async fn connect_and_serve(link: &Link, options: &Options) -> DisconnectReason {
    let target = match options.target() {
        Ok(target) => target,
        Err(problem) => return DisconnectReason::Options(problem),
    };
    let address = target.address.clone();
    let welcome_by = Instant::now() + limits::CONNECT_MAX;
    let last = LastHeard::now();
    let socket = match timeout_at(welcome_by, open(target, last.clone())).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(problem)) => return DisconnectReason::Unreachable(format!("{address}: {problem}")),
        Err(_) => return DisconnectReason::Unreachable(format!("{address} does not answer")),
    };
    let (mut sink, mut stream) = socket.split();
    if let Err(error) = sink.send(Message::Binary(Outbox::hello(options.token.as_deref()).into())).await {
        return DisconnectReason::Lost(error.to_string());
    }
    // Reading goes on while writing waits, and the other way round: neither side can block the other.
    let mut reader = pin!(read(link, &mut stream, &last, welcome_by));
    let written = tokio::select! {
        reason = &mut reader => return reason,
        reason = write(link, sink) => reason,
    };
    if written == DisconnectReason::Closed {
        // A socket that is let go while bytes of the server lie unread takes what was sent with it. How the server
        // ends it does not matter any more; `close_in_time` has the last word.
        reader.await;
    }
    written
}

async fn open(target: Target, last: LastHeard) -> Result<Socket, String> {
    let stream = TcpStream::connect(&target.address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let config = WebSocketConfig::default()
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .max_message_size(Some(SERVER_MESSAGE_BYTES_MAX))
        .max_frame_size(Some(SERVER_MESSAGE_BYTES_MAX));
    match client_async_with_config(target.request, Heard::new(stream, last), Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            Err(format!("{} {}", response.status(), String::from_utf8_lossy(body)))
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn read(
    link: &Link,
    stream: &mut SplitStream<Socket>,
    last: &LastHeard,
    welcome_by: Instant,
) -> DisconnectReason {
    let mut welcomed = false;
    loop {
        let next = if welcomed {
            last.next_in_time(stream, limits::SILENCE_MAX).await
        } else {
            timeout_at(welcome_by, stream.next()).await.ok()
        };
        let message = match next {
            None => return DisconnectReason::Lost("the server fell silent".into()),
            Some(None) => return DisconnectReason::Lost("the server ended it".into()),
            Some(Some(Err(error))) => return DisconnectReason::Lost(error.to_string()),
            Some(Some(Ok(message))) => message,
        };
        match message {
            Message::Binary(bytes) => {
                if let Err(reason) = receive(link, &bytes, &mut welcomed) {
                    return reason;
                }
            }
            Message::Text(_) => return DisconnectReason::Protocol("it sent text".into()),
            Message::Close(frame) => {
                let why = frame.map(|frame| frame.reason.to_string()).filter(|reason| !reason.is_empty());
                return DisconnectReason::Lost(why.unwrap_or_else(|| "the server closed it".into()));
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

fn receive(link: &Link, bytes: &[u8], welcomed: &mut bool) -> Result<(), DisconnectReason> {
    // A large message takes a while, in which the game is not to wait for the session.
    let unpacked = unpack(bytes);
    let now_us = link.now_us();
    let goodbye = {
        let mut session = link.session();
        let received = session.receive_unpacked(unpacked.as_deref(), bytes.len(), now_us);
        received.map_err(|error| DisconnectReason::Protocol(error.to_string()))?;
        let first = !*welcomed && session.welcome().is_some();
        let goodbye = session.goodbye().cloned();
        drop(session);
        if first {
            *welcomed = true;
            link.set_state(ConnectionState::Connected);
        }
        goodbye
    };
    link.announce();
    match goodbye {
        Some(goodbye) => Err(DisconnectReason::Goodbye { code: goodbye.code, message: goodbye.message }),
        None => Ok(()),
    }
}

async fn write(link: &Link, mut sink: SplitSink<Socket, Message>) -> DisconnectReason {
    let mut ping = interval_at(Instant::now(), limits::PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pings = 0_u32;
    loop {
        // Asked before the queue is emptied: what was queued before the wish to close is still sent.
        let closing = link.is_closing();
        if let Err(error) = send_waiting(link, &mut sink).await {
            return DisconnectReason::Lost(error.to_string());
        }
        if closing {
            // The other side may be gone already; then there is nobody left to tell.
            return match sink.close().await {
                Ok(()) | Err(_) => DisconnectReason::Closed,
            };
        }
        tokio::select! {
            () = link.wake.notified() => {}
            _ = ping.tick() => {
                let now_us = link.now_us();
                // A full outbox needs no ping to find out that the line is slow.
                let (Ok(()) | Err(_)) = link.outbox().ping(now_us);
                pings = pings.saturating_add(1);
                if pings < limits::PINGS_FIRST {
                    ping.reset_after(limits::PING_EVERY_FIRST);
                }
            }
        }
    }
}

/// Sends all that waits, with one flush.
async fn send_waiting(link: &Link, sink: &mut SplitSink<Socket, Message>) -> Result<(), Error> {
    let mut any = false;
    loop {
        let message = link.outbox().transmit();
        let Some(message) = message else { break };
        sink.feed(Message::Binary(message.into())).await?;
        any = true;
    }
    if any { sink.flush().await } else { Ok(()) }
}

/// Ends a moment after the wish to close, even if nothing can be sent.
async fn close_in_time(link: &Link) -> DisconnectReason {
    link.closing.notified().await;
    tokio::time::sleep(limits::CLOSE_MAX).await;
    DisconnectReason::Closed
}
